"""What a person does is done by any rig: limbs in the world, everything else from the rig's own posture."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.retarget.anatomy import UnfitRig
from reel2rig.core.motion.retarget.options import BadRetarget
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.smpl_source import source_of_clip
from reel2rig.core.motion.rotations import (
    quaternion_conjugate,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    quaternion_to_matrix,
    rotation_angle,
)
from retargeted import dancing_person, degrees_between, known_map, moved_rig, play
from rigs import rig_skeleton
from walking import rest_person, walking_person

RIGS = [
    ("mixamo", "T", "own"),
    ("mixamo", "A", "odd"),
    ("makehuman", "rest", "own"),
    ("game_engine", "A", "own"),
    ("cmu", "rest", "odd"),
    ("unreal", "A", "own"),
    ("vrm", "T", "odd"),
    ("unity", "T", "own"),
]
JOINTS = {"leftArm": ("L_Shoulder", "L_Elbow", "L_Wrist"), "rightLeg": ("R_Hip", "R_Knee", "R_Ankle")}
DANCE = source_of_clip(dancing_person())


def bones_of(rig, limb):
    """Upper limb, lower limb and what follows."""
    rig_map = known_map(rig.rest)
    side, part = limb[:-3], limb[-3:]
    return [
        rig_map.bones[side + role][0]
        for role in (f"Upper{part}", f"Lower{part}", "Hand" if part == "Arm" else "Foot")
    ]


def matrices(source, joint):
    return quaternion_to_matrix(source.turns[joint])


@pytest.mark.parametrize(("kind", "pose", "rolls"), RIGS)
@pytest.mark.parametrize("limb", JOINTS)
def test_limbs_point_where_the_source_points(kind, pose, rolls, limb):
    rig = play(DANCE, rig_skeleton(kind, pose, rolls), feet=False)
    upper, lower, end = (rig.heads[bone] for bone in bones_of(rig, limb))
    first, second, third = (DANCE.heads[joint] for joint in JOINTS[limb])
    assert degrees_between(lower - upper, second - first).max() < 0.02
    assert degrees_between(end - lower, third - second).max() < 0.02


@pytest.mark.parametrize(("kind", "pose", "rolls"), RIGS)
def test_knees_and_elbows_bend_about_the_axis_that_the_source_bends_them_about(kind, pose, rolls):
    rig = play(DANCE, rig_skeleton(kind, pose, rolls), feet=False)
    for limb, joints in JOINTS.items():
        upper, lower, end = (rig.heads[bone] for bone in bones_of(rig, limb))
        first, second, third = (DANCE.heads[joint] for joint in joints)
        bends = degrees_between(second - first, third - second) > 20
        axis, wanted = np.cross(lower - upper, end - lower), np.cross(second - first, third - second)
        assert bends.sum() > 10
        assert degrees_between(axis, wanted)[bends].max() < 0.5


@pytest.mark.parametrize(("kind", "pose", "rolls"), RIGS)
def test_kneecaps_look_where_the_source_has_them(kind, pose, rolls):
    rig = play(DANCE, rig_skeleton(kind, pose, rolls), feet=False)
    rest = rig.rest
    for limb, joint in (("leftLeg", "L_Hip"), ("rightLeg", "R_Hip")):
        thigh, shin, _ = bones_of(rig, limb)
        way = rest.heads[rest.index[shin]] - rest.heads[rest.index[thigh]]
        ahead = np.array([0.0, -1.0, 0.0]) + way * way[1] / (way @ way)
        seen = rig.turned(thigh, ahead)
        wanted = matrices(DANCE, joint) @ [0.0, -1.0, 0.0]
        along = DANCE.heads[joint.replace("Hip", "Knee")] - DANCE.heads[joint]
        along /= np.linalg.norm(along, axis=-1, keepdims=True)
        across = wanted - np.sum(wanted * along, axis=-1, keepdims=True) * along
        assert degrees_between(seen, across).max() < 5


@pytest.mark.parametrize(("kind", "pose", "rolls"), [rig for rig in RIGS if rig[0] != "cmu"])
def test_palms_look_where_the_source_has_them(kind, pose, rolls):
    rig = play(DANCE, rig_skeleton(kind, pose, rolls), feet=False)
    bones = known_map(rig.rest).bones
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hand = bones[f"{side}Hand"][0]
        wrist, index, middle, little = (
            rig.rest.heads[rig.rest.index[bone]]
            for bone in (hand, *(bones[f"{side}{finger}"][0] for finger in ("Index", "Middle", "Little")))
        )
        palm = rig.turned(hand, sign * np.cross(little - index, middle - wrist))
        # SMPL's T-pose has its palms down.
        wanted = matrices(DANCE, f"{side[0].upper()}_Wrist") @ [0.0, 0.0, -1.0]
        assert degrees_between(palm, wanted).max() < 5


@pytest.mark.parametrize(("kind", "pose", "rolls"), RIGS)
def test_a_neutral_stance_gives_the_rig_its_own_posture(kind, pose, rolls):
    rest = rig_skeleton(kind, pose, rolls)
    rig = play(source_of_clip(rest_person(3, contacts=np.ones((3, 4)))), rest)
    bones = known_map(rest).bones
    for role in ("hips", "spine", "neck", "head", "leftShoulder", "leftFoot", "rightFoot", "leftToes"):
        for bone in bones.get(role, ()):
            assert np.allclose(rig.axes[bone], rest.axes[rest.index[bone]], atol=0.02), bone
    hips = bones["hips"][0]
    assert np.allclose(rig.heads[hips], rest.heads[rest.index[hips]], atol=0.02)


@pytest.mark.parametrize("role", ["head", "leftShoulder", "hips"])
def test_other_parts_turn_from_their_rest_as_the_source_does_from_its_own(role):
    rest = rig_skeleton("makehuman", "rest", "odd")
    rig = play(DANCE, rest)
    joint = {"head": "Head", "leftShoulder": "L_Collar", "hips": "Pelvis"}[role]
    bone = known_map(rest).bones[role][0]
    turn = rig.axes[bone] @ rest.axes[rest.index[bone]].T
    assert np.allclose(turn, matrices(DANCE, joint), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    degrees=st.integers(-180, 180),
    scale=st.floats(0.01, 50),
    place=st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5)),
    other=st.integers(-180, 180),
)
def test_where_how_large_and_which_way_the_rigs_stand_makes_no_difference(degrees, scale, place, other):
    rest = rig_skeleton("game_engine", "A", "odd")
    plain = play(DANCE, rest)
    there = quaternion_from_rotvec([0.0, 0.0, np.radians(other)])
    shift = np.array([3.0, -2.0, 1.0])
    elsewhere = replace(
        DANCE,
        skeleton=moved_rig(DANCE.skeleton, other, 1.0, shift),
        turns={
            bone: quaternion_multiply(quaternion_multiply(there, turn), quaternion_conjugate(there))
            for bone, turn in DANCE.turns.items()
        },
        heads={bone: quaternion_rotate(there, head) + shift for bone, head in DANCE.heads.items()},
    )
    played = play(elsewhere, moved_rig(rest, degrees, scale, np.array(place)))
    onto = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, np.radians(degrees)]))
    for bone in ("hand_l", "foot_r", "head"):
        assert np.allclose(played.axes[bone], onto @ plain.axes[bone], atol=1e-5)
        expected = scale * plain.heads[bone] @ onto.T + np.array(place)
        assert np.allclose(played.heads[bone], expected, atol=1e-4 * scale)


def test_a_rig_onto_itself_changes_nothing():
    played = play(DANCE, DANCE.skeleton, DANCE.rig_map, feet=False)
    for bone, head in DANCE.heads.items():
        assert np.allclose(played.heads[bone], head, atol=1e-6)
        assert rotation_angle(played.target.turns[bone], DANCE.turns[bone]).max() < 1e-6


def test_from_one_rig_to_another_and_back_limbs_are_as_they_were():
    rest = rig_skeleton("game_engine", "A")
    there = play(DANCE, rest, feet=False)
    source = replace(
        DANCE,
        skeleton=rest,
        rig_map=known_map(rest),
        turns=there.target.turns,
        heads={bone: there.heads[bone] for bone in there.target.turns},
    )
    back = play(source, DANCE.skeleton, DANCE.rig_map, feet=False)
    for joint in ("L_Shoulder", "R_Elbow", "L_Wrist", "L_Hip", "R_Knee", "Head", "Spine3", "Pelvis"):
        assert rotation_angle(back.target.turns[joint], DANCE.turns[joint]).max() < 1e-6
    assert np.allclose(back.heads["Pelvis"], DANCE.heads["Pelvis"], atol=0.02)


@pytest.mark.parametrize("kind", ["unreal", "makehuman"])
def test_spines_of_any_number_of_bones_end_as_the_source_does_and_bend_on_the_way(kind):
    rest = rig_skeleton(kind)
    rig = play(DANCE, rest)
    spine = known_map(rest).bones["spine"]
    assert len(spine) != len(DANCE.rig_map.bones["spine"])
    last = rig.axes[spine[-1]] @ rest.axes[rest.index[spine[-1]]].T
    assert np.allclose(last, matrices(DANCE, "Spine3"), atol=1e-6)
    from_hips = [rotation_angle(rig.target.turns[bone], DANCE.turns["Pelvis"]).mean() for bone in spine]
    assert 0.0 < from_hips[0] < 1.0


@pytest.mark.parametrize(("option", "times"), [(None, 0.5), (1.0, 1.0), (2.0, 2.0)])
def test_the_way_across_the_floor_is_scaled_by_the_legs_or_as_one_says(option, times):
    source = source_of_clip(walking_person())
    small = moved_rig(source.skeleton, 0.0, 0.5, np.zeros(3))
    rig = play(source, small, source.rig_map, scale=option, feet=False)
    walked = np.ptp(source.heads["Pelvis"][:, 1])
    assert np.ptp(rig.heads["Pelvis"][:, 1]) == pytest.approx(times * walked, rel=0.01)


def test_however_the_way_is_scaled_a_small_body_crouches_by_its_own_legs():
    clip = rest_person(40)
    deep = clip.root - np.linspace(0.0, 0.6, 40)[:, None] * [0.0, 0.0, 1.0]
    source = source_of_clip(clip.replace(root=deep))
    small = moved_rig(source.skeleton, 0.0, 0.5, np.zeros(3))
    rig = play(source, small, source.rig_map, scale=1.0, feet=False)
    sunk = rig.heads["Pelvis"][0, 2] - rig.heads["Pelvis"][-1, 2]
    assert sunk == pytest.approx(0.3, abs=0.02)


def test_in_place_keeps_up_and_down_and_horizontal_keeps_the_way():
    clip = walking_person()
    hop = clip.root + 0.2 * np.abs(np.sin(clip.times))[:, None] * [0.0, 0.0, 1.0]
    source = source_of_clip(clip.replace(root=hop, contacts=np.zeros((len(clip), 4))))
    rest = rig_skeleton("mixamo")
    full, level, still = (
        play(source, rest, travel=travel).heads["mixamorig:Hips"]
        for travel in ("full", "horizontal", "in place")
    )
    assert np.ptp(full, axis=0)[1:].min() > 0.15
    assert np.allclose(still[:, 2], full[:, 2])
    assert np.ptp(still[:, :2], axis=0).max() < 0.05
    assert np.allclose(level[:, :2], full[:, :2], atol=0.02)
    assert np.ptp(level[:, 2]) < 0.02


def test_the_root_bone_can_carry_the_way_and_the_body_goes_where_it_went():
    source, rest = source_of_clip(walking_person()), rig_skeleton("unreal")
    hips, rooted = play(source, rest), play(source, rest, carrier="root")
    root = known_map(rest).bones["root"][0]
    assert np.allclose(rooted.heads["head"], hips.heads["head"], atol=1e-6)
    path = rooted.heads[root]
    assert np.ptp(path[:, 1]) > 3.0
    assert np.ptp(path[:, 2]) < 1e-9
    jolts = [np.abs(np.diff(way[:, :2], 2, axis=0)).max() for way in (path, hips.heads["pelvis"])]
    assert jolts[0] < 0.25 * jolts[1]


def test_without_a_root_bone_it_cannot_carry_anything():
    with pytest.raises(BadRetarget, match="root"):
        play(DANCE, rig_skeleton("mixamo"), carrier="root")


def test_helper_bones_follow_the_bones_that_they_stand_for():
    rest = rig_skeleton("unreal", "A", "odd")
    rig = play(source_of_clip(walking_person()), rest, carrier="root")
    assert known_map(rest).followers
    for bone, leader in known_map(rest).followers:
        assert np.allclose(rig.heads[bone], rig.heads[leader], atol=1e-6)
        turn = rest.axes[rest.index[leader]].T @ rest.axes[rest.index[bone]]
        assert np.allclose(rig.axes[bone], rig.axes[leader] @ turn, atol=1e-6)


def test_what_the_source_or_the_map_lacks_is_left_to_the_rig():
    rest = rig_skeleton("mixamo")
    bones = {role: row for role, row in DANCE.rig_map.bones.items() if "Hand" not in role and role != "neck"}
    source = replace(DANCE, rig_map=RigMap("handless", bones))
    target = play(source, rest).target
    untouched = {"mixamorig:LeftHand", "mixamorig:Neck", "mixamorig:LeftHandIndex1"}
    assert not untouched & set(target.turns)
    assert "mixamorig:Head" in target.turns


def test_a_map_whose_bones_the_rig_lacks_is_told_which():
    rest = rig_skeleton("mixamo")
    bones = known_map(rest).bones | {"leftLowerArm": ("nothing",)}
    with pytest.raises(UnfitRig, match="Left Lower Arm"):
        play(DANCE, rest, RigMap("wrong", bones))


def test_frames_contacts_and_gaps_are_handed_on():
    clip = walking_person()
    source = replace(source_of_clip(clip), frames=np.arange(len(clip)) * 0.8 + 5, fps=24.0)
    target = play(source, rig_skeleton("mixamo")).target
    assert np.array_equal(target.frames, source.frames)
    assert np.array_equal(target.contacts, source.contacts)
    assert np.array_equal(target.held, source.held)


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_motions_can_be_retargeted(count):
    source = source_of_clip(rest_person(count, contacts=np.ones((count, 4))))
    rig = play(source, rig_skeleton("unreal"), carrier="root", reach=True, fingers="relaxed")
    assert np.isfinite(rig.heads["head"]).all()
