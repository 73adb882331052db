"""Feet that stand are held: no sliding, no steps at the edges, nothing changed elsewhere."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.footlock import DEEPEST, lock_feet
from reel2rig.core.motion.held_foot import BLEND_SECONDS
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.rotations import rotation_angle
from reel2rig.core.motion.skeletons import JOINT_INDEX
from walking import bent, rest_person, soles, walking_person

RATES = [24, Fraction(30000, 1001), 60, 120]
LEGS = [[JOINT_INDEX[f"{side}_{name}"] for name in ("Hip", "Knee", "Ankle")] for side in "LR"]


def slides(clip, feet):
    """Metres that points in contact move from one frame of their run to the next."""
    on = clip.contacts > 0.5
    moved = np.linalg.norm(np.diff(feet.positions(clip), axis=0), axis=-1)
    return moved[on[1:] & on[:-1]]


def jolts(points, fps):
    """m/s^2 of points (T, K, 3)."""
    return np.linalg.norm(np.diff(points.astype(float), 2, axis=0), axis=-1) * float(fps) ** 2


def near_contact(clip, seconds):
    """(T,) whether a foot stands within so many seconds."""
    standing = clip.times[(clip.contacts > 0.5).any(axis=1)]
    return np.abs(clip.times[:, None] - standing).min(axis=1) < seconds


def knee_bends(clip):
    """(T, 2) radians that knees are bent, negative backwards."""
    joints, turns = forward_kinematics(clip.rotations, clip.root, clip.rest_joints)
    bends = []
    for hip, knee, ankle in LEGS:
        thigh, shin = joints[:, knee] - joints[:, hip], joints[:, ankle] - joints[:, knee]
        across = np.sum(np.cross(thigh, shin) * turns[:, hip, :, 0], axis=-1)
        bends.append(np.arctan2(across, np.sum(thigh * shin, axis=-1)))
    return np.stack(bends, axis=1)


@pytest.mark.parametrize("fps", RATES)
def test_feet_in_contact_slide_before_and_stand_still_after(fps):
    clip = walking_person(fps=fps, seed=1)
    feet = soles(clip)
    assert slides(clip, feet).max() * float(fps) > 0.3
    assert slides(lock_feet(clip, feet), feet).max() < 1e-4


@pytest.mark.parametrize("seed", [None, 2])
def test_what_stands_stands_on_the_floor(seed):
    clip = walking_person(seed=seed)
    feet = soles(clip)
    heights = feet.positions(lock_feet(clip, feet))[..., 2]
    assert np.abs(heights[clip.contacts > 0.5]).max() < 2e-4
    # What rolls over a foot that stands may not sink beyond what the captured motion did.
    assert heights.min() > feet.positions(clip)[..., 2].min() - 0.005


def test_half_the_strength_goes_half_the_way():
    clip = walking_person(seed=3)
    feet = soles(clip)
    half = slides(lock_feet(clip, feet, 0.5), feet).mean() / slides(clip, feet).mean()
    assert half == pytest.approx(0.5, abs=0.1)
    assert lock_feet(clip, feet, 0.0) is clip


@pytest.mark.parametrize("fps", RATES)
def test_nothing_changes_beyond_the_blend(fps):
    clip = walking_person(4.0, fps)
    contacts = clip.contacts * ((clip.times > 1.2) & (clip.times < 2.4))[:, None]
    clip = clip.replace(contacts=contacts)
    locked = lock_feet(clip, soles(clip))
    near = near_contact(clip, BLEND_SECONDS)
    assert 0.2 < near.mean() < 0.6
    assert np.array_equal(locked.rotations[~near], clip.rotations[~near])
    assert np.array_equal(locked.root[~near], clip.root[~near])
    upper = [JOINT_INDEX[name] for name in ("Pelvis", "Spine2", "Head", "L_Wrist", "R_Elbow")]
    assert np.array_equal(locked.rotations[:, upper], clip.rotations[:, upper])


@pytest.mark.parametrize("fps", RATES)
def test_feet_go_over_into_the_hold_and_out_of_it_without_a_jolt(fps):
    clip = walking_person(fps=fps)
    feet = soles(clip)
    before, after = jolts(feet.positions(clip), fps), jolts(feet.positions(lock_feet(clip, feet)), fps)
    assert after.max() < 1.6 * before.max()
    assert np.percentile(after, 90) < 1.6 * np.percentile(before, 90)


def test_knees_bend_the_way_they_did():
    clip = walking_person(seed=4)
    locked = lock_feet(clip, soles(clip))
    before, after = knee_bends(clip), knee_bends(locked)
    assert after.min() > 0.0
    assert np.abs(after - before).max() < np.radians(40)
    speed = rotation_angle(locked.rotations[1:, 4:6], locked.rotations[:-1, 4:6])
    captured = rotation_angle(clip.rotations[1:, 4:6], clip.rotations[:-1, 4:6])
    assert speed.max() < 2.0 * captured.max()


def test_a_knee_that_is_captured_bent_backwards_is_held_bent_forwards():
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Knee", (1.0, 0.0, 0.0), np.full(60, -0.08))
    drift = np.linspace(0.0, 0.05, 60)[:, None] * [1.0, 0.0, 0.0]
    contacts = np.repeat(((np.arange(60) > 15) & (np.arange(60) < 45))[:, None], 4, axis=1)
    clip = clip.replace(rotations=rotations, root=clip.root + drift - [0, 0, 0.01], contacts=contacts)
    after = knee_bends(lock_feet(clip, soles(clip)))[:, 0]
    assert after[20:40].min() > 0.0
    before = knee_bends(clip)[:, 0]
    assert before.max() < 0.0
    assert np.allclose(after[[0, -1]], before[[0, -1]])


def test_a_leg_out_of_reach_is_helped_by_the_pelvis_and_never_torn():
    clip = walking_person()
    raised = clip.root + np.array([0.0, 0.0, 0.09]) * (np.abs(clip.times - 1.6) < 0.4)[:, None]
    clip = clip.replace(root=raised)
    feet = soles(clip)
    locked = lock_feet(clip, feet)
    lowered = clip.root[:, 2] - locked.root[:, 2]
    assert 0.01 < lowered.max() <= DEEPEST + 1e-6
    assert lowered.min() >= -1e-6
    for hip, knee, ankle in LEGS:
        bones = locked.rest_joints[[knee, ankle]] - locked.rest_joints[[hip, knee]]
        reach = np.linalg.norm(locked.joints[:, ankle] - locked.joints[:, hip], axis=-1)
        assert reach.max() <= np.linalg.norm(bones, axis=-1).sum() + 1e-5
    steps = np.abs(np.diff(lowered)) * 30
    assert steps.max() < 0.5  # m/s


def test_a_person_on_a_roof_stays_on_it():
    clip = walking_person(seed=5)
    clip = clip.replace(root=clip.root + np.array([0.0, 0.0, 2.4]))
    feet = soles(clip)
    heights = feet.positions(lock_feet(clip, feet))[..., 2][clip.contacts > 0.5]
    assert np.ptp(heights) < 2e-4
    assert heights.mean() == pytest.approx(2.4, abs=0.03)


def test_a_heel_alone_lets_the_foot_roll_as_it_was_seen():
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Ankle", (1.0, 0.0, 0.0), -0.3 + 0.2 * np.sin(np.arange(60) / 8))
    contacts = np.zeros((60, 4))
    contacts[10:50, 0] = 1
    drift = np.linspace(0.0, 0.05, 60)[:, None] * [0.0, -1.0, 0.0]
    clip = clip.replace(rotations=rotations, root=clip.root + drift - [0, 0, 0.02], contacts=contacts)
    feet = soles(clip)
    locked = lock_feet(clip, feet)
    assert slides(locked, feet).max() < 1e-4
    turns = [forward_kinematics(c.rotations, c.root, c.rest_joints)[1][:, 7] for c in (clip, locked)]
    assert np.abs(turns[0][10:50] - turns[1][10:50]).max() < 1e-5


def test_a_foot_that_goes_straight_over_from_heel_to_toe_does_not_leap():
    clip = walking_person()
    contacts = np.array(clip.contacts)
    contacts[:, 1] *= contacts[:, 0] == 0
    contacts[:, 3] *= contacts[:, 2] == 0
    clip = clip.replace(contacts=contacts)
    feet = soles(clip)
    ankles = [LEGS[0][2], LEGS[1][2]]
    after = jolts(lock_feet(clip, feet).joints[:, ankles], 30)
    assert slides(lock_feet(clip, feet), feet).max() < 1e-3
    assert after.max() < 1.25 * jolts(clip.joints[:, ankles], 30).max()


def test_held_gaps_are_left_alone_and_bridged_ones_keep_their_feet():
    clip = walking_person(5.0, seed=6)
    valid = np.ones(len(clip), dtype=bool)
    valid[30:34], valid[60:100] = False, False
    clip = clip.replace(valid=valid)
    feet = soles(clip)
    locked = lock_feet(clip, feet)
    assert np.array_equal(locked.rotations[60:100], clip.rotations[60:100])
    assert np.array_equal(locked.root[60:100], clip.root[60:100])
    apart = np.r_[0:60, 100 : len(clip)]
    on = clip.contacts[apart] > 0.5
    moved = np.linalg.norm(np.diff(feet.positions(locked)[apart], axis=0), axis=-1)
    moved[59] = 0.0  # from one side of the gap to the other
    assert moved[on[1:] & on[:-1]].max() < 1e-4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_clips_can_be_locked(count):
    clip = rest_person(count, contacts=np.ones((count, 4)))
    locked = lock_feet(clip, soles(clip))
    assert np.allclose(locked.joints, clip.joints, atol=0.03)


def test_without_contacts_the_clip_is_given_back():
    clip = rest_person(20)
    assert lock_feet(clip, soles(clip)) is clip


def test_feet_are_locked_in_blender_space_alone(make_clip):
    clip = make_clip()
    with pytest.raises(ValueError, match="world_yup"):
        lock_feet(clip, soles(rest_person(3)))
