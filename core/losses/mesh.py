"""What the predicted body is pulled towards: points in space, points in the picture, rotations, shape,
motion (equation 10).

The method's own terms are mean squares (`power=2`, method section 5); the default weights are trained with
absolute differences (`power=1`) for points, which a detector's rare gross errors do not dominate. Every term
is a mean over all that it is given, and zero where it is given nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor


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
    return mean_or_zero(confidence[..., None] * distance(predicted - truth, power))


def keypoints_3d(predicted: Tensor, truth: Tensor, power: int = 2) -> Tensor:
    """(..., L, 3) metres, each side already about its own root (`about_middle`)."""
    return mean_or_zero(distance(predicted - truth, power))


def rotation(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean square of the difference of rotation matrices (..., 24, 3, 3)."""
    return mean_or_zero((predicted - truth).square())


def shape(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean square of the difference of shape coefficients (..., 10)."""
    return mean_or_zero((predicted - truth).square())


def velocity(predicted: Tensor, truth: Tensor, power: int = 1) -> Tensor:
    """Difference of frame-to-frame steps of points (N, T, L, 3); zero for a single frame."""
    error = predicted - truth
    return mean_or_zero(distance(error[:, 1:] - error[:, :-1], power))


def about_middle(points: Tensor, of: tuple[int, int]) -> Tensor:
    """Points (..., L, 3) about the middle of two of them: the hips, for joints and landmarks."""
    return points - points[..., list(of), :].mean(-2, keepdim=True)


def distance(difference: Tensor, power: int) -> Tensor:
    """Elementwise |x| or x squared."""
    return torch.abs(difference) if power == 1 else difference.square()


def mean_or_zero(x: Tensor) -> Tensor:
    """The mean; of nothing it is zero, with a gradient of zero, where torch's own is not a number."""
    return x.sum() / max(x.numel(), 1)
