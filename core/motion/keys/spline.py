"""Smooth curves through a few keys: cubics that meet with one slope, as Blender draws Bezier keys.

A Bezier key whose handles reach a third of the way to its neighbours, on one line, makes Blender's F-curve a
cubic polynomial of time between two keys, exactly: time is then linear in the Bezier parameter. So a curve is
known by the values and the slopes at its keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Weight of the curve's own slope at a key, against a weight of 1 for each frame beside it: it decides where
# no frame lies between two keys, and hardly matters elsewhere.
_OWN_SLOPE = 1e-3


@dataclass(frozen=True, eq=False)
class Spans:
    """Which keys each frame of each curve lies between.

    Attributes:
        first, last: (T, B) frame indices of the keys on either side; a key itself begins the span after it.
        basis: four (T, B) weights: of the value at `first`, of that at `last`, of the slope at each.
        number: (T, B) of the span, counted along its curve.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    basis: tuple[Array, Array, Array, Array]
    number: NDArray[np.intp]


def spans_between(kept: Bools, times: Array) -> Spans:
    """The spans of keys `kept` (T, B), at `times` (T,); the first and last frame must be keys.

    The basis is Hermite's: h00, h01, and h10, h11 times the length of the span.
    """
    count = len(times)
    frames = np.arange(count)[:, None]
    first = np.maximum.accumulate(np.where(kept, frames, 0), axis=0)
    after = np.minimum.accumulate(np.where(kept, frames, count - 1)[::-1], axis=0)[::-1]
    last = np.concatenate([after[1:], after[-1:]])  # the first key behind each frame
    first[-1] = first[-2] if count > 1 else 0  # the last key ends a span, having none to begin
    length = times[last] - times[first]
    u = (times[:, None] - times[first]) / np.where(length > 0, length, 1.0)
    down = 1.0 - u
    basis = (
        (1 + 2 * u) * down * down,
        u * u * (3 - 2 * u),
        u * down * down * length,
        -u * u * down * length,
    )
    return Spans(first, last, basis, np.minimum(np.cumsum(kept, axis=0), kept.sum(axis=0) - 1) - 1)


def fit_slopes(values: Array, kept: Bools, spans: Spans, weights: Array, own: Array) -> Array:
    """Slopes (T, B, C) with which the cubics come nearest to all `values` (T, B, C); zero where no key is.

    Args:
        weights: (T, B) of each frame. own: (T, B, C) slopes of the values themselves.

    Values at the keys are kept exactly. Least squares: each slope meets only its two neighbours, so the
    normal equations are tridiagonal; they are solved for all curves side by side.
    """
    start, end, rise, fall = spans.basis
    curves = np.broadcast_to(np.arange(kept.shape[1]), kept.shape)
    rest = values - start[..., None] * values[spans.first, curves]
    rest -= end[..., None] * values[spans.last, curves]
    keys = int(kept.sum(axis=0).max())
    size = keys * kept.shape[1]
    at = spans.number + curves * keys

    def gathered(amount: Array, where: NDArray[np.intp]) -> Array:
        return np.bincount(where.ravel(), amount.ravel(), size).reshape(-1, keys).astype(np.float64)

    diagonal = gathered(weights * rise * rise, at) + gathered(weights * fall * fall, at + 1) + _OWN_SLOPE
    beside = gathered(weights * rise * fall, at)[:, :-1]
    key_curve, key_frame = np.nonzero(kept.T)
    key_number = (np.cumsum(kept, axis=0) - 1).T[key_curve, key_frame]
    right = np.zeros((*diagonal.shape, values.shape[-1]))
    right[key_curve, key_number] = _OWN_SLOPE * own[key_frame, key_curve]
    for channel in range(values.shape[-1]):
        part = weights * rest[..., channel]
        right[..., channel] += gathered(part * rise, at) + gathered(part * fall, at + 1)
    solved = _solve_tridiagonal(diagonal, beside, right)
    slopes = np.zeros_like(values)
    slopes[key_frame, key_curve] = solved[key_curve, key_number]
    return slopes


def evaluate(values: Array, slopes: Array, spans: Spans) -> Array:
    """What the cubics give at every frame: (T, B, C)."""
    curves = np.broadcast_to(np.arange(values.shape[1]), values.shape[:2])
    parts = (values[spans.first, curves], values[spans.last, curves],
             slopes[spans.first, curves], slopes[spans.last, curves])  # fmt: skip
    result = np.zeros_like(values)
    for weight, part in zip(spans.basis, parts, strict=True):
        result += weight[..., None] * part
    return result


def _solve_tridiagonal(diagonal: Array, beside: Array, right: Array) -> Array:
    """x (B, K, C) of symmetric systems: diagonal (B, K), beside it (B, K - 1), right side (B, K, C)."""
    pivot, result = diagonal.copy(), right.copy()
    for row in range(1, pivot.shape[1]):
        factor = beside[:, row - 1] / pivot[:, row - 1]
        pivot[:, row] -= factor * beside[:, row - 1]
        result[:, row] -= factor[:, None] * result[:, row - 1]
    result[:, -1] /= pivot[:, -1:]
    for row in range(pivot.shape[1] - 2, -1, -1):
        result[:, row] -= beside[:, row, None] * result[:, row + 1]
        result[:, row] /= pivot[:, row, None]
    return result
