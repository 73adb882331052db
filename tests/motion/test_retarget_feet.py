"""Feet of any rig stand where the person's feet stand, on the floor, on legs of any length."""

from dataclasses import replace

import numpy as np
import pytest
from reel2rig.core.motion.footlock import lock_feet
from reel2rig.core.motion.retarget.anatomy import Anatomy
from reel2rig.core.motion.retarget.feet import DEEPEST
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.smpl_source import source_of_clip
from reel2rig.core.motion.retarget.soles import HUMAN_LEG, Soles
from reel2rig.core.motion.retarget.standing import sample_rate, standing_points
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply, quaternion_rotate
from retargeted import degrees_between, known_map, moved_rig, play
from rigs import rig_skeleton
from walking import bent, rest_person, soles, walking_person

RIGS = [("mixamo", "T"), ("makehuman", "rest"), ("cmu", "rest"), ("unreal", "A"), ("game_engine", "A")]
SIDES = ("left", "right")


def soles_of(rig):
    """(T, 4, 3) left heel, left toe, right heel, right toe, and (4,) how high they are at rest, metres."""
    rig_map = known_map(rig.rest)
    rest = Soles.of(Anatomy(rig.rest, rig_map))
    points = []
    for side in SIDES:
        foot, toes = rig_map.bones[f"{side}Foot"][0], rig_map.bones[f"{side}Toes"][0]
        points += [rig.point(foot, rest.feet[side][0]), rig.point(toes, rest.feet[side][1])]
    return np.stack(points, axis=1)


def standing(source):
    return standing_points(source, Anatomy(source.skeleton, source.rig_map))


def slides(points, on):
    """Metres that points in contact move from one frame of their run to the next."""
    return np.linalg.norm(np.diff(points, axis=0), axis=-1)[on[1:] & on[:-1]]


def knees(rig):
    """(T, 2) degrees that knees are bent, negative backwards."""
    rig_map, bends = known_map(rig.rest), []
    for side in SIDES:
        hip, knee, ankle = (rig_map.bones[f"{side}{part}"][0] for part in ("UpperLeg", "LowerLeg", "Foot"))
        thigh, shin = rig.heads[knee] - rig.heads[hip], rig.heads[ankle] - rig.heads[knee]
        across = np.sum(np.cross(thigh, shin) * rig.turned(hip, [1.0, 0.0, 0.0]), axis=-1)
        bends.append(np.sign(across) * degrees_between(thigh, shin))
    return np.stack(bends, axis=1)


@pytest.mark.parametrize(("kind", "pose"), RIGS)
@pytest.mark.parametrize("seed", [None, 1])
def test_feet_that_stand_do_not_slide(kind, pose, seed):
    source = source_of_clip(walking_person(seed=seed))
    on = standing(source)
    loose = slides(soles_of(play(source, rig_skeleton(kind, pose), feet=False)), on)
    held = slides(soles_of(play(source, rig_skeleton(kind, pose))), on)
    assert loose.max() > 0.004
    assert held.max() < 0.001


@pytest.mark.parametrize(("kind", "pose"), RIGS)
def test_no_sole_goes_through_the_floor_and_those_that_stand_touch_it(kind, pose):
    source = source_of_clip(walking_person(seed=2))
    heights = soles_of(play(source, rig_skeleton(kind, pose)))[..., 2]
    assert heights.min() > -0.001
    assert np.abs(heights[standing(source)]).max() < 0.001


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_the_size_of_a_rig_makes_no_difference_to_its_feet(scale):
    source = source_of_clip(walking_person(seed=3))
    rest = moved_rig(rig_skeleton("mixamo"), 0.0, scale, np.zeros(3))
    assert slides(soles_of(play(source, rest)), standing(source)).max() < 0.001 * scale


@pytest.mark.parametrize("height", [2.0, -1.5])
def test_a_floor_at_another_height_is_found_under_the_object(height):
    source = source_of_clip(walking_person(seed=4))
    rest = moved_rig(rig_skeleton("mixamo"), 90.0, 1.0, np.array([1.0, 2.0, height]))
    heights = soles_of(play(source, rest))[..., 2]
    assert np.abs(heights[standing(source)] - height).max() < 0.001


def test_a_rig_whose_origin_is_at_its_hips_stands_on_its_soles():
    rest = rig_skeleton("mixamo")
    rest = replace(rest, heads=rest.heads - [0, 0, 0.95], tails=rest.tails - [0, 0, 0.95])
    assert Soles.of(Anatomy(rest, known_map(rest))).floor == pytest.approx(-0.95, abs=0.03)


def test_feet_go_over_into_the_hold_and_out_of_it_without_a_jolt():
    source = source_of_clip(walking_person())
    rest = rig_skeleton("mixamo")
    loose, held = (
        np.linalg.norm(np.diff(soles_of(play(source, rest, feet=feet)), 2, axis=0), axis=-1)
        for feet in (False, True)
    )
    assert held.max() < 1.5 * loose.max()
    assert np.percentile(held, 90) < 1.5 * np.percentile(loose, 90)


def test_a_foot_that_turns_on_its_heel_turns_with_the_source_and_not_all_at_once():
    clip = rest_person(90)
    heel = soles(clip).positions(clip)[:, 2]
    angle = np.radians(70.0) / (1.0 + np.exp(-(np.arange(90) - 45.0) / 2.0))
    turn = quaternion_from_rotvec(angle[:, None] * [0.0, 0.0, 1.0])
    rotations = clip.rotations.astype(float)
    rotations[:, 0] = quaternion_multiply(turn, rotations[:, 0])
    root = heel + quaternion_rotate(turn, clip.root - heel)
    contacts = np.repeat([[False, False, True, True]], 90, axis=0)
    rig = play(
        source_of_clip(clip.replace(rotations=rotations, root=root, contacts=contacts)),
        rig_skeleton("mixamo"),
    )
    ahead = rig.turned("mixamorig:RightFoot", [0.0, -1.0, 0.0])
    steps = degrees_between(ahead[1:], ahead[:-1])
    assert steps.max() < 1.15 * np.degrees(np.diff(angle).max())
    assert np.abs(degrees_between(ahead, ahead[:1]) - np.degrees(angle)).max() < 4.0
    assert slides(soles_of(rig), contacts & [False, False, True, False]).max() < 0.002


def test_far_from_any_contact_nothing_is_changed():
    clip = walking_person(4.0)
    clip = clip.replace(contacts=clip.contacts * (clip.times < 1.5)[:, None])
    loose, held = (play(source_of_clip(clip), rig_skeleton("mixamo"), feet=feet) for feet in (False, True))
    above = soles_of(loose)[..., 2].min(axis=1) > 0.0
    far = (clip.times > 2.2) & above
    assert far.sum() > 3
    for bone in ("mixamorig:LeftUpLeg", "mixamorig:RightLeg", "mixamorig:LeftFoot", "mixamorig:Hips"):
        assert np.allclose(held.axes[bone][far], loose.axes[bone][far], atol=1e-6)


def test_a_knee_that_was_captured_bent_backwards_is_kept_until_it_stands():
    clip = rest_person(90)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Knee", (1.0, 0.0, 0.0), np.full(90, -0.12))
    contacts = np.repeat(((np.arange(90) > 30) & (np.arange(90) < 60))[:, None], 4, axis=1)
    drift = np.linspace(0.0, 0.05, 90)[:, None] * [1.0, 0.0, 0.0] - [0.0, 0.0, 0.02]
    clip = clip.replace(rotations=rotations, root=clip.root + drift, contacts=contacts)
    rest = rig_skeleton("mixamo")
    loose, held = (knees(play(source_of_clip(clip), rest, feet=feet))[:, 0] for feet in (False, True))
    assert loose.max() < 0.0
    assert held[35:55].min() > 0.0
    assert np.abs(np.diff(held)).max() < 8.0


def test_hips_are_lowered_smoothly_where_legs_are_too_short():
    source = source_of_clip(walking_person())
    rest = rig_skeleton("mixamo")
    loose, held = (
        play(source, rest, scale=1.4, feet=feet).heads["mixamorig:Hips"][:, 2] for feet in (False, True)
    )
    lowered = loose - held
    deepest = DEEPEST / HUMAN_LEG * Anatomy(rest, known_map(rest)).leg_length
    assert lowered.min() > -1e-6
    assert 0.005 < lowered.max() < deepest + 1e-6
    assert np.abs(np.diff(lowered)).max() < 0.03


def test_who_cannot_reach_the_floor_is_told_how_often():
    source, rest = source_of_clip(walking_person()), rig_skeleton("mixamo")
    assert play(source, rest).target.notes == ()
    (note,) = play(source, rest, scale=3.0).target.notes
    assert "smaller scale" in note


def test_a_toe_that_would_sink_beside_a_heel_that_stands_is_tilted_up():
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    bent(rotations, "L_Ankle", (1.0, 0.0, 0.0), np.full(60, 0.2))
    contacts = np.zeros((60, 4))
    contacts[10:50, :2] = 1
    source = source_of_clip(clip.replace(rotations=rotations, contacts=contacts))
    heights = soles_of(play(source, rig_skeleton("mixamo")))[:, :2, 2]
    assert heights.min() > -5e-4


def test_in_place_feet_slide_back_as_fast_as_the_body_would_have_gone():
    source, rest = source_of_clip(walking_person(seed=5)), rig_skeleton("mixamo")
    way, still = play(source, rest), play(source, rest, travel="in place")
    gone = way.heads["mixamorig:Hips"] - still.heads["mixamorig:Hips"]
    assert np.allclose(soles_of(way), soles_of(still) + gone[:, None], atol=1e-6)


def test_the_feet_of_a_source_that_walks_in_place_are_not_held():
    clip = walking_person()
    still = clip.replace(root=clip.root * [0.0, 0.0, 1.0])
    rest = rig_skeleton("mixamo")
    assert not standing(source_of_clip(still))[5:-5].any()
    loose, kept = (play(source_of_clip(still), rest, feet=feet) for feet in (False, True))
    turned = [degrees_between(*(rig.axes["mixamorig:LeftUpLeg"][..., 1] for rig in (loose, kept)))]
    assert np.max(turned) < 3.0


def test_horizontal_keeps_feet_on_the_floor_under_a_body_that_crouched():
    clip = rest_person(60)
    rotations = clip.rotations.astype(float)
    phase = 0.5 - 0.5 * np.cos(np.linspace(0.0, 2.0 * np.pi, 60))
    for side in "LR":
        bent(rotations, f"{side}_Hip", (1.0, 0.0, 0.0), -0.9 * phase)
        bent(rotations, f"{side}_Knee", (1.0, 0.0, 0.0), 1.8 * phase)
        bent(rotations, f"{side}_Ankle", (1.0, 0.0, 0.0), -0.9 * phase)
    clip = clip.replace(rotations=rotations, contacts=np.ones((60, 4)))
    low = clip.joints[:, 7, 2] - clip.joints[0, 7, 2]
    source = source_of_clip(clip.replace(root=clip.root - low[:, None] * [0.0, 0.0, 1.0]))
    rig = play(source, rig_skeleton("mixamo"), travel="horizontal")
    assert np.ptp(source.heads["Pelvis"][:, 2]) > 0.25
    assert np.ptp(rig.heads["mixamorig:Hips"][:, 2]) < 0.03
    assert np.abs(soles_of(rig)[..., 2]).max() < 0.005


def test_feet_that_no_bone_plays_are_left_to_the_shins():
    source, rest = source_of_clip(walking_person()), rig_skeleton("mixamo")
    rig_map = known_map(rest)
    footless = {role: row for role, row in rig_map.bones.items() if not role.endswith(("Foot", "Toes"))}
    target = play(source, rest, RigMap("footless", footless)).target
    assert "no feet" in target.notes[0]
    assert "mixamorig:LeftFoot" not in target.turns


def test_contacts_that_nobody_told_are_found():
    clip = walking_person()
    clip = lock_feet(clip, soles(clip))
    told, found = (
        standing(replace(source_of_clip(clip), contacts=given))
        for given in (source_of_clip(clip).contacts, None)
    )
    assert (told == found).mean() > 0.8
    assert found.any(axis=0).all()


def test_frames_that_are_held_do_not_stand():
    clip = walking_person(4.0)
    valid = np.ones(len(clip), dtype=bool)
    valid[40:90] = False
    source = source_of_clip(clip.replace(valid=valid))
    assert source.held[40:90].all()
    assert not standing(source)[40:90].any()
    assert np.isfinite(soles_of(play(source, rig_skeleton("mixamo")))).all()


@pytest.mark.parametrize(("step", "fps", "rate"), [(1.0, 30.0, 30.0), (0.4, 24.0, 60.0), (2.0, 60.0, 30.0)])
def test_the_rate_is_that_of_the_samples_however_they_lie_on_the_scenes_frames(step, fps, rate):
    source = source_of_clip(walking_person())
    frames = 10.0 + step * np.arange(len(source.frames))
    assert sample_rate(replace(source, frames=frames, fps=fps)) == pytest.approx(rate)
