"""Unit quaternions, rotation matrices and rotation vectors, on arrays of any leading shape.

**Convention** for the whole module: quaternions are (..., 4) in the order w, x, y, z; a rotation acts on
column vectors (v' = R v); all frames are right-handed; angles are radians. `q` and `-q` are the same
rotation. Everything is computed and returned in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def _with_last(value: ArrayLike, name: str, *last: int) -> Array:
    array = np.asarray(value, dtype=np.float64)
    if array.shape[-len(last) :] != last:
        wanted = ", ".join(map(str, last))
        raise ValueError(f"{name} must have shape (..., {wanted}), not {array.shape}")
    return array


def normalized(quaternions: ArrayLike) -> Array:
    """Quaternions (..., 4) scaled to unit length; a zero quaternion becomes the identity."""
    q = _with_last(quaternions, "quaternions", 4)
    length = np.linalg.norm(q, axis=-1, keepdims=True)
    identity = np.array([1.0, 0.0, 0.0, 0.0])
    return np.where(length > 1e-12, q / np.maximum(length, 1e-12), identity)


def quaternion_conjugate(quaternions: ArrayLike) -> Array:
    """The inverse of unit quaternions (..., 4)."""
    return _with_last(quaternions, "quaternions", 4) * np.array([1.0, -1.0, -1.0, -1.0])


def quaternion_multiply(first: ArrayLike, second: ArrayLike) -> Array:
    """Hamilton product (..., 4); the result rotates by `second` first, as in R(first) R(second)."""
    a = _with_last(first, "first", 4)
    b = _with_last(second, "second", 4)
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def quaternion_rotate(quaternions: ArrayLike, vectors: ArrayLike) -> Array:
    """Vectors (..., 3) turned by unit quaternions (..., 4); leading shapes broadcast."""
    q = _with_last(quaternions, "quaternions", 4)
    v = _with_last(vectors, "vectors", 3)
    w, u = q[..., :1], q[..., 1:]
    twice_cross = 2.0 * np.cross(u, v)
    return v + w * twice_cross + np.cross(u, twice_cross)


def quaternion_to_matrix(quaternions: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), which are normalised first."""
    w, x, y, z = np.moveaxis(normalized(quaternions), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(matrices: ArrayLike) -> Array:
    """Unit quaternions (..., 4), w >= 0 where that is defined, of rotation matrices (..., 3, 3).

    Each of the four components could be divided by; the largest is, so that no angle, pi included, loses
    precision (Shepperd's choice).
    """
    m = _with_last(matrices, "matrices", 3, 3)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    # Row k is 4 q_k q: parallel to the quaternion, and longest where |q_k| is largest.
    candidates = np.stack(
        [
            np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    squares = np.diagonal(candidates, axis1=-2, axis2=-1)
    best = np.argmax(squares, axis=-1)[..., None, None]
    q = normalized(np.take_along_axis(candidates, best, axis=-2)[..., 0, :])
    return np.where(q[..., :1] < 0, -q, q)


def quaternion_from_rotvec(vectors: ArrayLike) -> Array:
    """Unit quaternions (..., 4) of rotation vectors (..., 3): axis times angle in radians."""
    v = _with_last(vectors, "vectors", 3)
    half = np.linalg.norm(v, axis=-1, keepdims=True) / 2.0
    # sin(half) / angle, finite at zero: numpy's sinc is sin(pi x) / (pi x).
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * v], axis=-1)


def quaternion_to_rotvec(quaternions: ArrayLike) -> Array:
    """Rotation vectors (..., 3) with angle in [0, pi] of unit quaternions (..., 4)."""
    q = _with_last(quaternions, "quaternions", 4)
    q = np.where(q[..., :1] < 0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    scale = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return np.asarray(scale * q[..., 1:], dtype=np.float64)


def rotation_angle(first: ArrayLike, second: ArrayLike) -> Array:
    """Angle (...) in [0, pi] between the rotations of two arrays of unit quaternions (..., 4)."""
    return np.linalg.norm(
        quaternion_to_rotvec(quaternion_multiply(quaternion_conjugate(first), second)), axis=-1
    )


def slerp(first: ArrayLike, second: ArrayLike, fraction: ArrayLike) -> Array:
    """Unit quaternions (..., 4) on the shorter arc from `first` (fraction 0) to `second` (fraction 1).

    `fraction` has the shape of the leading axes, or broadcasts to it. At exactly 180 degrees both arcs are
    equally long, and the one through `second` as given is taken.
    """
    a, b = np.broadcast_arrays(_with_last(first, "first", 4), _with_last(second, "second", 4))
    t = np.asarray(fraction, dtype=np.float64)[..., None]
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0, -b, b)
    angle = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(angle)
    near = sine < 1e-6  # the arc is straight to double precision
    safe = np.where(near, 1.0, sine)
    weight_a = np.where(near, 1.0 - t, np.sin((1.0 - t) * angle) / safe)
    weight_b = np.where(near, t, np.sin(t * angle) / safe)
    return normalized(weight_a * a + weight_b * b)


def sign_continuous(quaternions: ArrayLike) -> Array:
    """The same rotations (T, ..., 4), each in the sign nearer to the frame before; frame 0 keeps its sign.

    Filters and F-curves work on the four numbers, so a change from q to -q would look like a full turn.
    """
    q = _with_last(quaternions, "quaternions", 4)
    if len(q) < 2:
        return q.copy()
    steps = np.where(np.sum(q[1:] * q[:-1], axis=-1, keepdims=True) < 0, -1.0, 1.0)
    result = q.copy()
    result[1:] *= np.cumprod(steps, axis=0)
    return result
