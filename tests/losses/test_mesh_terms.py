"""Mean squares, distances, and the camera of the crop."""

from __future__ import annotations

import pytest
import torch
from reel2rig.core.losses import mesh
from reel2rig.core.losses.method_loss import project


def test_perspective_projection_agrees_with_a_camera() -> None:
    points, cam, spread = (
        torch.randn(2, 7, 3) * 0.3,
        torch.tensor([[0.9, 0.1, -0.2]] * 2),
        torch.tensor([0.4, 0.2]),
    )
    depth = 1 / (cam[:, 0] * spread)
    X = points + torch.cat([cam[:, 1:], depth[:, None]], -1)[:, None]
    expected = X[..., :2] / X[..., 2:] / spread[:, None, None]
    assert torch.allclose(mesh.project_crop(points, cam, spread), expected, atol=1e-5)
    weak = cam[:, None, :1] * (points[..., :2] + cam[:, None, 1:])
    assert torch.allclose(mesh.project_crop(points, cam, torch.zeros(2)), weak, atol=1e-6)


def test_the_training_camera_is_five_thousand_pixels_in_front_of_a_crop_of_224() -> None:
    g = torch.Generator().manual_seed(0)
    points = torch.randn(5, 49, 3, generator=g) * 0.5
    cam = torch.cat([0.5 + torch.rand(5, 1, generator=g), 0.3 * torch.randn(5, 2, generator=g)], 1)
    t = torch.stack([cam[:, 1], cam[:, 2], 2 * 5000 / (224 * cam[:, 0] + 1e-9)], -1)
    X = points + t[:, None]
    pixels = 5000 * X[..., :2] / X[..., 2:]
    torch.testing.assert_close(project(points, cam), pixels / 112, atol=1e-5, rtol=1e-5)


def test_unseen_points_cost_nothing_in_the_picture_but_are_counted() -> None:
    predicted, truth = torch.zeros(1, 2, 2), torch.tensor([[[0.0, 0.0], [9.0, 9.0]]])
    assert mesh.keypoints_2d(predicted, truth, torch.tensor([[1.0, 0.0]])) == 0
    assert mesh.keypoints_2d(predicted, truth, torch.tensor([[1.0, 1.0]])) == pytest.approx(40.5)
    assert mesh.keypoints_2d(predicted, truth, torch.tensor([[0.0, 0.5]])) == pytest.approx(20.25)
    assert mesh.keypoints_2d(predicted, truth, torch.ones(1, 2), power=1) == pytest.approx(4.5)


def test_the_middle_of_two_points_becomes_the_origin() -> None:
    points = torch.tensor([[[1.0, 0, 0], [3.0, 2, 0], [5.0, 5, 5]]])
    moved = mesh.about_middle(points, (0, 1))
    assert moved[0].tolist() == [[-1, -1, 0], [1, 1, 0], [3, 4, 5]]


def test_steady_errors_have_no_velocity_and_a_single_frame_has_none_at_all() -> None:
    truth = torch.randn(2, 4, 3, 3)
    assert mesh.velocity(truth + 0.5, truth, power=2) == pytest.approx(0.0, abs=1e-10)
    steps = torch.arange(4.0)[None, :, None, None]
    assert mesh.velocity(truth + 0.5 * steps, truth, power=2) == pytest.approx(0.25, abs=1e-5)
    assert mesh.velocity(truth[:, :1] + 1, truth[:, :1]) == 0


def test_the_mean_of_nothing_is_zero_and_has_a_gradient() -> None:
    x = torch.ones(3, requires_grad=True)
    loss = mesh.mean_or_zero(x[[]])
    loss.backward()
    assert loss == 0
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 0]
    assert mesh.mean_or_zero(torch.tensor([1.0, 2, 6])) == 3
