"""The 33 BlazePose landmarks as points fixed to the skeleton: what the detector sees, without a mesh (method
section 4.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..motion.body import BodyFileCorrupt, BodyTemplate

# BlazePose's order: the left of each pair first, but for the eyes (three left, then three right).
LANDMARKS: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip


def mirrored_landmarks() -> tuple[int, ...]:
    """Index of each landmark's partner across the body; the nose is its own."""
    swap = {"left": "right", "right": "left"}
    names = ["_".join(swap.get(word, word) for word in name.split("_")) for name in LANDMARKS]
    return tuple(LANDMARKS.index(name) for name in names)


@dataclass(frozen=True, eq=False)
class LandmarkSet:
    """Where each landmark sits on the skeleton.

    Attributes:
        joint: (33,) SMPL joint it is fixed to.
        offset: (33, 3) metres from that joint in the rest pose's axes.
        offset_dirs: (33, 3, 10) how betas move the offset.

    **Convention** landmark = position[joint] + rotation[joint] @ (offset + offset_dirs @ betas), with the
    joint's global rotation.
    """

    joint: NDArray[np.integer[Any]]
    offset: NDArray[np.floating[Any]]
    offset_dirs: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, body: BodyTemplate) -> LandmarkSet:
        """The landmarks that a body file carries; BodyFileCorrupt when it carries none."""
        if body.landmark_joint is None or body.landmark_offset is None or body.landmark_dirs is None:
            raise BodyFileCorrupt(
                "This body file has no landmarks (lm_joint, lm_offset, ...): use the free body here."
            )
        return cls(body.landmark_joint, body.landmark_offset, body.landmark_dirs)

    def place(self, positions: ArrayLike, rotations: ArrayLike, betas: ArrayLike) -> NDArray[np.float64]:
        """(T, 33, 3) landmarks on joints posed at (T, 24, 3) with global rotations (T, 24, 3, 3)."""
        offsets = self.offset + self.offset_dirs.astype(np.float64) @ np.asarray(betas, np.float64)
        carried = np.einsum("tlij,lj->tli", np.asarray(rotations, np.float64)[:, self.joint], offsets)
        return np.asarray(positions, np.float64)[:, self.joint] + carried
