"""The whole loss of the method on rows that know different things."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.spin_joints import SpinJoints
from reel2rig.core.data.rows import SupervisedRows
from reel2rig.core.losses.config import LossConfig
from reel2rig.core.losses.method_loss import MethodLoss, project
from reel2rig.core.network.regressor import BodyState
from reel2rig.core.network.rotations import matrix_from_rotvec

B, T, MID = 5, 4, 2
EVERYTHING = LossConfig(velocity=20.0)


@pytest.fixture(scope="module")
def body() -> SpinJoints:
    return SpinJoints(BodyLayer())


def bodies(seed: int, frames: int = T, spread: float = 0.4) -> BodyState:
    g = torch.Generator().manual_seed(seed)
    vectors = spread * torch.randn(B, frames, 24, 3, generator=g)
    cam = torch.cat([0.9 + torch.zeros(B, frames, 1), 0.1 * torch.randn(B, frames, 2, generator=g)], -1)
    return BodyState(matrix_from_rotvec(vectors), torch.randn(B, frames, 10, generator=g), cam)


def truth_of(
    state: BodyState, body: SpinJoints, has_3d: list[float] | None = None, has_smpl: list[float] | None = None
) -> SupervisedRows:
    """Rows of which `state` is the perfect answer."""
    joints = body.joints49(state.rotations.flatten(0, 1), state.betas.flatten(0, 1)).unflatten(0, (B, -1))
    seen = project(joints - joints[:, :, 8:9], state.cam)
    return SupervisedRows(
        features=torch.zeros(*state.betas.shape[:2], 1),
        keypoints_2d=torch.cat([seen, torch.ones(*seen.shape[:-1], 1)], -1),
        joints_3d=joints + 0.7,  # somewhere else in the camera's space
        rotations=state.rotations,
        betas=state.betas,
        has_3d=torch.ones(B) if has_3d is None else torch.tensor(has_3d),
        has_smpl=torch.ones(B) if has_smpl is None else torch.tensor(has_smpl),
    )


def leaves(state: BodyState) -> BodyState:
    return BodyState(*(x.clone().requires_grad_() for x in (state.rotations, state.betas, state.cam)))


def gradients(terms: dict[str, torch.Tensor], state: BodyState) -> list[torch.Tensor]:
    return list(torch.autograd.grad(sum(terms.values()), [state.rotations, state.betas, state.cam]))  # type: ignore[arg-type]


def one(state: BodyState, frame: int) -> BodyState:
    at = slice(frame, frame + 1)
    return BodyState(state.rotations[:, at], state.betas[:, at], state.cam[:, at])


def test_the_perfect_answer_costs_nothing(body: SpinJoints) -> None:
    state = bodies(0)
    terms = MethodLoss(EVERYTHING, body, seed=0).terms(state, truth_of(state, body), slice(None))
    assert set(terms) == {"kp2d", "kp3d", "pose", "shape", "anchor", "velocity"}
    for name, value in terms.items():
        assert value == pytest.approx(0.0, abs=1e-6), name


def test_terms_equal_a_reference_in_numpy(body: SpinJoints) -> None:
    state, rows = bodies(1), truth_of(bodies(2), body, [0, 1, 1, 0, 1], [0, 0, 1, 1, 0])
    rows.keypoints_2d[..., 2] = (
        torch.rand(B, T, 49, generator=torch.Generator().manual_seed(3)) > 0.4
    ).float()
    terms = MethodLoss(EVERYTHING, body, seed=0).terms(state, rows, slice(None))

    posed = body.body(state.rotations.flatten(0, 1), state.betas.flatten(0, 1))
    mesh49 = body.from_vertices49(posed.vertices, posed.joints).unflatten(0, (B, T)).double().numpy()
    R, betas, cam = (x.double().numpy() for x in (state.rotations, state.betas, state.cam))
    X = mesh49 - posed.joints[:, :1].unflatten(0, (B, T)).double().numpy()
    X = X + np.stack([cam[..., 1], cam[..., 2], 2 * 5000 / (224 * cam[..., 0])], -1)[:, :, None]
    x = 5000 * X[..., :2] / X[..., 2:] / 112
    keypoints, joints = rows.keypoints_2d.double().numpy(), rows.joints_3d.double().numpy()
    squares = keypoints[..., 2:] * (x - keypoints[..., :2]) ** 2
    assert float(terms["kp2d"]) == pytest.approx(300 * squares.sum() / (B * T * 49 * 2), rel=1e-4)

    known = [1, 2, 4]

    def centred(points: np.ndarray) -> np.ndarray:
        common = points[known][:, :, 25:39]
        return common - (common[:, :, 2:3] + common[:, :, 3:4]) / 2

    error = centred(mesh49) - centred(joints)
    assert float(terms["kp3d"]) == pytest.approx(300 * (error**2).mean(), rel=1e-4)
    steps = np.diff(error, axis=1)
    assert float(terms["velocity"]) == pytest.approx(20 * (steps**2).mean(), rel=1e-4)
    rotations = rows.rotations.double().numpy()
    assert float(terms["pose"]) == pytest.approx(60 * ((R - rotations)[[2, 3]] ** 2).mean(), rel=1e-4)
    shape = ((betas - rows.betas.double().numpy())[[2, 3]] ** 2).mean()
    assert float(terms["shape"]) == pytest.approx(0.06 * shape, rel=1e-4)

    def measures(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        head, l_wrist, l_ankle, r_ankle, r_wrist = (points[known][:, :, i] for i in (38, 36, 30, 25, 31))
        outline = [head, l_wrist, l_ankle, r_ankle, r_wrist, head]
        a, b, c = (
            np.linalg.norm(u - v, axis=-1) for u, v in ((head, l_ankle), (l_ankle, r_ankle), (r_ankle, head))
        )
        half = (a + b + c) / 2
        around = sum(np.linalg.norm(u - v, axis=-1) for u, v in pairwise(outline))
        return np.sqrt(half * (half - a) * (half - b) * (half - c)), around  # type: ignore[return-value]

    (area, around), (true_area, true_around) = measures(mesh49), measures(joints)
    expected = ((area - true_area) ** 2).mean() + ((around - true_around) ** 2).mean()
    assert float(terms["anchor"]) == pytest.approx(10 * expected, rel=1e-3)


def test_rows_without_a_truth_neither_count_nor_dilute(body: SpinJoints) -> None:
    state, config = bodies(1), LossConfig(kp2d=0, velocity=1.0)
    loss = MethodLoss(config, body, seed=0)
    mixed = truth_of(bodies(2), body, [0, 1, 0, 0, 1], [0, 1, 0, 0, 1])
    mixed.joints_3d[[0, 2, 3]] = torch.nan  # even then
    few = SupervisedRows(**{f.name: getattr(mixed, f.name)[[1, 4]] for f in dataclasses.fields(mixed)})
    answer = BodyState(state.rotations[[1, 4]], state.betas[[1, 4]], state.cam[[1, 4]])
    among, alone = loss.terms(state, mixed, slice(None)), loss.terms(answer, few, slice(None))
    for name in among:
        assert float(among[name]) == pytest.approx(float(alone[name]), rel=1e-5), name


def test_batches_of_2d_rows_alone_give_exact_zeros_and_no_gradient_there(body: SpinJoints) -> None:
    state = leaves(bodies(1))
    rows = truth_of(bodies(2), body, [0.0] * B, [0.0] * B)
    terms = MethodLoss(EVERYTHING, body, seed=0).terms(state, rows, slice(None))
    assert terms["kp2d"] > 1
    rest = {name: value for name, value in terms.items() if name != "kp2d"}
    assert [value.item() for value in rest.values()] == [0.0] * 5
    rest["kp2d"] = 0 * terms["kp2d"]
    for gradient in gradients(rest, state):
        assert (gradient == 0).all()


def test_invisible_keypoints_are_counted_in_the_mean(body: SpinJoints) -> None:
    state, rows = bodies(1), truth_of(bodies(2), body)
    loss = MethodLoss(LossConfig(), body, seed=0)
    whole = loss.terms(state, rows, slice(None))["kp2d"]
    rows.keypoints_2d[:, :, 7:, 2] = 0
    first = loss.terms(state, rows, slice(None))["kp2d"]
    rows.keypoints_2d[:, :, :7, 2], rows.keypoints_2d[:, :, 7:, 2] = 0, 1
    torch.testing.assert_close(first + loss.terms(state, rows, slice(None))["kp2d"], whole)


def test_the_middle_frame_is_compared_with_the_middle_frame(body: SpinJoints) -> None:
    state, rows = bodies(0), truth_of(bodies(0), body)
    loss = MethodLoss(LossConfig(), body, seed=0)
    assert sum(loss.terms(one(state, MID), rows, MID).values()) < 1e-5
    assert sum(loss.terms(one(state, MID), rows, slice(MID, MID + 1)).values()) < 1e-5
    assert sum(loss.terms(one(state, T - 1), rows, -1).values()) < 1e-5
    assert sum(loss.terms(one(state, MID), rows, 0).values()) > 1
    with pytest.raises(ValueError, match=r"\(5, 1, 10\).*\(5, 4, 10\)"):
        loss.terms(one(state, MID), rows, slice(None))


def test_weights_scale_their_terms_and_zero_leaves_them_out(body: SpinJoints) -> None:
    state, rows = bodies(1), truth_of(bodies(2), body)
    plain = MethodLoss(LossConfig(), body, seed=0).terms(state, rows, slice(None))
    assert set(plain) == {"kp2d", "kp3d", "pose", "shape", "anchor"}
    double = MethodLoss(LossConfig(kp3d=600, pose=0, anchor=30), body, seed=0).terms(state, rows, slice(None))
    assert set(double) == {"kp2d", "kp3d", "shape", "anchor"}
    torch.testing.assert_close(double["kp3d"], 2 * plain["kp3d"])
    torch.testing.assert_close(double["anchor"], 3 * plain["anchor"])


def test_area_and_perimeter_add_up_and_balance_counts_the_area_six_times(body: SpinJoints) -> None:
    state, rows = bodies(1), truth_of(bodies(2), body)

    def anchor(**changes: float | str | bool) -> float:
        config = LossConfig(**changes)  # type: ignore[arg-type]
        return float(MethodLoss(config, body, seed=3).terms(state, rows, slice(None))["anchor"])

    area, around = anchor(w_perim=0), anchor(w_area=0)
    assert anchor() == pytest.approx(area + around, rel=1e-5)
    assert anchor(balance=True) == pytest.approx(6 * area + around, rel=1e-5)
    values = [area, *(anchor(w_perim=0, anchor_set=s) for s in ("wrists", "five", "random"))]
    values += [anchor(w_perim=0, anchor_area="heron_sq"), around]
    values += [anchor(w_area=0, perim_order="listed"), anchor(w_area=0, anchor_set="random")]
    assert len({round(value, 6) for value in values}) == len(values)  # every reading is another loss


def test_random_anchors_follow_the_seed_of_the_run(body: SpinJoints) -> None:
    config = LossConfig(anchor_set="random")
    assert MethodLoss(config, body, seed=1).anchors == MethodLoss(config, body, seed=1).anchors
    assert MethodLoss(config, body, seed=1).anchors != MethodLoss(config, body, seed=2).anchors


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), turn=st.tuples(*[st.floats(-2, 2)] * 3), far=st.floats(-4, 4))
def test_moving_the_true_person_changes_no_anchor_and_no_centred_joint(
    body: SpinJoints, seed: int, turn: tuple[float, float, float], far: float
) -> None:
    state, rows = bodies(seed), truth_of(bodies(seed + 1), body)
    loss = MethodLoss(LossConfig(), body, seed=0)
    before = loss.terms(state, rows, slice(None))
    rows.joints_3d = rows.joints_3d + far
    shifted = loss.terms(state, rows, slice(None))
    torch.testing.assert_close(shifted["kp3d"], before["kp3d"], rtol=1e-3, atol=1e-3)
    rows.joints_3d = rows.joints_3d @ matrix_from_rotvec(torch.tensor(turn)).T
    turned = loss.terms(state, rows, slice(None))
    torch.testing.assert_close(turned["anchor"], before["anchor"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("which", ["ours", "wrists", "five", "random"])
@pytest.mark.parametrize("area", ["heron", "heron_sq"])
def test_truth_collapsed_to_a_point_or_a_line_has_finite_gradients(
    which: str, area: str, body: SpinJoints
) -> None:
    loss = MethodLoss(LossConfig(anchor_set=which, anchor_area=area), body, seed=0)  # type: ignore[arg-type]
    for line in (0.0, 1.0):
        state, rows = leaves(bodies(1)), truth_of(bodies(2), body)
        rows.joints_3d = line * torch.arange(49.0)[None, None, :, None].expand(B, T, 49, 3)
        for gradient in gradients(loss.terms(state, rows, slice(None)), state):
            assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_and_half_precision_answers_change_only_the_rounding_of_the_answer(
    dtype: torch.dtype, body: SpinJoints
) -> None:
    state, rows = bodies(1), truth_of(bodies(2), body)
    half = BodyState(*(x.to(dtype).requires_grad_() for x in (state.rotations, state.betas, state.cam)))
    single = BodyState(*(x.detach().float() for x in (half.rotations, half.betas, half.cam)))
    loss = MethodLoss(EVERYTHING, body, seed=0)
    with torch.autocast("cpu", dtype=dtype):
        terms = loss.terms(half, rows, slice(None))
    for name, value in loss.terms(single, rows, slice(None)).items():
        assert terms[name].dtype == torch.float32
        torch.testing.assert_close(terms[name], value, rtol=1e-6, atol=0)
    for gradient in gradients(terms, half):
        assert gradient.isfinite().all()


def test_descending_the_loss_finds_the_body(body: SpinJoints) -> None:
    truth = bodies(2, frames=1, spread=0.2)
    rows = truth_of(truth, body)
    vectors = torch.zeros(B, 1, 24, 3, requires_grad=True)
    betas, cam = torch.zeros(B, 1, 10, requires_grad=True), torch.zeros(B, 1, 3)
    cam[..., 0] = 0.9
    cam.requires_grad_()
    loss = MethodLoss(LossConfig(), body, seed=0)
    optimizer = torch.optim.Adam([vectors, betas, cam], lr=0.03)
    values = []
    for _ in range(120):
        value = sum(loss.terms(BodyState(matrix_from_rotvec(vectors), betas, cam), rows, 0).values())
        optimizer.zero_grad()
        value.backward()  # type: ignore[union-attr]
        optimizer.step()
        values.append(value.detach().item())  # type: ignore[union-attr]
    assert values[-1] < 0.01 * values[0]
    assert (matrix_from_rotvec(vectors) - truth.rotations).abs().mean() < 0.02
    torch.testing.assert_close(cam, truth.cam, atol=0.03, rtol=0)
