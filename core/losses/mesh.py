"""What the predicted body is pulled towards: points in space, points in the picture, rotations, shape,
motion.

The method's own terms are mean squares (`power=2`, method section 5); the default weights are trained with
absolute differences (`power=1`) for points, which a detector's rare gross errors do not dominate.
"""

from __future__ import annotations

import torch
from torch import Tensor

LEFT_HIP, RIGHT_HIP = 23, 24


def project_crop(points: Tensor, cam: Tensor, spread: Tensor) -> Tensor:
    """Points about the pelvis -> crop coordinates, in full perspective.

    **Convention**: virtual crop camera, x right, y down, z forward, metres; ``cam`` = (s, tx, ty). With the
    tangent `a` of the crop's half angle the pelvis stands at depth 1 / (s a), so that u = s (x + tx) / (1 + s
    a z).

    Args:
        points: (..., L, 3).
        cam: (..., 3).
        spread: (...) tangents of the half angle; zero gives the weak-perspective camera.
    """
    s, t = cam[..., None, :1], cam[..., None, 1:]
    depth = (1 + s * spread[..., None, None] * points[..., 2:]).clamp_min(0.2)
    return s * (points[..., :2] + t) / depth


def keypoints_2d(predicted: Tensor, truth: Tensor, confidence: Tensor, power: int = 2) -> Tensor:
    """(..., L, 2) crop coordinates, weighted by (..., L) visibility; the mean divides by all entries."""
    return (confidence[..., None] * distance(predicted - truth, power)).mean()


def keypoints_3d(predicted: Tensor, truth: Tensor, power: int = 2) -> Tensor:
    """(..., L, 3) metres, each side already about its own root (`about_mid_hip`)."""
    return distance(predicted - truth, power).mean()


def rotation(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean square of the difference of rotation matrices (..., 24, 3, 3)."""
    return (predicted - truth).square().mean()


def shape(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean square of the difference of shape coefficients (..., 10)."""
    return (predicted - truth).square().mean()


def velocity(predicted: Tensor, truth: Tensor, power: int = 1) -> Tensor:
    """Difference of frame-to-frame steps of points (N, T, L, 3); zero for a single frame."""
    error = predicted - truth
    if error.shape[1] < 2:
        return error.sum() * 0
    return distance(error[:, 1:] - error[:, :-1], power).mean()


def about_mid_hip(points: Tensor, landmarks_from: int) -> Tensor:
    """Points (..., L, 3), of which the 33 landmarks start at index `landmarks_from`, about the middle of
    the hip landmarks.
    """
    hips = points[..., [landmarks_from + LEFT_HIP, landmarks_from + RIGHT_HIP], :]
    return points - hips.mean(-2, keepdim=True)


def distance(difference: Tensor, power: int) -> Tensor:
    """Elementwise |x| or x squared."""
    return torch.abs(difference) if power == 1 else difference.square()
