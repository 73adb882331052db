"""Frames that a file leaves out, put back: a motion has one pose for every frame of its video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..clip import MotionClip
from ..rotations import sign_continuous
from ..timing import resample_positions, resample_rotations
from .errors import refuse_size

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class EveryFrame:
    """A pose for each of T frames without a hole.

    rotations (T, 24, 4), root (T, 3), frames (T,), valid (T,): False where the pose was filled in.
    """

    rotations: Floats
    root: Floats
    frames: NDArray[np.int64]
    valid: NDArray[np.bool_]


def fill_frames(
    rotations: ArrayLike, root: ArrayLike, frames: ArrayLike, name: str, valid: ArrayLike | None = None
) -> EveryFrame:
    """The poses with those between them interpolated, and marked as not seen.

    Args:
        frames: (T,) whole numbers in any order; of equal ones the first counts. name: of the file.
        valid: (T,) which of the poses were seen; None is all. Poses that were not are filled in too, unless
            none was seen.

    Raises MotionTooLarge where the numbers lie too far apart. At the ends the nearest pose is held.
    """
    numbers, first = np.unique(np.asarray(frames, np.int64), return_index=True)
    refuse_size(name, int(numbers[-1]) - int(numbers[0]) + 1)
    seen = np.ones(len(numbers), bool) if valid is None else np.asarray(valid, bool)[first]
    if not seen.any():
        seen[:] = True
    turns, places = np.asarray(rotations)[first][seen], np.asarray(root)[first][seen]
    known, every = numbers[seen], np.arange(numbers[0], numbers[-1] + 1)
    if len(known) == len(every):
        return EveryFrame(sign_continuous(turns), places, every, np.ones(len(every), bool))
    since = known - every[0]
    at = (every - every[0]).astype(np.float64)
    return EveryFrame(
        resample_rotations(turns, since, at),
        resample_positions(places, since, at),
        every,
        np.isin(every, known),
    )


def without_holes(clip: MotionClip) -> MotionClip:
    """The clip with a pose for every frame number from its first to its last."""
    if len(clip) == int(clip.frames[-1]) - int(clip.frames[0]) + 1:
        return clip
    full = fill_frames(clip.rotations, clip.root, clip.frames, clip.source or "The clip")
    there = np.searchsorted(full.frames, clip.frames)
    valid, contacts = np.zeros(len(full.frames), bool), np.zeros((len(full.frames), 4))
    valid[there], contacts[there] = clip.valid, clip.contacts
    return clip.replace(
        rotations=full.rotations, root=full.root, frames=full.frames, valid=valid, contacts=contacts
    )
