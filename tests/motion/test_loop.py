"""A loop closes in pose and velocity, and touches nothing far from its seam."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.loop import LoopTooShort, make_loop
from reel2rig.core.motion.rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_to_rotvec,
    rotation_angle,
)
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space
from reel2rig.core.motion.travel import headings, split_travel, turn_about_z

RATE = Fraction(120)  # fine steps: velocities are differences of neighbouring frames


@pytest.fixture
def walk(make_clip):
    """Two seconds that end in another pose, at another speed and height than they began, facing one way."""
    clip = to_space(make_clip(240, fps=RATE), "blender")
    seconds = np.arange(240)[:, None] / 120
    rng = np.random.default_rng(5)
    ways, paces = rng.normal(0, 0.4, (24, 3)), rng.uniform(0.3, 0.8, (24, 1))
    swing = ways * np.sin(2 * np.pi * paces * seconds[:, None] + rng.uniform(0, 6, (24, 1)))
    rotations = quaternion_from_rotvec(swing)
    upright = quaternion_from_matrix(YUP_TO_BLENDER)
    lean = quaternion_from_rotvec(np.sin(3 * seconds) * [0.2, 0.1, 0.0])
    rotations[:, 0] = quaternion_multiply(lean, upright)
    root = np.concatenate([0.1 * np.sin(seconds), -1.3 * seconds - 0.1 * seconds**2, 0.9 + 0.02 * seconds], 1)
    return clip.replace(rotations=rotations, root=root)


def turning(clip, frame):
    """(24, 3) radians from `frame` to the next."""
    now, then = clip.rotations[frame], clip.rotations[frame + 1]
    return quaternion_to_rotvec(quaternion_multiply(quaternion_conjugate(now), then))


@pytest.mark.parametrize("keep_travel", [True, False])
def test_pose_and_velocity_go_on_across_the_seam(walk, keep_travel):
    loop = make_loop(walk, 0.6, keep_travel)
    assert rotation_angle(loop.rotations[-1], loop.rotations[0]).max() < 1e-3
    assert loop.root[-1, 2] == pytest.approx(loop.root[0, 2], abs=1e-6)
    jump = np.linalg.norm(turning(walk, -2) - turning(walk, 0), axis=-1)
    assert np.linalg.norm(turning(loop, -2) - turning(loop, 0), axis=-1).max() < 0.15 * jump.max()
    steps, before = np.diff(loop.root, axis=0), np.diff(walk.root, axis=0)
    assert np.linalg.norm(steps[-1] - steps[0]) < 0.15 * np.linalg.norm(before[-1] - before[0])


def test_the_way_of_one_cycle_is_the_way_of_the_clip(walk):
    loop = make_loop(walk, 0.5)
    way, before = loop.root[-1] - loop.root[0], walk.root[-1] - walk.root[0]
    assert np.allclose(way[:2], before[:2], atol=0.02)
    assert way[2] == pytest.approx(0, abs=1e-6)


def test_without_travel_the_way_is_closed_too(walk):
    loop = make_loop(walk, 0.5, keep_travel=False)
    assert np.allclose(loop.root[-1], loop.root[0], atol=1e-6)


def test_far_from_the_seam_nothing_changes_when_the_ends_face_one_way(walk):
    facing = quaternion_multiply(turn_about_z(headings(walk)[0] - headings(walk))[-1], walk.rotations[-1, 0])
    rotations = walk.rotations.astype(float)
    rotations[-1, 0] = facing
    clip = walk.replace(rotations=rotations)
    loop = make_loop(clip, 0.5)
    middle = slice(31, -31)
    assert rotation_angle(loop.rotations[middle], clip.rotations[middle]).max() < 1e-3
    assert np.allclose(loop.root[middle], clip.root[middle], atol=1e-5)
    assert np.array_equal(loop.frames, clip.frames)


def test_a_heading_that_drifts_is_straightened_over_the_whole_clip(walk):
    rotations = walk.rotations.astype(float)
    drift = turn_about_z(np.linspace(0, 0.5, len(walk)))
    rotations[:, 0] = quaternion_multiply(drift, rotations[:, 0])
    loop = make_loop(walk.replace(rotations=rotations), 0.4)
    assert headings(loop)[-1] == pytest.approx(headings(loop)[0], abs=1e-4)
    assert np.abs(np.diff(headings(loop))).max() < 0.02


def test_a_full_turn_within_a_cycle_stays_a_full_turn(walk):
    rotations = walk.rotations.astype(float)
    spin = turn_about_z(np.linspace(0, 2 * np.pi, len(walk)))
    rotations[:, 0] = quaternion_multiply(spin, rotations[:, 0])
    loop = make_loop(walk.replace(rotations=rotations), 0.5)
    assert headings(loop)[-1] - headings(loop)[0] == pytest.approx(2 * np.pi, abs=1e-3)
    assert rotation_angle(loop.rotations[-1], loop.rotations[0]).max() < 1e-3
    assert np.abs(np.diff(headings(loop))).max() < 0.1


def test_the_seam_stays_closed_when_the_root_bone_takes_the_way(walk):
    loop = make_loop(walk, 0.5)
    _, path, _ = split_travel(loop, "root", True)
    assert np.allclose((loop.root - path)[-1], (loop.root - path)[0], atol=1e-5)
    still, _, _ = split_travel(loop, "in place", True)
    assert np.allclose(still.root[-1], still.root[0], atol=1e-5)


def test_contacts_of_the_last_frame_are_those_of_the_first(walk):
    loop = make_loop(walk, 0.5)
    assert np.array_equal(loop.contacts[-1], walk.contacts[0])
    assert np.array_equal(loop.contacts[:-1], walk.contacts[:-1])


def test_no_blend_closes_the_last_frame_alone(walk):
    loop = make_loop(walk, 0.0)
    assert rotation_angle(loop.rotations[:, 5], walk.rotations[:, 5])[:-1].max() < 1e-3
    assert rotation_angle(loop.rotations[-1], loop.rotations[0]).max() < 1e-3


def test_a_blend_longer_than_the_clip_is_cut_to_it(walk):
    long, whole = make_loop(walk, 10.0), make_loop(walk, float(walk.times[-1]))
    assert np.array_equal(long.rotations, whole.rotations)


def test_other_spaces_loop_the_same(walk):
    loop = make_loop(to_space(walk, "world_yup"), 0.5)
    assert loop.space == "world_yup"
    assert np.allclose(to_space(loop, "blender").root, make_loop(walk, 0.5).root, atol=1e-5)


def test_three_frames_are_refused_with_a_sentence(make_clip):
    with pytest.raises(LoopTooShort, match="3 frames"):
        make_loop(make_clip(3), 0.5)
    assert len(make_loop(make_clip(4), 0.5)) == 4
