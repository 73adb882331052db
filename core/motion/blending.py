"""Corrections that hold for a while, and how they set in and fade without a step."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


def carried(values: Floats, mask: Bools, blend: float, at_rest: bool = False) -> Array:
    """Values (T, C) where `mask` (T,) holds, continued from there to zero over `blend` frames.

    The cubics take over value and slope at the edge, or begin `at_rest` and never swing beyond its value.
    Between two runs that are less than two blends apart, one cubic leads from the one to the other; beyond,
    all is zero.
    """
    result = np.where(mask[:, None], values, 0.0).astype(np.float64)
    nothing = np.zeros(values.shape[1])
    for first, last in unbroken_runs(~mask):
        gap = last - first
        ends = [_edge(result, mask, index, step) for index, step in ((first - 1, -1), (last, 1))]
        (left, rising), (right, falling) = ends
        if at_rest:
            rising = falling = nothing
        if left is not None and right is not None and gap + 1 < 2.0 * blend:
            result[first:last] = _cubic(left, rising, right, -falling, gap + 1, gap)
            continue
        steps = min(int(np.ceil(blend)) - 1, gap)
        if left is not None:
            result[first : first + steps] = _cubic(left, rising, nothing, nothing, blend, steps)
        if right is not None:
            result[last - steps : last] = _cubic(right, falling, nothing, nothing, blend, steps)[::-1]
    return result


def _edge(values: Array, mask: Bools, index: int, inwards: int) -> tuple[Array | None, Array]:
    """The value at the edge of a run and its slope out of it; None and zero where there is no run."""
    nothing = np.zeros(values.shape[1])
    if not 0 <= index < len(mask):
        return None, nothing
    inner = index + inwards
    inside = 0 <= inner < len(mask) and mask[inner]
    return values[index], values[index] - values[inner] if inside else nothing


def _cubic(start: Array, slope: Array, end: Array, end_slope: Array, length: float, steps: int) -> Array:
    """(steps, C) after 1, 2, ... steps of the cubic from `start` to `end`, `length` steps away."""
    return _weights(length, steps) @ np.stack([start, slope, end, end_slope])


@lru_cache(maxsize=256)
def _weights(length: float, steps: int) -> Array:
    """(steps, 4) of start, slope, end and its slope in such a cubic."""
    u = np.arange(1, steps + 1) / length
    start, end = 2.0 * u**3 - 3.0 * u**2 + 1.0, 3.0 * u**2 - 2.0 * u**3
    return np.stack([start, (u**3 - 2.0 * u**2 + u) * length, end, (u**3 - u**2) * length], axis=-1)


def covered(needed: Array, radius: int) -> Array:
    """(T,) a smooth curve that lies nowhere below `needed` (T,), within `radius` frames of where it must."""
    half = max(1, radius // 2)
    padded = np.pad(needed, 2 * half, mode="edge")
    width = len(padded) - 2 * half
    largest = np.max([padded[k : k + width] for k in range(2 * half + 1)], axis=0)
    weights = np.hanning(2 * half + 3)[1:-1]
    return sum(
        weight * largest[k : k + len(needed)] for k, weight in enumerate(weights / weights.sum())
    ) + np.zeros(len(needed))
