"""Jumps away and back are bridged; whatever a body can do is left alone."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.cleanup.spikes import remove_spikes
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply, rotation_angle
from reel2rig.core.motion.skeletons import JOINT_INDEX
from walking import bent, rest_person, walking_person

RATES = [24, Fraction(30000, 1001), 50, 60, 120]
ELBOW, NECK = JOINT_INDEX["R_Elbow"], JOINT_INDEX["Neck"]


def jump(clip, joint, start, count, degrees, axis=(0.6, 0.0, 0.8)):
    """The clip with a joint turned away for `count` frames."""
    rotations = clip.rotations.astype(float)
    turn = quaternion_from_rotvec(np.radians(degrees) * np.array(axis))
    rotations[start : start + count, joint] = quaternion_multiply(
        rotations[start : start + count, joint], turn
    )
    return clip.replace(rotations=rotations)


def same(first, second):
    return np.array_equal(first.rotations, second.rotations) and np.array_equal(first.root, second.root)


def strike(fps, seconds, rise=0.13, fall=0.2):
    """(T,) of something that rests, is out within `rise` seconds, back after `fall` more, and rests."""
    times = np.arange(round(seconds * float(fps))) / float(fps) - 0.5 * seconds
    out = 0.5 - 0.5 * np.cos(np.pi * np.clip((times + rise) / rise, 0, 1))
    back = 0.5 + 0.5 * np.cos(np.pi * np.clip(times / fall, 0, 1))
    return np.where(times < 0, out, back)


def punch(fps):
    clip = rest_person(round(2 * float(fps)), fps)
    rotations, swing = clip.rotations.astype(float), strike(fps, 2)
    bent(rotations, "R_Elbow", (0.0, 1.0, 0.0), 2.0 * (1.0 - swing))
    bent(rotations, "R_Shoulder", (0.0, 1.0, 0.0), 1.2 * swing)
    bent(rotations, "Spine2", (0.0, 1.0, 0.0), 0.5 * swing)
    return clip.replace(rotations=rotations)


def clap(fps):
    """Hands that meet at full speed and fly apart again: no gentle turning point anywhere."""
    clip = rest_person(round(2 * float(fps)), fps)
    rotations = clip.rotations.astype(float)
    apart = np.abs((clip.times * 3.0) % 1.0 - 0.5) * 2.0
    for side, sign in (("L", -1.0), ("R", 1.0)):
        bent(rotations, f"{side}_Shoulder", (0.0, 1.0, 0.0), sign * (1.4 - apart))
    return clip.replace(rotations=rotations)


def leap(fps):
    """A crouch and a ballistic flight of 0.5 s, with a hard landing."""
    clip = rest_person(round(2 * float(fps)), fps)
    t = clip.times - 0.7
    height = np.where((t > 0) & (t < 0.5), 9.81 / 2 * t * (0.5 - t), 0.0)
    height -= 0.25 * np.exp(-((t / 0.15) ** 2)) + 0.2 * np.exp(-(((t - 0.55) / 0.06) ** 2))
    return clip.replace(root=clip.root + height[:, None] * [0.0, 0.0, 1.0])


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("motion", [punch, clap, leap])
def test_fast_motions_survive_the_greatest_eagerness(motion, fps):
    clip = motion(fps)
    assert same(remove_spikes(clip, 1.0), clip)


@pytest.mark.parametrize("fps", RATES)
def test_a_walk_that_trembles_is_left_alone(fps):
    clip = walking_person(fps=fps, seed=8)
    assert same(remove_spikes(clip, 1.0), clip)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("seconds", [0.0, 1 / 30, 0.08])
def test_a_joint_that_jumps_away_and_returns_is_brought_back(fps, seconds):
    clip = walking_person(fps=fps)
    frames = max(1, round(seconds * float(fps)))
    broken = jump(jump(clip, ELBOW, len(clip) // 3, frames, 40), NECK, len(clip) // 2, frames, -70)
    mended = remove_spikes(broken, 0.5)
    assert rotation_angle(broken.rotations, clip.rotations).max() > 0.6
    assert np.degrees(rotation_angle(mended.rotations, clip.rotations)).max() < 2.0


@pytest.mark.parametrize("fps", RATES)
def test_a_path_that_jumps_away_and_returns_is_brought_back(fps):
    clip = walking_person(fps=fps)
    frames, root = max(1, round(float(fps) / 30)), clip.root.astype(float)
    root[40 : 40 + frames] += [0.1, 0.3, -0.1]
    mended = remove_spikes(clip.replace(root=root), 0.5)
    assert np.abs(mended.root - clip.root).max() < 0.02


def test_a_flip_of_the_whole_body_is_brought_back():
    clip = walking_person()
    mended = remove_spikes(jump(clip, 0, 30, 1, 175, (0.0, 1.0, 0.0)), 0.3)
    assert np.degrees(rotation_angle(mended.rotations, clip.rotations)).max() < 1.0


def test_a_jump_in_the_middle_of_a_fast_motion_is_brought_back():
    clip = punch(60)
    mended = remove_spikes(jump(clip, NECK, 60, 1, 30), 0.6)
    assert rotation_angle(mended.rotations, clip.rotations).max() < 1e-3


def test_the_more_eager_the_smaller_the_jumps_that_are_found():
    clip = walking_person()
    broken = clip
    for number, degrees in enumerate((8, 16, 24, 32, 60)):
        broken = jump(broken, NECK, 15 + 15 * number, 1, degrees)

    def left(strength):
        return (rotation_angle(remove_spikes(broken, strength).rotations, clip.rotations) > 0.1).sum()

    found = [left(strength) for strength in (0.0, 0.05, 0.4, 0.7, 1.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 5
    assert found[1] in (3, 4)
    assert found[-1] == 0


def test_who_jumps_to_another_place_and_stays_there_is_not_pulled_back():
    clip = rest_person(60)
    root = clip.root.astype(float)
    root[30:] += [1.0, 0.0, 0.0]
    there = clip.replace(root=root)
    assert same(remove_spikes(there, 1.0), there)


def test_nothing_is_bridged_across_a_gap():
    clip = walking_person(4.0)
    valid = np.ones(len(clip), dtype=bool)
    valid[50:52] = False
    broken = jump(clip.replace(valid=valid), ELBOW, 50, 2, 60)
    assert same(remove_spikes(broken, 1.0), broken)


def test_no_strength_gives_the_clip_back():
    clip = jump(walking_person(), ELBOW, 20, 1, 90)
    assert remove_spikes(clip, 0.0) is clip


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_the_shortest_clips_pass(count):
    assert len(remove_spikes(rest_person(count), 1.0)) == count
