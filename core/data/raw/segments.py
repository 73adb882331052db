"""Videos cut into stretches without gaps, so that no window spans what was not seen (method section 7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def segments(frames: Sequence[int] | NDArray, step: int = 1) -> list[slice]:
    """Ascending frame numbers -> slices of positions whose numbers follow each other `step` apart."""
    numbers = np.asarray(frames, np.int64)
    if not len(numbers):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(numbers) != step) + 1).tolist(), len(numbers)]
    return [slice(start, end) for start, end in pairwise(cuts)]
