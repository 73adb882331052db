"""The chain from a placed clip to what is keyed."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.cleanup.derive import derive
from reel2rig.core.motion.cleanup.settings import Cleanup
from reel2rig.core.motion.feet import approximate_foot_points, clip_foot_points, foot_points
from reel2rig.core.motion.smoothing import smooth_clip
from reel2rig.core.motion.spaces import to_space
from walking import rest_person, soles, walking_person


@pytest.fixture(scope="module")
def clip():
    return walking_person(4.0, seed=11)


def test_by_default_the_clip_is_given_back_with_nothing_on_the_root_bone(clip):
    derived = derive(clip, Cleanup())
    assert derived.clip is clip
    assert not derived.root_location.any()
    assert not derived.root_heading.any()
    assert derived.overlay
    assert derived.notes == ()
    assert np.array_equal(derived.seconds, clip.times)


def test_feet_are_told_from_heels_and_toes(clip):
    derived = derive(clip, Cleanup())
    assert np.array_equal(derived.contacts[:, 0], (clip.contacts[:, :2] > 0.5).any(axis=1))
    assert derived.confidence.shape == (len(clip), 2)
    assert 0.0 <= derived.confidence.min() < derived.confidence.max() == 1.0


def test_smoothing_is_that_of_a_clip(clip):
    derived = derive(clip, Cleanup(smoothing=2.0))
    assert np.array_equal(derived.clip.rotations, smooth_clip(clip, 2.0).rotations)


def test_the_foot_lock_comes_after_smoothing(clip):
    derived = derive(clip, Cleanup(smoothing=3.0, foot_lock=1.0), feet=soles(clip))
    on = clip.contacts > 0.5
    moved = np.linalg.norm(np.diff(soles(clip).positions(derived.clip), axis=0), axis=-1)
    assert moved[on[1:] & on[:-1]].max() < 1e-4


def test_the_users_contacts_decide_and_are_sure(clip):
    found = derive(clip, Cleanup()).contacts
    start = np.flatnonzero(~found[:-1, 1] & found[1:, 1])[0] + 1
    chosen = found.copy()
    chosen[60:80, 0] = False
    chosen[start - 2 : start, 1] = True
    derived = derive(clip, Cleanup(foot_lock=1.0), feet=soles(clip), contacts=chosen)
    assert np.array_equal(derived.contacts, chosen)
    assert derived.confidence[chosen != found].min() == 1.0
    on = derived.clip.contacts > 0.5
    assert on[start - 2 : start, 2:].all()
    assert not on[60:80, :2].any()
    moved = np.linalg.norm(np.diff(soles(clip).positions(derived.clip), axis=0), axis=-1)
    assert moved[on[1:] & on[:-1]].max() < 1e-4
    assert moved[64:76, :2].max() > 1e-3


def test_contacts_of_another_shape_are_refused(clip):
    with pytest.raises(ValueError, match="feet in contact"):
        derive(clip, Cleanup(), contacts=np.zeros((3, 2), dtype=bool))


@pytest.mark.parametrize(
    "cleanup",
    [Cleanup(mirror=True), Cleanup(loop=True), Cleanup(speed=2.0), Cleanup(travel="in place")],
)
def test_what_leaves_the_video_says_so_in_one_sentence(clip, cleanup):
    derived = derive(clip, cleanup)
    assert not derived.overlay
    assert "no longer covers the video" in derived.notes[0]


@pytest.mark.parametrize(
    "cleanup",
    [Cleanup(smoothing=2.0), Cleanup(foot_lock=1.0), Cleanup(travel="root"), Cleanup(resample=True)],
)
def test_what_stays_over_the_video_needs_no_note(clip, cleanup):
    derived = derive(clip, cleanup, scene_fps=Fraction(24))
    assert derived.overlay
    assert derived.notes == ()


def test_mirroring_exchanges_the_feet(clip):
    plain, mirrored = derive(clip, Cleanup()), derive(clip, Cleanup(mirror=True))
    assert np.array_equal(mirrored.contacts, plain.contacts[:, ::-1])
    assert np.array_equal(mirrored.confidence, plain.confidence[:, ::-1])


def test_twice_the_speed_takes_half_the_time(clip):
    derived = derive(clip, Cleanup(speed=2.0))
    assert np.allclose(derived.seconds, clip.times / 2)
    assert np.array_equal(derived.clip.rotations, clip.rotations)


def test_the_root_bone_carries_the_way(clip):
    derived = derive(clip, Cleanup(travel="root", heading_on_root=True))
    assert derived.root_location[-1, 1] - derived.root_location[0, 1] < -4.0
    assert np.array_equal(derived.clip.root, clip.root)


def test_resampled_poses_lie_on_frames_of_the_scene(clip):
    cleanup = Cleanup(resample=True, travel="root", speed=1.5, foot_lock=1.0)
    derived = derive(clip, cleanup, feet=soles(clip), scene_fps=Fraction(24))
    count = len(derived.clip)
    assert np.allclose(derived.seconds * 24, np.round(derived.seconds * 24))
    assert derived.seconds[-1] == pytest.approx(clip.times[-1] / 1.5, abs=1 / 24)
    assert {len(a) for a in (derived.contacts, derived.confidence, derived.held, derived.root_location)} == {
        count
    }
    # The root bone stays under the pelvis.
    off = derived.clip.root - derived.root_location
    assert np.linalg.norm(off[:, :2], axis=-1).max() < 0.1


def test_someone_who_comes_in_later_starts_later_on_the_captures_clock():
    clip = walking_person(2.0).replace(frames=np.arange(45, 105))
    derived = derive(clip, Cleanup(), origin=30)
    assert derived.seconds[0] == pytest.approx(0.5)
    for cleanup in (Cleanup(resample=True), Cleanup(resample=True, loop=True)):
        moved = derive(clip, cleanup, scene_fps=Fraction(24), origin=30)
        assert moved.seconds[0] == pytest.approx(0.5, abs=1 / 48)
        assert moved.clip.frames[0] == 12


def test_a_resampled_loop_keeps_the_pose_that_closes_it(clip):
    moved = derive(clip, Cleanup(resample=True, loop=True), scene_fps=Fraction(25)).clip
    assert np.allclose(moved.rotations[-1], moved.rotations[0], atol=1e-5)


def test_long_gaps_are_marked_as_held_and_short_ones_are_not():
    valid = np.ones(200, dtype=bool)
    valid[20:40], valid[80:130], valid[195:] = False, False, False
    clip = rest_person(200, valid=valid)
    held = derive(clip, Cleanup()).held
    assert np.array_equal(np.flatnonzero(held), np.r_[80:130, 195:200])
    slower = derive(clip, Cleanup(speed=0.5)).held
    assert np.array_equal(slower, held)
    resampled = derive(clip, Cleanup(resample=True), scene_fps=Fraction(60))
    assert resampled.held.sum() == pytest.approx(2 * held.sum(), abs=3)


def test_one_frame_passes_through_the_whole_chain():
    cleanup = Cleanup(
        spikes=1.0, smoothing=2.0, foot_lock=1.0, mirror=True, travel="root", speed=2.0, resample=True
    )
    clip = rest_person(1, contacts=np.ones((1, 4)))
    assert len(derive(clip, cleanup, scene_fps=Fraction(24)).clip) == 1


def test_a_clip_with_another_axis_up_is_cleaned_up_as_in_blenders_axes(make_clip):
    cleanup = Cleanup(smoothing=2.0, foot_lock=1.0)
    raw = make_clip(camera=None)
    cleaned, same = derive(raw, cleanup), derive(to_space(raw, "blender"), cleanup)
    assert cleaned.clip.space == "blender"
    assert np.array_equal(cleaned.clip.rotations, same.clip.rotations)
    assert np.array_equal(cleaned.clip.root, same.clip.root)


def test_feet_of_a_captured_clip_are_those_of_the_body_it_was_captured_with():
    body = load_body()
    captured = rest_person(3, betas=np.full(10, 0.5), rest_joints=body.joints(np.full(10, 0.5)))
    assert np.array_equal(clip_foot_points(captured).offsets, foot_points(body, captured).offsets)
    stranger = captured.replace(rest_joints=captured.rest_joints * [1.0, 1.1, 1.0])
    assert np.array_equal(clip_foot_points(stranger).offsets, approximate_foot_points(stranger).offsets)


def test_the_space_of_a_camera_and_a_missing_rate_are_refused(clip, make_clip):
    with pytest.raises(ValueError, match="camera"):
        derive(make_clip(space="camera_cv", camera=None), Cleanup())
    with pytest.raises(ValueError, match="scene_fps"):
        derive(clip, Cleanup(resample=True))
