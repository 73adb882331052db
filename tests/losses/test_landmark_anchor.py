"""Areas, perimeters and which points they are taken of."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.losses.config import LossConfig
from reel2rig.core.losses.landmark_anchor import (
    Anchors,
    areas,
    choose_anchors,
    landmark_anchor,
    perimeter,
    triangle_area,
)
from reel2rig.core.network.rotations import matrix_from_rotvec

# Seven points, of which five are the anchors, in another order than the paper's.
POINTS, FIVE, COMMON = 7, (6, 1, 4, 0, 3), range(7)
HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE = FIVE
CHOICES = [
    choose_anchors(FIVE, COMMON, LossConfig(anchor_set=which, perim_order=order))  # type: ignore[arg-type]
    for which in ("ours", "wrists", "five", "random")
    for order in ("outline", "listed")
]
A_FIGURE = {  # a standing person from the front, arms spread, metres
    "head": (0.0, 1.7, 0.0), "left wrist": (0.7, 1.2, 0.1), "right wrist": (-0.7, 1.2, 0.1),
    "left ankle": (0.2, 0.1, 0.0), "right ankle": (-0.2, 0.1, 0.0),
}  # fmt: skip


def heron(sides: np.ndarray) -> np.ndarray:
    """Equations 6 and 7 in double precision, the root left out as the paper prints it."""
    half = sides.sum(-1) / 2
    return half * np.prod(half[..., None] - sides, -1)


def reference(
    predicted: np.ndarray, truth: np.ndarray, anchors: Anchors, w: tuple[float, float], squared: bool
):
    """Equations 6 to 9 from side lengths, without the cross product."""

    def side(points: np.ndarray, i: int, j: int) -> np.ndarray:
        return np.linalg.norm(points[..., i, :] - points[..., j, :], axis=-1)

    def measures(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        triangles = [
            heron(np.stack([side(points, a, b), side(points, b, c), side(points, c, a)], -1))
            for a, b, c in anchors.triangles
        ]
        area = np.stack(triangles, -1)
        path = [*anchors.path, anchors.path[0]]
        return area if squared else np.sqrt(area), sum(side(points, i, j) for i, j in pairwise(path))  # type: ignore[return-value]

    (area, around), (true_area, true_around) = measures(predicted), measures(truth)
    return w[0] * np.mean((area - true_area) ** 2) + w[1] * np.mean((around - true_around) ** 2)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    anchors=st.sampled_from(CHOICES),
    squared=st.booleans(),
    w=st.tuples(st.sampled_from([0.0, 1.0, 6.0]), st.sampled_from([0.0, 1.0])),
)
def test_the_loss_equals_the_printed_equations(
    seed: int, anchors: Anchors, squared: bool, w: tuple[float, float]
) -> None:
    predicted, truth = np.random.default_rng(seed).normal(size=(2, 3, 2, POINTS, 3))
    w_area, w_perim = w
    found = landmark_anchor(
        torch.from_numpy(predicted), torch.from_numpy(truth), anchors, w_area, w_perim, squared
    )
    assert float(found) == pytest.approx(reference(predicted, truth, anchors, w, squared), rel=2e-4, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    angle=st.floats(-3, 3),
    far=st.floats(-5, 5),
    anchors=st.sampled_from(CHOICES),
    squared=st.booleans(),
)
def test_a_rigid_motion_of_the_prediction_costs_nothing(
    seed: int, angle: float, far: float, anchors: Anchors, squared: bool
) -> None:
    truth = torch.randn(4, POINTS, 3, generator=torch.Generator().manual_seed(seed))
    turned = truth @ matrix_from_rotvec(torch.tensor([0.3, angle, -0.2])).T + far
    assert landmark_anchor(turned, truth, anchors, squared=squared) < 1e-6


@pytest.mark.parametrize("anchors", CHOICES)
@pytest.mark.parametrize("squared", [False, True])
def test_a_larger_body_costs_something_and_the_gradient_shrinks_it(anchors: Anchors, squared: bool) -> None:
    truth = torch.randn(6, POINTS, 3, generator=torch.Generator().manual_seed(0))
    predicted = (1.2 * truth).requires_grad_()
    loss = landmark_anchor(predicted, truth, anchors, squared=squared)
    loss.backward()
    assert loss > 1e-3
    assert (predicted.grad * predicted).sum() > 0  # type: ignore[operator]


def degenerate(case: str) -> torch.Tensor:
    points = torch.randn(1, POINTS, 3, generator=torch.Generator().manual_seed(1))
    if case == "collinear":
        return torch.arange(float(POINTS))[None, :, None] * torch.tensor([1.0, 0.5, 0.0])
    if case == "coincident":
        return torch.zeros_like(points)
    points[:, 1:4] = points[:, 1:2]  # among them two of the five
    return points


@pytest.mark.parametrize("anchors", CHOICES)
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("case", ["collinear", "coincident", "some coincide"])
def test_degenerate_anchors_have_finite_gradients(case: str, squared: bool, anchors: Anchors) -> None:
    points = degenerate(case).requires_grad_()
    truth = torch.randn(1, POINTS, 3, generator=torch.Generator().manual_seed(2))
    landmark_anchor(points, truth, anchors, squared=squared).backward()
    assert points.grad is not None
    assert points.grad.isfinite().all()
    assert points.grad.abs().max() < 1e3


def test_the_formula_as_printed_would_have_no_gradient_on_a_line() -> None:
    points = degenerate("collinear").requires_grad_()
    sides = torch.stack([(points[0, i] - points[0, j]).norm() for i, j in ((0, 1), (1, 2), (2, 0))])
    half = sides.sum() / 2
    torch.sqrt(half * (half - sides).prod()).backward()
    assert points.grad is not None
    assert not points.grad.isfinite().all()


def test_areas_and_perimeters_are_the_ones_of_geometry() -> None:
    a, b, c = torch.zeros(3), torch.tensor([3.0, 0, 0]), torch.tensor([0, 4.0, 0])
    assert triangle_area(a, b, c) == pytest.approx(6.0, abs=1e-4)
    assert triangle_area(a, b, c, squared=True) == pytest.approx(36.0, abs=1e-3)
    assert perimeter(torch.stack([a, b, c])) == pytest.approx(12.0, abs=1e-4)
    thin = triangle_area(a, torch.tensor([1.7, 0, 0]), torch.tensor([0.85, 0.002, 0]))
    assert thin == pytest.approx(1.7e-3, abs=5e-6)


def test_the_listed_order_crosses_itself_and_the_outline_does_not() -> None:
    figure = np.array(list(A_FIGURE.values()))
    names = list(A_FIGURE)

    def crossings(anchors: Anchors) -> int:
        corners = [figure[i, :2] for i in anchors.path]
        edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))

        def turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
            return float(np.sign((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0]))

        return sum(
            turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
            for i, (a, b) in enumerate(edges)
            for c, d in edges[i + 1 :]
        )

    outline, listed = (
        choose_anchors(range(5), (), LossConfig(perim_order=order)) for order in ("outline", "listed")
    )
    assert [names[i] for i in listed.path] == names
    assert crossings(outline) == 0
    assert crossings(listed) > 0
    around = [perimeter(torch.from_numpy(figure[list(a.path)])) for a in (outline, listed)]
    assert around[0] < around[1]


def test_each_set_measures_the_triangles_it_names() -> None:
    def triangles(which: str) -> list[set[int]]:
        chosen = choose_anchors(FIVE, COMMON, LossConfig(anchor_set=which))  # type: ignore[arg-type]
        return [set(t) for t in chosen.triangles]

    assert triangles("ours") == [{HEAD, LEFT_ANKLE, RIGHT_ANKLE}]
    assert triangles("wrists") == [{HEAD, LEFT_WRIST, RIGHT_WRIST}]
    assert triangles("five") == [
        {HEAD, LEFT_WRIST, LEFT_ANKLE},
        {HEAD, LEFT_ANKLE, RIGHT_ANKLE},
        {HEAD, RIGHT_ANKLE, RIGHT_WRIST},
    ]


def test_the_three_triangles_of_five_cover_the_outline() -> None:
    flat = torch.tensor(list(A_FIGURE.values())) * torch.tensor([1.0, 1, 0])
    five = choose_anchors(range(5), (), LossConfig(anchor_set="five"))
    x, y = flat[list(five.path), 0], flat[list(five.path), 1]
    shoelace = 0.5 * (x * y.roll(-1) - y * x.roll(-1)).sum().abs()
    assert areas(flat, five).sum() == pytest.approx(float(shoelace), abs=1e-3)


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=50, deadline=None)
def test_random_anchors_are_distinct_common_joints_and_the_seed_s_alone(seed: int) -> None:
    config = LossConfig(anchor_set="random")
    drawn = choose_anchors(FIVE, range(25, 39), config, seed)
    assert drawn == choose_anchors(FIVE, range(25, 39), config, seed)
    assert len(set(drawn.path)) == 5
    assert set(drawn.path) <= set(range(25, 39))
    assert drawn.triangles == (drawn.path[:3],)


def test_different_seeds_draw_different_anchors() -> None:
    config = LossConfig(anchor_set="random")
    draws = {choose_anchors(FIVE, range(25, 39), config, seed).path for seed in range(20)}
    assert len(draws) > 15


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_loss_is_computed_in_single_precision_under_autocast(dtype: torch.dtype) -> None:
    truth = torch.randn(3, POINTS, 3, generator=torch.Generator().manual_seed(3)).to(dtype)
    predicted = (truth * 1.1).requires_grad_()
    with torch.autocast("cpu", dtype=dtype):
        loss = landmark_anchor(predicted, truth, CHOICES[0])
    assert loss.dtype == torch.float32
    single = landmark_anchor(predicted.detach().float(), truth.float(), CHOICES[0])
    torch.testing.assert_close(loss.detach(), single, rtol=1e-6, atol=0)
    loss.backward()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()
