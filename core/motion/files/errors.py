"""What can be wrong with a motion file that another program wrote."""

from __future__ import annotations

from ...errors import InputError
from .npz import MotionFileCorrupt, MotionFileMissing

__all__ = [
    "MotionFileCorrupt",
    "MotionFileMissing",
    "MotionKindUnknown",
    "MotionRateUnknown",
    "MotionRigUnknown",
    "MotionTooLarge",
]

MOST_FRAMES = 300_000
"""Of one person: almost three hours at 30 frames a second. More is a damaged or a hostile file."""


class MotionKindUnknown(InputError):
    """The file is of no kind that can be read."""

    code = "motion.unknown_kind"


class MotionRateUnknown(InputError):
    """Neither the file nor the user says how many frames a second it has."""

    code = "motion.rate_unknown"


class MotionRigUnknown(InputError):
    """Nobody can tell which bone of the file is which part of a body."""

    code = "motion.rig_unknown"


class MotionTooLarge(InputError):
    """The file claims to hold more than a motion can; it was refused before memory was taken."""

    code = "motion.too_large"


def refuse_size(name: str, frames: int) -> None:
    """Raises MotionTooLarge for more than `MOST_FRAMES`."""
    if frames > MOST_FRAMES:
        raise MotionTooLarge(
            f"{name} claims {frames} frames of one person; at most {MOST_FRAMES} are read: cut it into parts."
        )
