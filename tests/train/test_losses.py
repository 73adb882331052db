"""The anchor loss and the mesh terms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.losses import mesh
from reel2rig.core.losses.landmark_anchor import AnchorConfig, landmark_anchor, perimeter, triangle_area
from reel2rig.core.network.rotations import matrix_from_rotvec

ALL_CONFIGS = [
    AnchorConfig(area=area, area_anchors=anchors, perimeter_order=order)  # type: ignore[arg-type]
    for area in ("heron", "heron_sq")
    for anchors in ("ankles", "wrists", "five", "random")
    for order in ("outline", "listed")
]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), angle=st.floats(-3, 3), far=st.floats(-5, 5))
def test_a_rigid_motion_of_the_prediction_costs_nothing(seed: int, angle: float, far: float) -> None:
    g = torch.Generator().manual_seed(seed)
    truth = torch.randn(4, 5, 3, generator=g)
    turned = truth @ matrix_from_rotvec(torch.tensor([0.3, angle, -0.2])).T + far
    for config in ALL_CONFIGS:
        assert landmark_anchor(turned, truth, config) < 1e-6


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_a_larger_body_costs_something_and_the_gradient_shrinks_it(config: AnchorConfig) -> None:
    torch.manual_seed(0)
    truth = torch.randn(6, 5, 3)
    predicted = (1.2 * truth).requires_grad_()
    loss = landmark_anchor(predicted, truth, config)
    loss.backward()
    assert loss > 1e-3
    assert (predicted.grad * predicted).sum() > 0  # type: ignore[operator]


@pytest.mark.parametrize("config", ALL_CONFIGS)
@pytest.mark.parametrize("case", ["collinear", "coincident", "two coincide"])
def test_degenerate_anchors_have_finite_gradients(config: AnchorConfig, case: str) -> None:
    truth = torch.randn(1, 5, 3)
    points = {
        "collinear": torch.arange(5.0)[None, :, None] * torch.tensor([1.0, 0.5, 0.0]),
        "coincident": torch.zeros(1, 5, 3),
        "two coincide": torch.cat([truth[:, :3], truth[:, 2:3], truth[:, 4:]], 1),
    }[case].clone()
    points.requires_grad_()
    landmark_anchor(points, truth, config).backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()


def test_areas_and_perimeters_are_the_ones_of_geometry() -> None:
    a, b, c = torch.zeros(3), torch.tensor([3.0, 0, 0]), torch.tensor([0, 4.0, 0])
    assert triangle_area(a, b, c) == pytest.approx(6.0, abs=1e-4)
    assert triangle_area(a, b, c, squared=True) == pytest.approx(36.0, abs=1e-3)
    assert perimeter(torch.stack([a, b, c])) == pytest.approx(12.0, abs=1e-4)
    thin = triangle_area(a, torch.tensor([1.7, 0, 0]), torch.tensor([0.85, 0.002, 0]))
    assert thin == pytest.approx(1.7e-3, abs=5e-6)


def test_the_anchor_loss_stays_in_single_precision_under_autocast() -> None:
    truth = torch.randn(3, 5, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = landmark_anchor(truth.bfloat16(), truth.bfloat16() * 1.1)
    assert loss.dtype == torch.float32
    assert loss.isfinite()


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


def test_unseen_points_cost_nothing_in_the_picture() -> None:
    predicted, truth = torch.zeros(1, 2, 2), torch.tensor([[[0.0, 0.0], [9.0, 9.0]]])
    assert mesh.keypoints_2d(predicted, truth, torch.tensor([[1.0, 0.0]])) == 0
    assert mesh.keypoints_2d(predicted, truth, torch.tensor([[1.0, 1.0]])) == pytest.approx(40.5)
    assert mesh.keypoints_2d(predicted, truth, torch.ones(1, 2), power=1) == pytest.approx(4.5)
