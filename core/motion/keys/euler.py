"""Quaternions as Euler angles that run on smoothly through time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..rotations import quaternion_from_rotvec, quaternion_multiply, quaternion_to_matrix

Array = NDArray[np.float64]

EULER_ORDERS: tuple[str, ...] = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
_LOCKED = 1e-6  # cosine of the middle angle under which the outer two turn about the same line


def quaternion_from_euler(angles: ArrayLike, order: str) -> Array:
    """Unit quaternions (..., 4) of Euler angles (..., 3), radians.

    **Convention**: as Blender's: the last axis of `angles` is always x, y, z, and `order` "XYZ" turns about
    the fixed X first, then Y, then Z, so R = R_z R_y R_x. Quaternions are w, x, y, z.
    """
    first, middle, last = _axes(order)
    given = np.asarray(angles, np.float64)
    turns = quaternion_from_rotvec(given[..., :, None] * np.eye(3))
    return quaternion_multiply(
        turns[..., last, :], quaternion_multiply(turns[..., middle, :], turns[..., first, :])
    )


def unwrapped_euler(rotations: ArrayLike, order: str) -> Array:
    """Euler angles (T, J, 3), radians, of unit quaternions (T, J, 4), continuous in time.

    Each rotation is two triples of angles, (a, b, c) and (a + pi, pi - b, c + pi) in the order of turning,
    and each angle may have whole turns added: the first frame takes what lies nearest to zero, every other
    what lies nearest to the frame before. Where the middle angle is a right angle (gimbal lock) only the sum
    or the difference of the outer two is known; both then change equally.

    **Convention**: see `quaternion_from_euler`; Blender's `rotation_euler` with that `rotation_mode`.

    Raises ValueError for another shape or an unknown order.
    """
    given = np.asarray(rotations, np.float64)
    if given.ndim != 3 or given.shape[-1] != 4:
        raise ValueError(f"rotations must have shape (T, J, 4), not {given.shape}")
    axes = _axes(order)
    triples, locked = _triples(quaternion_to_matrix(given), axes)
    result = np.empty_like(triples)
    locks = locked.any(axis=0)
    result[:, ~locks] = _unlocked(triples[:, ~locks])
    if locks.any():
        before = np.zeros((np.count_nonzero(locks), 3))
        for frame, triple in enumerate(triples[:, locks]):
            before = result[frame, locks] = _nearest(triple, locked[frame, locks], before, _parity(axes))
    unsorted = np.empty_like(result)
    unsorted[..., list(axes)] = result
    return unsorted


def _axes(order: str) -> tuple[int, int, int]:
    if order not in EULER_ORDERS:
        raise ValueError(f"order must be one of {', '.join(EULER_ORDERS)}, not {order!r}")
    first, middle, last = ("XYZ".index(letter) for letter in order)
    return first, middle, last


def _parity(axes: tuple[int, int, int]) -> float:
    return 1.0 if (axes[1] - axes[0]) % 3 == 1 else -1.0


def _triples(matrices: Array, axes: tuple[int, int, int]) -> tuple[Array, NDArray[np.bool_]]:
    """One solution (..., 3) in the order of turning, the middle angle in [-pi/2, pi/2], and where it locks.

    With i, j, k the axes and s their parity, R = R_k(c) R_j(b) R_i(a) has R_ki = -s sin b, R_kj =
    s cos b sin a, R_kk = cos b cos a, R_ji = s cos b sin c and R_ii = cos b cos c. When it locks, only
    a - s sin(b) c is known, and the first angle alone carries it.
    """
    i, j, k = axes
    sign = _parity(axes)
    cosine = np.hypot(matrices[..., i, i], matrices[..., j, i])
    locked = cosine < _LOCKED
    a = np.arctan2(sign * matrices[..., k, j], matrices[..., k, k])
    b = np.arctan2(-sign * matrices[..., k, i], cosine)
    c = np.arctan2(sign * matrices[..., j, i], matrices[..., i, i])
    alone = np.arctan2(-sign * matrices[..., j, k], matrices[..., j, j])
    return np.stack([np.where(locked, alone, a), b, np.where(locked, 0.0, c)], axis=-1), locked


def _unlocked(triples: Array) -> Array:
    """What lies nearest to the frame before, of rotations (T, J, 3) of which none is in lock.

    Going over to the other triple takes the same way from either of the two, so that each frame says by
    itself whether to.
    """
    other = _other(triples)
    start = np.zeros_like(triples[:1])
    before = np.concatenate([start, triples[:-1]])
    stays, crosses = _apart(triples, before), _apart(other, before)
    crossed = np.cumsum(stays > crosses, axis=0) % 2 == 1
    return np.unwrap(np.concatenate([start, np.where(crossed[..., None], other, triples)]), axis=0)[1:]


def _other(triple: Array) -> Array:
    """The second triple of the same rotation."""
    return np.stack([triple[..., 0] + np.pi, np.pi - triple[..., 1], triple[..., 2] + np.pi], axis=-1)


def _apart(first: Array, second: Array) -> Array:
    """How far triples are from each other, whole turns apart."""
    return np.abs(_turned(first - second, np.zeros(3))).sum(axis=-1)


def _nearest(triple: Array, locked: NDArray[np.bool_], before: Array, sign: float) -> Array:
    """Of everything that is the same rotation as `triple` (J, 3), what lies nearest to `before` (J, 3)."""
    choices = [_turned(choice, before) for choice in (triple, _other(triple))]
    for choice in choices:
        # In lock a - s sin(b) c is fixed, so (a, c) may slide along (1, s sin b).
        slide = sign * np.sin(choice[:, 1])
        apart = before - choice
        along = np.where(locked, 0.5 * (apart[:, 0] + slide * apart[:, 2]), 0.0)
        choice[:, 0] += along
        choice[:, 2] += slide * along
    distances = [np.abs(choice - before).sum(axis=-1, keepdims=True) for choice in choices]
    return np.where(distances[0] <= distances[1], *choices)


def _turned(angles: Array, before: Array) -> Array:
    return angles + 2 * np.pi * np.round((before - angles) / (2 * np.pi))
