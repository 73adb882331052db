"""What the network said about one person, as the world stage takes it: numpy arrays in camera space (method
section 10).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.skeletons import JOINT_COUNT

LANDMARK_COUNT = 33
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class TrackPrediction:
    """Pose, shape and image evidence of one tracked person, one row per source frame.

    Attributes:
        track: id of the person.
        rotations: (T, 24, 3, 3) local joint rotations.
        betas: (T, 10) body shape as predicted frame by frame.
        image: (T, 33, 2) landmarks in pixels of the upright image.
        visibility: (T, 33) in [0, 1].
        frames: (T,) source frame numbers, increasing; missing numbers count as frames without the person.
        valid: (T,) bool; False where landmarks and pose were filled in.
        fps: frames per second of the source.
        cam: (T, 3) weak-perspective scale s and shift tx, ty in the crop, or None.
        boxes: (T, 3) crop centre x, y and side in pixels, or None.
        source: file name of the video. notes: sentences for the user.

    **Convention**: rotation 0 turns the body into the axes of the true camera (x right, y down, z forward);
    the others are SMPL's local rotations. Pixels count from the upper left corner.
    """

    track: str
    rotations: Floats
    betas: Floats
    image: Floats
    visibility: Floats
    frames: NDArray[np.integer[Any]]
    valid: NDArray[np.bool_]
    fps: Fraction
    cam: Floats | None = None
    boxes: Floats | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.frames)
        shapes: dict[str, tuple[int, ...]] = {
            "rotations": (count, JOINT_COUNT, 3, 3),
            "betas": (count, 10),
            "image": (count, LANDMARK_COUNT, 2),
            "visibility": (count, LANDMARK_COUNT),
            "frames": (count,),
            "valid": (count,),
            "cam": (count, 3),
            "boxes": (count, 3),
        }
        if count < 1:
            raise ValueError("a prediction needs at least one frame")
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None and np.shape(value) != shape:
                raise ValueError(f"{name} must have shape {shape}, not {np.shape(value)}")
        if np.any(np.diff(self.frames) <= 0):
            raise ValueError("frames must increase")

    def __len__(self) -> int:
        return len(self.frames)

    def replace(self, **changes: Any) -> TrackPrediction:
        """The same prediction with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)

    def contiguous(self) -> TrackPrediction:
        """Every frame from the first to the last; absent ones repeat the one before and are not valid."""
        wanted = np.arange(self.frames[0], self.frames[-1] + 1)
        if len(wanted) == len(self):
            return self
        rows = np.searchsorted(self.frames, wanted, side="right") - 1
        present = self.frames[rows] == wanted
        per_frame = ("rotations", "betas", "image", "visibility", "cam", "boxes")
        taken = {name: getattr(self, name) for name in per_frame}
        changes = {name: value[rows] for name, value in taken.items() if value is not None}
        return self.replace(**changes, frames=wanted, valid=self.valid[rows] & present)
