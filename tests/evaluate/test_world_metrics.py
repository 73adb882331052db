"""World metrics on paths whose errors can be worked out by hand."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.data.procedural import procedural_motion
from reel2rig.core.evaluate.paper.world import (
    ClipsDoNotMatch,
    FeetUnknown,
    evaluate_world,
    foot_points,
    foot_sliding,
    jitter,
    root_error,
    segment_error,
)
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.rotations import quaternion_from_matrix
from reel2rig.core.motion.spaces import to_space
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="module")
def template():
    return load_body()


def clip_of(template, root, rotations=None, scale=1.0, fps=30, frames=None, valid=None):
    """A clip along a path (T, 3), in T-pose unless told otherwise."""
    T = len(root)
    still = np.broadcast_to([1.0, 0, 0, 0], (T, 24, 4))
    return MotionClip(
        rotations=still if rotations is None else quaternion_from_matrix(rotations),
        root=root,
        betas=np.zeros(10),
        rest_joints=scale * template.joints(np.zeros(10)),
        fps=Fraction(fps),
        frames=np.arange(T) if frames is None else frames,
        valid=np.ones(T, bool) if valid is None else valid,
        contacts=np.zeros((T, 4)),
        space="world_yup",
        body_scale=scale,
    )


def straight(frames, step=0.02):
    """Along x, `step` metres a frame."""
    return np.arange(frames)[:, None] * np.array([step, 0, 0])


@pytest.fixture(scope="module")
def walk(template):
    motion = procedural_motion(130, seed=4)
    return clip_of(template, motion.trans, motion.rotations)


def test_the_truth_itself_has_no_error_in_any_axes_and_at_any_place(walk, template):
    elsewhere = to_space(walk.replace(root=walk.root + np.array([3, 0, -2])), "blender")
    scores = evaluate_world(elsewhere, walk, template)
    assert max(scores.wa_mpjpe, scores.w_mpjpe) < 0.01
    assert scores.rte < 0.001
    assert scores.jitter == pytest.approx(scores.true_jitter, rel=1e-3)
    assert scores.frames == 130


def test_a_motion_that_is_twice_as_large_costs_only_the_path(template):
    truth = straight(101)
    scores = evaluate_world(clip_of(template, 2 * truth, scale=2), clip_of(template, truth), template)
    assert max(scores.wa_mpjpe, scores.w_mpjpe) < 0.01
    # What is left after the middles are put together: the mean distance from the middle of 101 places.
    assert scores.rte == pytest.approx(np.abs(np.arange(101) - 50).mean(), rel=1e-4)


def test_a_drift_after_the_first_two_frames_is_what_w_mpjpe_counts(template):
    truth = straight(100)
    drift = np.maximum(np.arange(100) - 1, 0)[:, None] * np.array([0, 0, 0.01])
    scores = evaluate_world(clip_of(template, truth + drift), clip_of(template, truth), template)
    assert scores.w_mpjpe == pytest.approx(10 * sum(range(99)) / 100, rel=1e-3)
    assert 0 < scores.wa_mpjpe < scores.w_mpjpe / 3


def test_a_jump_between_two_segments_is_seen_by_rte_alone(template):
    truth = straight(200)
    jumped = truth + (np.arange(200) >= 100)[:, None] * np.array([0, 1.0, 0])
    scores = evaluate_world(clip_of(template, jumped), clip_of(template, truth), template)
    assert max(scores.wa_mpjpe, scores.w_mpjpe) < 0.01
    assert scores.rte > 1


def test_a_path_stretched_by_a_tenth_has_that_share_of_its_spread_as_rte():
    truth = straight(101)
    assert root_error(1.1 * truth, truth) == pytest.approx(0.1 * np.abs(np.arange(101) - 50).mean())
    assert root_error(truth, np.zeros((101, 3))) is None


def test_segments_agree_with_scipys_rotation_and_the_closed_form_scale():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, (130, 24, 3)).cumsum(0)
    predicted = 0.7 * truth + rng.normal(0, 0.3, truth.shape)
    for fitted in (100, 2):
        errors = []
        for part in (slice(0, 100), slice(100, 130)):
            x, y = predicted[part].astype(float), truth[part]
            fx, fy = x[:fitted].reshape(-1, 3), y[:fitted].reshape(-1, 3)
            turn = Rotation.align_vectors(fy - fy.mean(0), fx - fx.mean(0))[0]
            turned = turn.apply(fx - fx.mean(0))
            scale = (turned * (fy - fy.mean(0))).sum() / (turned**2).sum()
            moved = scale * turn.apply(x.reshape(-1, 3) - fx.mean(0)) + fy.mean(0)
            errors += list(np.linalg.norm(moved.reshape(x.shape) - y, axis=-1).mean(1))
        assert segment_error(predicted, truth, fitted) == pytest.approx(1e3 * np.mean(errors), rel=1e-5)


def test_jitter_of_a_cubic_path_is_its_third_derivative_in_tens(template):
    seconds = np.arange(20) / 30
    joints = np.zeros((20, 24, 3))
    joints[..., 1] = (60 * seconds**3 / 6)[:, None]
    np.testing.assert_allclose(jitter(joints, 30), 6.0)
    assert jitter(joints[:3], 30).shape == (0,)
    predicted = clip_of(template, joints[:, 0])
    scores = evaluate_world(predicted, clip_of(template, straight(20)), template)
    assert scores.jitter == pytest.approx(6, rel=1e-2)
    assert scores.true_jitter < 0.01


def test_jitter_never_reaches_across_frames_that_are_missing(template):
    frames = np.concatenate([np.arange(10), np.arange(20, 30)])
    path = straight(20)
    path[10:] += 5
    clip = clip_of(template, path, frames=frames)
    scores = evaluate_world(clip, clip, template)
    assert scores.jitter < 0.01


def test_a_foot_that_slides_three_millimetres_a_frame_while_the_true_one_stands(template):
    stands = clip_of(template, np.zeros((30, 3)))
    scores = evaluate_world(clip_of(template, straight(30, 0.003)), stands, template)
    assert scores.foot_sliding == pytest.approx(3, rel=1e-3)
    assert scores.rte is None
    assert evaluate_world(stands, stands, template).foot_sliding == 0


def test_a_foot_in_the_air_cannot_slide(template):
    runs = clip_of(template, straight(30, 0.02))
    assert evaluate_world(clip_of(template, straight(30, 0.05)), runs, template).foot_sliding is None


def test_only_the_foot_that_stands_counts():
    truth = np.zeros((3, 4, 3))
    truth[:, 0, 0] = [0, 0.02, 0.04]  # in the air
    truth[:, 1, 0] = [0, 0.009, 0.02]  # stands once
    predicted = np.zeros((3, 4, 3))
    predicted[:, 1, 0] = [0, 0.004, 0.5]
    assert sorted(foot_sliding(predicted, truth)) == pytest.approx([0, 0, 0, 0, 4])


def test_foot_points_are_the_vertices_of_the_whole_mesh(walk, template):
    whole = template.posed_vertices(walk.rotations, walk.root, walk.betas)
    np.testing.assert_allclose(foot_points(walk, template), whole[:, template.foot_vertices], atol=1e-6)


def test_frames_are_matched_by_number_and_where_the_truth_is_valid(template):
    path = straight(40)
    valid = np.ones(40, bool)
    valid[30:] = False
    truth = clip_of(template, path, valid=valid)
    predicted = clip_of(template, path[10:], frames=np.arange(10, 40))
    predicted = predicted.replace(root=predicted.root + (predicted.frames >= 30)[:, None] * 9.0)
    scores = evaluate_world(predicted, truth, template)
    assert scores.frames == 20
    assert scores.wa_mpjpe < 0.01


def test_motions_that_do_not_match_are_refused(template):
    clip = clip_of(template, straight(10))
    with pytest.raises(ClipsDoNotMatch, match=r"25.*30"):
        evaluate_world(clip_of(template, straight(10), fps=25), clip, template)
    with pytest.raises(ClipsDoNotMatch, match="0 valid frames"):
        evaluate_world(clip_of(template, straight(10), frames=np.arange(50, 60)), clip, template)


def test_a_body_whose_feet_nobody_named_is_refused(walk, template):
    with pytest.raises(FeetUnknown, match="foot_vertices"):
        evaluate_world(walk, walk, replace(template, foot_vertices=None))
