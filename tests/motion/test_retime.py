"""Speed and rate: time is exact, and what was not filmed stays missing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.retime import change_speed, last_frame_on, resample_clip
from reel2rig.core.motion.rotations import rotation_angle

NTSC = Fraction(30000, 1001)


def part_of(clip, rows):
    return clip.replace(
        **{name: getattr(clip, name)[rows] for name in ("rotations", "root", "frames", "valid", "contacts")}
    )


def test_two_seconds_at_60_fps_stay_two_seconds_at_24(make_clip):
    clip = resample_clip(make_clip(120, fps=Fraction(60)), Fraction(24))
    assert clip.fps == 24
    assert clip.duration == 2.0
    assert clip.frames.tolist() == list(range(48))


def test_poses_stay_at_their_times(make_clip):
    clip = make_clip(61, fps=Fraction(60))
    slow = resample_clip(clip, Fraction(20))
    assert rotation_angle(slow.rotations, clip.rotations[::3]).max() < 1e-3
    assert np.allclose(slow.root, clip.root[::3], atol=1e-6)


def test_the_own_rate_changes_nothing(make_clip):
    clip = make_clip(50, fps=NTSC)
    same = resample_clip(clip, NTSC)
    assert np.allclose(same.root, clip.root, atol=1e-7)
    assert rotation_angle(same.rotations, clip.rotations).max() < 1e-3
    assert np.array_equal(same.contacts, clip.contacts)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.sampled_from([24, 25, 30, 50, 60, NTSC, Fraction(24000, 1001), 120]))
def test_new_frames_lie_within_the_clip_and_leave_less_than_one_out(count, fps):
    from reel2rig.core.motion.clip import MotionClip

    clip = MotionClip(
        rotations=np.tile([1.0, 0, 0, 0], (count, 24, 1)), root=np.zeros((count, 3)), betas=np.zeros(10),
        rest_joints=np.zeros((24, 3)), fps=NTSC, frames=np.arange(count), valid=np.ones(count, bool),
        contacts=np.zeros((count, 4)), space="blender",
    )  # fmt: skip
    last = Fraction(int(resample_clip(clip, Fraction(fps)).frames[-1])) / fps
    assert (count - 1) / NTSC - 1 / Fraction(fps) < last <= (count - 1) / NTSC


def test_an_hour_of_ntsc_does_not_drift():
    from reel2rig.core.motion.clip import MotionClip

    count = 107_893  # 3600 s and one frame
    root = np.zeros((count, 3))
    root[:, 0] = np.arange(count) / float(NTSC)  # x tells the time
    clip = MotionClip(
        rotations=np.tile(np.array([1.0, 0, 0, 0], np.float32), (count, 24, 1)), root=root,
        betas=np.zeros(10), rest_joints=np.zeros((24, 3)), fps=NTSC, frames=np.arange(count),
        valid=np.ones(count, bool), contacts=np.zeros((count, 4)), space="blender",
    )  # fmt: skip
    slow = resample_clip(clip, Fraction(24))
    assert slow.root[-1, 0] == pytest.approx(slow.frames[-1] / 24, abs=5e-4)


def test_frames_that_were_not_filmed_stay_missing(make_clip):
    clip = part_of(make_clip(60), np.r_[0:20, 40:60])
    fast = resample_clip(clip, Fraction(60))
    assert not np.isin(np.arange(39, 80), fast.frames).any()
    assert {38, 80} <= set(fast.frames.tolist())


def test_validity_and_contacts_come_from_the_nearest_frame(make_clip):
    valid = np.arange(30) < 10
    contacts = np.zeros((30, 4))
    contacts[10:] = 1.0
    fast = resample_clip(make_clip(30, valid=valid, contacts=contacts), Fraction(90))
    assert np.flatnonzero(~fast.valid)[0] == 29  # 9.67 of the source: nearer to 10
    assert np.array_equal(fast.contacts[:, 0] == 1, ~fast.valid)


def test_frames_can_be_counted_from_the_start_of_the_capture(make_clip):
    clip = make_clip(31, frames=np.arange(101, 132))
    moved = resample_clip(clip, Fraction(24), origin=100)
    assert moved.frames.tolist() == list(range(1, 25))  # 1/30 s is 0.8 of a frame: the first whole one is 1
    assert np.allclose(moved.root[0], clip.root[0] + 0.25 * (clip.root[1] - clip.root[0]), atol=1e-6)


def test_a_single_frame_survives(make_clip):
    clip = make_clip(1, frames=[7])
    assert resample_clip(clip, Fraction(24)).frames.tolist() == [0]
    assert resample_clip(clip, Fraction(24), origin=0).frames.tolist() == [6]


def test_speed_is_an_exact_fraction_and_moves_no_frame(make_clip):
    clip = make_clip(30, fps=NTSC)
    fast = change_speed(clip, 1.5)
    assert fast.fps == Fraction(45000, 1001)
    assert np.array_equal(fast.frames, clip.frames)
    assert fast.duration == pytest.approx(clip.duration / 1.5)
    assert change_speed(clip, 1.0) is clip


def test_a_speed_as_blender_stores_it_is_the_one_that_was_typed(make_clip):
    assert change_speed(make_clip(5), float(np.float32(0.1))).fps == 3


def test_a_loop_can_be_made_to_end_on_a_whole_frame(make_clip):
    clip = make_clip(60)  # 59/30 s are 47.2 frames at 24 fps
    fitted = last_frame_on(clip, Fraction(24))
    assert (len(clip) - 1) / fitted.fps == Fraction(47, 24)
    whole = resample_clip(fitted, Fraction(24))
    assert np.allclose(whole.root[[0, -1]], clip.root[[0, -1]], atol=1e-6)
    assert last_frame_on(make_clip(1), Fraction(24)).fps == 30


def test_a_speed_or_rate_that_is_not_positive_is_refused(make_clip):
    with pytest.raises(ValueError, match="speed"):
        change_speed(make_clip(3), 0)
    with pytest.raises(ValueError, match="fps"):
        resample_clip(make_clip(3), Fraction(0))
