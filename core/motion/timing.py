"""Frames and seconds, and resampling by time. Rates are exact fractions: 30000/1001, never 29.97."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rotations import sign_continuous, slerp

Array = NDArray[np.float64]


def frame_times(fps: Fraction, frames: int | ArrayLike) -> Array:
    """Seconds of each frame, rounded once from the exact value.

    Args:
        fps: frames per second.
        frames: a count n (then the frames are 0 to n-1), or the frame numbers themselves.
    """
    rate = Fraction(fps)
    if rate <= 0:
        raise ValueError("fps must be positive")
    numbers = np.arange(frames) if isinstance(frames, int) else np.asarray(frames, dtype=np.int64)
    # frame * denominator stays a whole number, so an hour of 29.97 does not drift by a rounding per frame.
    return (numbers * rate.denominator) / float(rate.numerator)


def _brackets(
    times: ArrayLike, new_times: ArrayLike, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    old = np.asarray(times, dtype=np.float64)
    new = np.asarray(new_times, dtype=np.float64)
    if old.shape != (count,) or count < 1:
        raise ValueError(f"times must have shape ({count},) with at least one frame, not {old.shape}")
    if np.any(np.diff(old) <= 0):
        raise ValueError("times must increase")
    right = np.clip(np.searchsorted(old, new, side="right"), 1, max(count - 1, 1))
    right = np.minimum(right, count - 1)
    left = np.maximum(right - 1, 0)
    span = np.where(right > left, old[right] - old[left], 1.0)
    return left, right, np.clip((new - old[left]) / span, 0.0, 1.0)


def resample_positions(values: ArrayLike, times: ArrayLike, new_times: ArrayLike) -> Array:
    """Values (T, ...) known at `times` (T,), seconds, linearly interpolated at `new_times` (N,) -> (N, ...).

    Before the first time and after the last the end values are held; at a known time the value is exact.
    """
    known = np.asarray(values, dtype=np.float64)
    left, right, fraction = _brackets(times, new_times, len(known))
    fraction = fraction.reshape(-1, *[1] * (known.ndim - 1))
    return known[left] * (1.0 - fraction) + known[right] * fraction


def resample_rotations(rotations: ArrayLike, times: ArrayLike, new_times: ArrayLike) -> Array:
    """Unit quaternions (T, ..., 4) at `times`, slerped at `new_times` (N,) -> (N, ..., 4), sign-continuous.

    **Convention**: w, x, y, z; each joint takes the shorter arc between neighbouring frames. Ends are held.
    """
    known = sign_continuous(rotations)
    left, right, fraction = _brackets(times, new_times, len(known))
    fraction = fraction.reshape(-1, *[1] * (known.ndim - 2))
    return sign_continuous(slerp(known[left], known[right], fraction))
