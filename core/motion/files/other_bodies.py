"""Motions that were made on other people's bodies, put on a body that is here.

SMPL turns a body about its pelvis and moves it by a translation: the pelvis then stands at ``trans + J0``,
with J0 the pelvis of the body at rest in its own coordinates. Whoever takes ``trans`` for the pelvis is off
by more than 20 cm. J0 depends on the body, so each family's own is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body import SHAPE_COUNT, BodyTemplate, free_body, is_free_body
from ..clip import MotionClip
from .errors import MotionFileCorrupt

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

FAMILIES: tuple[str, ...] = ("smpl", "smplh", "smplx")
# Pelvis of each family's neutral mean body at rest, metres; that of any one shape lies some centimetres off.
_MEAN_PELVIS: dict[str, tuple[float, float, float]] = {
    "smpl": (-0.0018, -0.2233, 0.0282),
    "smplh": (-0.0018, -0.2233, 0.0282),
    "smplx": (0.0031, -0.3514, 0.0120),
}

SHAPE_LOST = (
    "The body's shape in this file is one of SMPL's and means nothing on the free body, which keeps its own; "
    "choose your SMPL file as the body to see it."
)
SHAPE_OF_SMPLX = "The body's shape in this file is one of SMPL-X and means nothing on an SMPL body."


@dataclass(frozen=True, eq=False)
class Wearer:
    """The body that a motion is put on.

    Attributes:
        betas: (10,). rest_joints: (24, 3) metres.
        pelvis: (3,) J0 of the body that the motion was made on, metres. notes: sentences for the user.
    """

    betas: Array
    rest_joints: Array
    pelvis: Array
    notes: tuple[str, ...] = ()

    def clip(
        self,
        rotations: ArrayLike,
        root: ArrayLike,
        fps: Fraction,
        space: str,
        source: str,
        frames: ArrayLike | None = None,
        valid: ArrayLike | None = None,
        track: str = "1",
    ) -> MotionClip:
        """The motion on this body: rotations (T, 24, 4), and where the pelvis joint goes, root (T, 3) metres.

        Args:
            frames: (T,) source frames; None counts from 0. valid: (T,) which were seen; None is all.

        Raises MotionFileCorrupt, naming the file `source` and the field, for numbers that are no motion.
        """
        count = len(np.asarray(root))
        try:
            return MotionClip(
                rotations=np.asarray(rotations),
                root=np.asarray(root),
                betas=self.betas,
                rest_joints=self.rest_joints,
                fps=fps,
                frames=np.arange(count) if frames is None else np.asarray(frames),
                valid=np.ones(count, bool) if valid is None else np.asarray(valid),
                contacts=np.zeros((count, 4)),
                space=space,
                track=track,
                source=source,
                notes=self.notes,
            )
        except ValueError as error:  # the clip's own checks, whose message begins with the field
            raise MotionFileCorrupt(f"{source} holds no usable motion ({error}): export it again.") from error


def wearer(family: str, betas: ArrayLike | None, body: BodyTemplate | None = None) -> Wearer:
    """Who wears a motion of a body of `family` with these betas, of any number.

    Args:
        body: the user's own SMPL body, which has the file's shape if the families agree; None is the free
            body in its own mean shape.
    """
    given = np.zeros(SHAPE_COUNT)
    if betas is not None:
        first = np.asarray(betas, np.float64).ravel()[:SHAPE_COUNT]
        given[: len(first)] = first
    shaped = bool(np.abs(given).max() > 1e-6)
    mean = np.array(_MEAN_PELVIS[family])
    if body is None or body.origin == "free":
        rest = (body or free_body()).joints(np.zeros(SHAPE_COUNT))
        return Wearer(np.zeros(SHAPE_COUNT), rest, mean, (SHAPE_LOST,) if shaped else ())
    if family == "smplx":
        rest = body.joints(np.zeros(SHAPE_COUNT))
        return Wearer(np.zeros(SHAPE_COUNT), rest, mean, (SHAPE_OF_SMPLX,) if shaped else ())
    rest = body.joints(given)
    return Wearer(given, rest, rest[0])


def stated_shape(clip: MotionClip) -> tuple[Array, Array]:
    """What a file in SMPL's terms says of a clip's body: betas (10,) and J0 (3,), metres.

    The free body's shape means nothing to SMPL: such a clip is written for SMPL's mean body, which is as
    tall, and J0 is the one that a reader will put back. Any other clip has its own.
    """
    if is_free_body(clip.rest_joints, clip.betas, clip.body_scale):
        return np.zeros(SHAPE_COUNT), np.array(_MEAN_PELVIS["smpl"])
    return clip.betas.astype(np.float64), clip.rest_joints[0].astype(np.float64)
