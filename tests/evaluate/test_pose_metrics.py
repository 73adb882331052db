"""The errors of poses against references written out joint by joint."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.core.evaluate.metrics import (
    acceleration_error,
    acceleration_errors,
    align_root,
    mpjpe,
    mpjpe_errors,
    pa_mpjpe,
    pa_mpjpe_errors,
    per_second_squared,
    similarity,
    similarity_align,
)
from scipy.spatial.transform import Rotation

ROOT = (2, 3)


def two_motions(frames=6, joints=14, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.4, (frames, joints, 3))
    return truth + rng.normal(0, 0.05, truth.shape), truth


def test_mpjpe_is_the_mean_distance_after_the_roots_are_put_together():
    predicted, truth = two_motions()
    expected = []
    for p, t in zip(predicted, truth, strict=True):
        p_root, t_root = (p[2] + p[3]) / 2, (t[2] + t[3]) / 2
        lengths = [math.dist(p[j] - p_root, t[j] - t_root) for j in range(14)]
        expected.append(1000 * sum(lengths) / 14)
    np.testing.assert_allclose(mpjpe_errors(predicted, truth, ROOT), expected)
    assert mpjpe(predicted, truth, ROOT) == pytest.approx(sum(expected) / len(expected))


def test_pa_mpjpe_agrees_with_scipys_rotation_and_the_closed_form_scale():
    predicted, truth = two_motions(seed=1)
    expected = []
    for p, t in zip(predicted, truth, strict=True):
        x, y = p - p.mean(0), t - t.mean(0)
        turned = Rotation.align_vectors(y, x)[0].apply(x)
        fitted = (turned * y).sum() / (x * x).sum() * turned
        expected.append(1000 * np.linalg.norm(fitted - y, axis=-1).mean())
    np.testing.assert_allclose(pa_mpjpe_errors(predicted, truth), expected, rtol=1e-6)


@given(
    seed=st.integers(0, 2**31),
    scale=st.floats(0.05, 20),
    turn=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    shift=st.lists(st.floats(-50, 50), min_size=3, max_size=3),
)
def test_pa_mpjpe_is_zero_under_any_similarity(seed, scale, turn, shift):
    _, truth = two_motions(seed=seed)
    moved = scale * Rotation.from_rotvec(turn).apply(truth.reshape(-1, 3)).reshape(truth.shape) + shift
    assert pa_mpjpe(moved, truth) < 1e-6


def test_a_mirrored_pose_is_no_similarity():
    _, truth = two_motions()
    assert pa_mpjpe(truth * [-1, 1, 1], truth) > 50


def test_without_a_scale_only_rotation_and_shift_are_fitted():
    _, truth = two_motions()
    scale, rotation, shift = similarity(2 * truth, truth, scaled=False)
    np.testing.assert_array_equal(scale, 1)
    np.testing.assert_allclose(rotation, np.broadcast_to(np.eye(3), rotation.shape), atol=1e-9)
    np.testing.assert_allclose(shift, -truth.mean(1, keepdims=True), atol=1e-9)


def test_a_prediction_shrunk_to_a_point_is_aligned_without_a_nan():
    _, truth = two_motions()
    aligned = similarity_align(np.zeros_like(truth), truth)
    np.testing.assert_allclose(aligned, np.broadcast_to(truth.mean(1, keepdims=True), truth.shape))


def test_accel_of_a_joint_on_a_parabola_is_its_second_difference_shared_by_all_joints():
    truth = np.zeros((9, 14, 3))
    predicted = truth.copy()
    t = np.arange(9.0)
    predicted[:, 7, 1] = 0.003 * t**2 + 0.2 * t  # constant velocity does not count
    errors = acceleration_errors(predicted, truth, ROOT)
    assert errors.shape == (7,)
    np.testing.assert_allclose(errors, 1000 * 2 * 0.003 / 14)
    assert acceleration_error(predicted, truth, ROOT) == pytest.approx(6 / 14)


def test_accel_does_not_see_a_motion_of_the_root():
    predicted, truth = two_motions(frames=12)
    path = np.random.default_rng(5).normal(0, 1, (12, 1, 3))
    assert acceleration_error(predicted + path, truth, ROOT) == pytest.approx(
        acceleration_error(predicted, truth, ROOT)
    )


def test_accel_needs_three_frames():
    predicted, truth = two_motions(frames=2)
    assert math.isnan(acceleration_error(predicted, truth, ROOT))


def test_a_millimetre_per_frame_squared_is_nine_tenths_of_a_metre_per_second_squared_at_30_fps():
    assert per_second_squared(1, 30) == pytest.approx(0.9)
    assert per_second_squared(1, 25) == pytest.approx(0.625)
    assert per_second_squared(7.2, 30) == pytest.approx(6.48)


def test_the_roots_are_the_hips_of_the_twelve_limb_joints_unless_told_otherwise():
    predicted, truth = two_motions(joints=12)
    assert mpjpe(predicted, truth) == pytest.approx(mpjpe(predicted, truth, (6, 7)))
    np.testing.assert_allclose(align_root(truth)[:, 6], -align_root(truth)[:, 7])
