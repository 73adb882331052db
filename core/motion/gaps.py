"""Frames in which nobody saw the person, and which of them are too many to bridge (method section 10.6)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .smoothing import unbroken_runs

BRIDGED_SECONDS = 1.0  # a somersault that no detector follows lasts about as long


def gaps(valid: ArrayLike, fps: Fraction) -> Iterator[tuple[int, int, bool]]:
    """(start, stop, bridged) of every run of invalid frames.

    A gap is bridged when it is short and seen frames stand on both sides. With no seen frame at all there is
    no gap.
    """
    seen = np.asarray(valid, dtype=bool)
    if not seen.any():
        return
    for start, stop in unbroken_runs(~seen):
        inside = start > 0 and stop < len(seen)
        yield start, stop, inside and (stop - start) / float(fps) <= BRIDGED_SECONDS


def held_frames(valid: ArrayLike, fps: Fraction) -> NDArray[np.bool_]:
    """(T,) whether a frame lies in a gap too long to bridge, where the pose before it is held."""
    held = np.zeros(len(np.asarray(valid)), dtype=bool)
    for start, stop, bridged in gaps(valid, fps):
        held[start:stop] = not bridged
    return held
