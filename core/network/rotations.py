"""Rotations as torch tensors: the 6D form, axis-angle, quaternions and interpolation (method section 4.5).

**Convention**: matrices act on column vectors, right-handed; quaternions are wxyz, unit; angles are radians.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def matrix_from_6d(x: Tensor) -> Tensor:
    """(..., 6) -> (..., 3, 3) by Gram-Schmidt.

    **Convention**: the six numbers are a (3, 2) block in row-major order, whose columns become the first two
    columns of the matrix (the layout of the released regressors). Any input but a zero or parallel pair gives
    a proper rotation.
    """
    block = x.reshape(*x.shape[:-1], 3, 2)
    return orthonormal(block[..., 0], block[..., 1])


def orthonormal(a: Tensor, b: Tensor) -> Tensor:
    """Two column vectors (..., 3) -> the rotation (..., 3, 3) whose first column points along `a`."""
    x = F.normalize(a, dim=-1, eps=1e-8)
    y = F.normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1, eps=1e-8)
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)


def matrix_to_6d(R: Tensor) -> Tensor:
    """(..., 3, 3) -> (..., 6), inverse of `matrix_from_6d`."""
    return R[..., :2].reshape(*R.shape[:-2], 6)


def matrix_from_rotvec(v: Tensor) -> Tensor:
    """Axis-angle (..., 3) in radians -> (..., 3, 3), Rodrigues; smooth through zero."""
    angle = v.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    x, y, z = (v / angle).unbind(-1)
    o = torch.zeros_like(x)
    K = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*v.shape[:-1], 3, 3)
    s, c = torch.sin(angle)[..., None], torch.cos(angle)[..., None]
    return torch.eye(3, dtype=v.dtype, device=v.device) + s * K + (1 - c) * (K @ K)


def turn_between(a: Tensor, b: Tensor) -> Tensor:
    """Shortest rotation (..., 3, 3) that brings unit vectors `a` onto `b` (..., 3); they must not be
    opposite.
    """
    v = torch.linalg.cross(a, b)
    x, y, z = v.unbind(-1)
    o = torch.zeros_like(x)
    K = torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).reshape(*v.shape[:-1], 3, 3)
    cosine = (a * b).sum(-1)[..., None, None]
    return torch.eye(3, dtype=a.dtype, device=a.device) + K + (K @ K) / (1 + cosine)


def quaternion_from_matrix(R: Tensor) -> Tensor:
    """(..., 3, 3) -> (..., 4) wxyz, unit, w >= 0; exact at every angle (the largest component is chosen)."""
    m = R.flatten(-2).unbind(-1)
    trace, dx, dy, dz = m[0] + m[4] + m[8], m[0] - m[4] - m[8], m[4] - m[0] - m[8], m[8] - m[0] - m[4]
    wx, wy, wz = m[7] - m[5], m[2] - m[6], m[3] - m[1]
    xy, xz, yz = m[1] + m[3], m[2] + m[6], m[5] + m[7]
    rows = torch.stack(
        [
            torch.stack([1 + trace, wx, wy, wz], -1),
            torch.stack([wx, 1 + dx, xy, xz], -1),
            torch.stack([wy, xy, 1 + dy, yz], -1),
            torch.stack([wz, xz, yz, 1 + dz], -1),
        ],
        -2,
    )
    best = torch.stack([trace, dx, dy, dz], -1).argmax(-1)
    q = F.normalize(rows.gather(-2, best[..., None, None].expand(*best.shape, 1, 4))[..., 0, :], dim=-1)
    return torch.where(q[..., :1] < 0, -q, q)


def matrix_from_quaternion(q: Tensor) -> Tensor:
    """(..., 4) wxyz, unit -> (..., 3, 3)."""
    w, x, y, z = q.unbind(-1)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack(rows, -1).reshape(*q.shape[:-1], 3, 3)


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Between unit quaternions (..., 4) along the shorter arc, `t` (..., 1) in [0, 1]."""
    dot = (a * b).sum(-1, keepdim=True)
    b, dot = torch.where(dot < 0, -b, b), dot.abs().clamp(max=1.0)
    angle = torch.acos(dot)
    near = angle < 1e-4
    sine = torch.sin(angle).clamp_min(1e-8)
    wa = torch.where(near, 1 - t, torch.sin((1 - t) * angle) / sine)
    wb = torch.where(near, t, torch.sin(t * angle) / sine)
    return F.normalize(wa * a + wb * b, dim=-1)


def rotvec_from_matrix(R: Tensor) -> Tensor:
    """(..., 3, 3) -> axis-angle (..., 3), angle in [0, pi]."""
    q = quaternion_from_matrix(R)
    sine = q[..., 1:].norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, q[..., :1])
    return q[..., 1:] * torch.where(sine > 1e-7, angle / sine.clamp_min(1e-7), torch.full_like(sine, 2.0))
