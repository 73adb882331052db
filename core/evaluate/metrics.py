"""Pose errors as the field reports them (method.md section 8): numpy only, millimetres out.

All functions take joints in metres with the same axes on both sides, ``(T, J, 3)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# The twelve limb joints both skeletons have: shoulders, elbows, wrists, hips, knees, ankles (left, right).
LIMB_JOINTS_SMPL = (16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8)
LIMB_LANDMARKS_BLAZEPOSE = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
# Where the hips stand in the two tuples above.
LEFT_HIP, RIGHT_HIP = 6, 7


def align_mid_hip(joints: Array) -> Array:
    """Move every frame's limb joints ``(T, 12, 3)`` so that the middle of the hips is the origin."""
    return joints - (joints[:, LEFT_HIP : LEFT_HIP + 1] + joints[:, RIGHT_HIP : RIGHT_HIP + 1]) / 2


def similarity_align(predicted: Array, truth: Array) -> Array:
    """Per-frame similarity Procrustes: scale, rotation and shift bring `predicted` nearest to `truth`.

    Args:
        predicted, truth: ``(T, J, 3)``.

    Returns:
        ``(T, J, 3)`` the aligned prediction. Reflections are excluded.
    """
    predicted_mean, truth_mean = predicted.mean(1, keepdims=True), truth.mean(1, keepdims=True)
    x, y = predicted - predicted_mean, truth - truth_mean
    u, singular, vt = np.linalg.svd(np.einsum("tji,tjk->tik", x, y))
    sign = np.sign(np.linalg.det(u @ vt))
    flip = np.ones_like(singular)
    flip[:, 2] = sign
    rotation = np.einsum("tij,tj,tjk->tik", u, flip, vt)
    scale = (singular * flip).sum(1) / np.maximum((x**2).sum((1, 2)), 1e-12)
    return scale[:, None, None] * (x @ rotation) + truth_mean


def mpjpe(predicted: Array, truth: Array) -> float:
    """Mean per-joint position error in mm of limb joints ``(T, 12, 3)`` after mid-hip alignment."""
    difference = align_mid_hip(predicted) - align_mid_hip(truth)
    return float(np.linalg.norm(difference, axis=-1).mean() * 1e3)


def pa_mpjpe(predicted: Array, truth: Array) -> float:
    """Mean per-joint position error in mm after per-frame similarity Procrustes."""
    return float(np.linalg.norm(similarity_align(predicted, truth) - truth, axis=-1).mean() * 1e3)


def acceleration_error(predicted: Array, truth: Array) -> float:
    """Mean difference of second differences, mm/frame², after mid-hip alignment; the ends are left out."""
    if len(predicted) < 3:
        return float("nan")

    def second_difference(x: Array) -> Array:
        return x[:-2] - 2 * x[1:-1] + x[2:]

    difference = second_difference(align_mid_hip(predicted)) - second_difference(align_mid_hip(truth))
    return float(np.linalg.norm(difference, axis=-1).mean() * 1e3)
