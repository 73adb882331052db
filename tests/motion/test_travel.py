"""Who carries the way across the floor: splitting it off changes nothing in the world, or takes it out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    rotation_angle,
)
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space
from reel2rig.core.motion.travel import headings, split_travel, travel_heading, travel_path, turn_about_z

UPRIGHT = quaternion_from_matrix(YUP_TO_BLENDER)


@pytest.fixture
def make_walk(make_clip):
    """A function (count, turn) of a walk with sway and bob that turns by `turn` rad/s."""

    def make(count=150, turn=0.0, start=0.0, fps=Fraction(30)):
        seconds = np.arange(count) / float(fps)
        heading = start + turn * seconds
        # Facing -Y at heading 0; to the left is +X.
        ahead = np.stack([np.sin(heading), -np.cos(heading), 0 * seconds], axis=-1)
        left = np.stack([np.cos(heading), np.sin(heading), 0 * seconds], axis=-1)
        way = np.cumsum(ahead * 1.2 / float(fps), axis=0)
        sway = 0.04 * np.sin(2 * np.pi * seconds / 1.1)[:, None] * left
        bob = np.stack([0 * seconds, 0 * seconds, 0.9 + 0.03 * np.sin(2 * np.pi * seconds / 0.55)], axis=-1)
        lean = quaternion_from_rotvec(0.1 * np.sin(2 * np.pi * seconds / 1.1)[:, None] * [0.3, 1.0, 0.5])
        clip = to_space(make_clip(count, fps=fps), "blender")
        rotations = clip.rotations.astype(float)
        rotations[:, 0] = quaternion_multiply(quaternion_multiply(turn_about_z(heading), lean), UPRIGHT)
        return clip.replace(rotations=rotations, root=way + sway + bob), way

    return make


def recomposed(clip, location, heading):
    """What Blender shows: the root bone's transform times the pelvis bone's, in world axes."""
    turn = turn_about_z(heading)
    local = quaternion_rotate(quaternion_conjugate(turn), clip.root - location)
    own = quaternion_multiply(quaternion_conjugate(turn), clip.rotations[:, 0])
    return location + quaternion_rotate(turn, local), quaternion_multiply(turn, own)


@pytest.mark.parametrize("heading_on_root", [False, True])
def test_root_and_pelvis_together_give_the_world_motion_as_it_was(make_walk, heading_on_root):
    clip, _ = make_walk(turn=0.7)
    split, location, heading = split_travel(clip, "root", heading_on_root)
    root, pelvis = recomposed(split, location, heading)
    assert np.abs(root - clip.root).max() < 1e-5
    assert rotation_angle(pelvis, clip.rotations[:, 0]).max() < 1e-5
    assert np.ptp(heading) > 2 if heading_on_root else not heading.any()


def test_the_path_follows_the_way_and_leaves_the_sway_to_the_body(make_walk):
    clip, way = make_walk()
    path = travel_path(clip)
    inner = slice(30, -30)  # a path that begins and ends under the pelvis begins and ends in mid-sway
    aside = np.abs(path[inner] - way[inner])[:, 0]
    assert aside.max() < 0.25 * 0.04
    assert (
        np.abs(np.diff(path[inner], 2, axis=0)).max()
        < 0.2 * np.abs(np.diff(clip.root[inner], 2, axis=0)).max()
    )
    assert not path[:, 2].any()


def test_the_path_begins_and_ends_straight_under_the_pelvis(make_walk):
    clip, _ = make_walk(turn=0.4)
    path = travel_path(clip)
    assert np.allclose(path[[0, -1], :2], clip.root[[0, -1], :2], atol=1e-6)


def test_a_curve_walked_slowly_is_not_cut_short(make_walk):
    clip, way = make_walk(count=240, turn=0.5)
    assert np.linalg.norm(travel_path(clip) - way, axis=-1)[30:-30].max() < 0.12


def test_in_place_the_person_stays_where_it_started_but_sways_bobs_and_turns(make_walk):
    clip, _ = make_walk(turn=0.7)
    still, location, heading = split_travel(clip, "in place", False)
    assert not location.any()
    assert not heading.any()
    assert np.linalg.norm(still.root[:, :2] - clip.root[0, :2], axis=-1).max() < 0.12
    assert np.ptp(still.root[:, :2], axis=0).max() > 0.03
    assert np.array_equal(still.root[:, 2], clip.root[:, 2])
    assert np.array_equal(still.rotations, clip.rotations)


def test_in_place_with_the_heading_the_person_also_goes_on_facing_as_it_started(make_walk):
    clip, _ = make_walk(turn=0.7, start=0.5)
    still, _, _ = split_travel(clip, "in place", True)
    assert np.ptp(headings(clip)) > 3
    assert np.abs(headings(still) - headings(clip)[0]).max() < 0.25
    joints, root = clip.joints - clip.root[:, None], still.root[:, None]
    assert np.allclose(
        np.linalg.norm(joints, axis=-1), np.linalg.norm(still.joints - root, axis=-1), atol=1e-5
    )


def test_by_default_nothing_is_changed_and_the_root_bone_stands_still(make_walk):
    clip, _ = make_walk()
    same, location, heading = split_travel(clip, "pelvis", True)
    assert same is clip
    assert not location.any()
    assert not heading.any()


def test_headings_run_on_through_several_turns(make_walk):
    clip, _ = make_walk(count=300, turn=2.0, start=3.0)
    found = headings(clip)
    assert np.abs(np.diff(found)).max() < 0.2
    assert -np.pi < found[0] <= np.pi
    assert found[-1] - found[0] == pytest.approx(299 / 30 * 2.0, abs=0.2)
    assert np.abs(np.diff(travel_heading(clip))).max() < 0.1


def test_someone_facing_the_camera_has_heading_zero(make_walk):
    clip, _ = make_walk(count=1)
    assert headings(clip)[0] == pytest.approx(0.0, abs=1e-6)
    assert headings(make_walk(count=1, start=1.0)[0])[0] == pytest.approx(1.0, abs=1e-6)


def test_lying_down_keeps_the_heading(make_walk):
    clip, _ = make_walk(count=30, start=0.8)
    rotations = clip.rotations.astype(float)
    down = quaternion_from_rotvec(np.linspace(0, np.pi / 2, 30)[:, None] * [1.0, 0.0, 0.0])
    rotations[:, 0] = quaternion_multiply(quaternion_multiply(turn_about_z(np.full(30, 0.8)), down), UPRIGHT)
    assert np.allclose(headings(clip.replace(rotations=rotations)), 0.8, atol=1e-6)


def test_missing_source_frames_count_as_time(make_walk):
    clip, _ = make_walk()
    kept = np.r_[0:60, 75:150]
    part = clip.replace(
        rotations=clip.rotations[kept], root=clip.root[kept], frames=clip.frames[kept],
        valid=clip.valid[kept], contacts=clip.contacts[kept],
    )  # fmt: skip
    assert np.abs(travel_path(part) - travel_path(clip)[kept]).max() < 0.03


def test_one_frame_travels_nowhere(make_walk):
    clip, _ = make_walk(count=1)
    _, location, _ = split_travel(clip, "root", True)
    assert np.allclose(location[0], clip.root[0] * [1, 1, 0])


def test_other_spaces_and_words_are_refused(make_clip, make_walk):
    with pytest.raises(ValueError, match="blender"):
        split_travel(make_clip(), "root", False)
    with pytest.raises(ValueError, match="sideways"):
        split_travel(make_walk(count=5)[0], "sideways", False)
