"""Pose errors as the field reports them (method section 8): numpy only, millimetres out.

Joints come in metres with the same axes on both sides, ``(T, J, 3)``. The functions that end in ``_errors``
give one number per frame, so that frames of many tracks can be averaged with equal weight; the others give
the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# The twelve limb joints both skeletons have: shoulders, elbows, wrists, hips, knees, ankles (left, right).
LIMB_JOINTS_SMPL = (16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8)
LIMB_LANDMARKS_BLAZEPOSE = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
LIMB_HIPS = (6, 7)  # where the hips stand in the two tuples above


def align_root(joints: Array, root: Sequence[int] = LIMB_HIPS) -> Array:
    """Every frame of ``(T, J, 3)`` moved so that the mean of its `root` joints is the origin."""
    return joints - joints[:, list(root)].mean(1, keepdims=True)


def similarity(predicted: Array, truth: Array, *, scaled: bool = True) -> tuple[Array, Array, Array]:
    """What brings each of T point sets nearest to its truth in the least-squares sense (Procrustes).

    Args:
        predicted, truth: ``(T, N, 3)``.
        scaled: False keeps the size and fits rotation and shift alone.

    Returns:
        scale ``(T, 1, 1)``, rotation ``(T, 3, 3)``, shift ``(T, 1, 3)``.

    **Convention**: the aligned points are ``scale * predicted @ rotation + shift``: rotations act on rows
    from the right. Reflections are excluded.
    """
    predicted_mean, truth_mean = predicted.mean(1, keepdims=True), truth.mean(1, keepdims=True)
    x, y = predicted - predicted_mean, truth - truth_mean
    u, singular, vt = np.linalg.svd(np.einsum("tji,tjk->tik", x, y))
    flip = np.ones_like(singular)
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotation = np.einsum("tij,tj,tjk->tik", u, flip, vt)
    scale = np.ones(len(x))
    if scaled:
        scale = (singular * flip).sum(1) / np.maximum((x**2).sum((1, 2)), 1e-12)
    scale = scale[:, None, None]
    return scale, rotation, truth_mean - scale * predicted_mean @ rotation


def similarity_align(predicted: Array, truth: Array) -> Array:
    """``(T, N, 3)`` the prediction after its own `similarity` in every frame."""
    scale, rotation, shift = similarity(predicted, truth)
    return scale * predicted @ rotation + shift


def distances(predicted: Array, truth: Array) -> NDArray[np.float64]:
    """``(T,)`` mean distance of the points of each frame in mm, nothing aligned."""
    return np.linalg.norm(predicted - truth, axis=-1).mean(1, dtype=np.float64) * 1e3


def mpjpe_errors(predicted: Array, truth: Array, root: Sequence[int] = LIMB_HIPS) -> NDArray[np.float64]:
    """``(T,)`` mean per-joint position error of each frame in mm, both sides aligned at `root`."""
    return distances(align_root(predicted, root), align_root(truth, root))


def pa_mpjpe_errors(predicted: Array, truth: Array) -> NDArray[np.float64]:
    """``(T,)`` mean per-joint position error of each frame in mm after its own similarity alignment."""
    return distances(similarity_align(predicted, truth), truth)


def acceleration_errors(
    predicted: Array, truth: Array, root: Sequence[int] = LIMB_HIPS
) -> NDArray[np.float64]:
    """``(T - 2,)`` mean difference of second differences in mm/frame², of every frame but the two ends.

    Both sides are aligned at `root` first; second difference of x is x[t-1] - 2 x[t] + x[t+1].
    """

    def second_difference(x: Array) -> Array:
        return x[:-2] - 2 * x[1:-1] + x[2:]

    return distances(
        second_difference(align_root(predicted, root)), second_difference(align_root(truth, root))
    )


def mpjpe(predicted: Array, truth: Array, root: Sequence[int] = LIMB_HIPS) -> float:
    """Mean of `mpjpe_errors`, mm; without `root`, of the twelve limb joints."""
    return float(mpjpe_errors(predicted, truth, root).mean())


def pa_mpjpe(predicted: Array, truth: Array) -> float:
    """Mean of `pa_mpjpe_errors`, mm."""
    return float(pa_mpjpe_errors(predicted, truth).mean())


def acceleration_error(predicted: Array, truth: Array, root: Sequence[int] = LIMB_HIPS) -> float:
    """Mean of `acceleration_errors`, mm/frame²; not a number for fewer than three frames."""
    if len(predicted) < 3:
        return float("nan")
    return float(acceleration_errors(predicted, truth, root).mean())


def per_second_squared(accel: float, fps: float) -> float:
    """Accel in mm/frame² as m/s² at `fps`: 0.9 of it at 30 frames per second, 0.625 at 25."""
    return accel * fps**2 / 1e3
