"""What is read from a rig at rest: its facing, its hinges, its palms, the size of its legs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.retarget.anatomy import Anatomy, UnfitRig
from reel2rig.core.motion.retarget.chains import chain_turns, end_shares
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix, quaternion_to_rotvec
from retargeted import degrees_between, known_map, moved_rig
from rigs import rig_skeleton

KINDS = ["mixamo", "makehuman", "game_engine", "cmu", "unreal"]
LEFT, AHEAD, UP = np.eye(3)[0], -np.eye(3)[1], np.eye(3)[2]


def anatomy(rest):
    return Anatomy(rest, known_map(rest))


def bent_at(rest, bone, axis, degrees):
    """The rig with a bone, and all below it, turned about its head."""
    turn = quaternion_to_matrix(quaternion_from_rotvec(np.radians(degrees) * np.asarray(axis)))
    below = {rest.index[bone]}
    for row, parent in enumerate(rest.parents):
        if parent in below:
            below.add(row)
    rows = sorted(below)
    joint = rest.heads[rest.index[bone]]
    heads, tails, axes = rest.heads.copy(), rest.tails.copy(), rest.axes.copy()
    heads[rows] = joint + (heads[rows] - joint) @ turn.T
    tails[rows] = joint + (tails[rows] - joint) @ turn.T
    axes[rows] = turn @ axes[rows]
    return replace(rest, heads=heads, tails=tails, axes=axes)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(degrees=st.integers(-180, 180), scale=st.floats(0.01, 100.0))
def test_a_rig_may_stand_turned_and_scaled(kind, degrees, scale):
    rest = rig_skeleton(kind)
    plain, moved = anatomy(rest), anatomy(moved_rig(rest, degrees, scale, np.array([1.0, 2.0, 3.0])))
    turn = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, np.radians(degrees)]))
    # Rigs whose sides are not quite alike are put straight where they look along an axis.
    assert np.allclose(moved.facing, turn @ plain.facing, atol=0.002)
    assert moved.leg_length == pytest.approx(scale * plain.leg_length)
    for role in ("leftUpperArm", "rightHand", "leftLowerLeg"):
        assert np.allclose(moved.limb_frame(role), turn @ plain.limb_frame(role), atol=0.002)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rolls", ["own", "odd"])
def test_frames_of_a_t_pose_are_those_of_the_body_whatever_the_rolls(kind, rolls):
    body = anatomy(rig_skeleton(kind, "T", rolls))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for limb in ("UpperArm", "LowerArm"):
            frame = body.limb_frame(side + limb)
            assert np.allclose(frame[:, 1], sign * LEFT, atol=0.01)
            assert np.allclose(frame[:, 0], -sign * UP, atol=0.01)
        palm = body.limb_frame(f"{side}Hand")[:, 0]
        assert degrees_between(palm, -UP) < 25
        for limb in ("UpperLeg", "LowerLeg"):
            frame = body.limb_frame(side + limb)
            assert degrees_between(frame[:, 0], LEFT) < 7
            assert degrees_between(frame[:, 1], -UP) < 12


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_rotations(kind):
    body = anatomy(rig_skeleton(kind, "rest", "odd"))
    for side in ("left", "right"):
        for limb in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg"):
            frame = body.limb_frame(side + limb)
            assert np.allclose(frame.T @ frame, np.eye(3), atol=1e-12)
            assert np.linalg.det(frame) == pytest.approx(1.0)


def test_an_elbow_that_is_bent_at_rest_tells_its_hinge():
    rest = rig_skeleton("mixamo", "T")
    # The forearm points ahead and up: an upper arm that is turned about itself.
    axis = np.array([0.0, np.sin(0.5), -np.cos(0.5)])
    body = anatomy(bent_at(rest, "mixamorig:LeftForeArm", axis, 40.0))
    assert degrees_between(body.limb_frame("leftUpperArm")[:, 0], axis) < 5
    assert degrees_between(body.limb_frame("leftLowerArm")[:, 0], axis) < 5


def test_knock_knees_tell_nothing_of_how_knees_bend():
    rest = rig_skeleton("mixamo", "T")
    knocked = bent_at(rest, "mixamorig:LeftLeg", AHEAD, 6.0)
    frame = anatomy(knocked).limb_frame("leftUpperLeg")
    assert degrees_between(frame[:, 0], anatomy(rest).limb_frame("leftUpperLeg")[:, 0]) < 12


def test_an_elbow_that_is_bent_too_far_at_rest_still_bends_forwards():
    rest = rig_skeleton("mixamo", "T")
    over = bent_at(rest, "mixamorig:LeftForeArm", UP, 12.0)
    assert degrees_between(anatomy(over).limb_frame("leftUpperArm")[:, 0], -UP) < 10


def test_palms_are_read_from_knuckles_however_the_hand_is_turned():
    rest = rig_skeleton("mixamo", "T")
    for side, bone in (("left", "LeftHand"), ("right", "RightHand")):
        plain = anatomy(rest).limb_frame(f"{side}Hand")
        turned = bent_at(rest, f"mixamorig:{bone}", plain[:, 1], 70.0)
        found = anatomy(turned).limb_frame(f"{side}Hand")[:, 0]
        expected = quaternion_to_matrix(quaternion_from_rotvec(np.radians(70.0) * plain[:, 1])) @ plain[:, 0]
        assert degrees_between(found, expected) < 0.1


def test_a_finger_that_begins_in_the_palm_has_its_knuckle_at_the_second_bone():
    rest = rig_skeleton("unreal", "T")
    body = anatomy(rest)
    bones = body.chain("leftIndex")
    wrist = body.rest(body.chain("leftHand")[0])
    within = bent_at(rest, bones[0], UP, 0.0)
    heads = within.heads.copy()
    heads[rest.index[bones[0]]] = wrist + 0.1 * (heads[rest.index[bones[0]]] - wrist)
    assert anatomy(replace(within, heads=heads)).phalanges("leftIndex") == bones[1:]
    assert body.phalanges("leftIndex") == bones


def test_sides_that_were_swapped_face_the_other_way():
    rest = rig_skeleton("mixamo")
    bones = known_map(rest).bones
    swapped = {
        role.replace("left", "rig_ht").replace("right", "left").replace("rig_ht", "right"): row
        for role, row in bones.items()
    }
    facing = Anatomy(rest, RigMap("swapped", swapped)).facing
    assert np.allclose(facing, np.diag([-1.0, -1.0, 1.0]), atol=1e-9)


def test_a_rig_whose_sides_lie_in_one_place_is_refused():
    rest = rig_skeleton("mixamo")
    flat = replace(rest, heads=rest.heads * [0.0, 1.0, 1.0], tails=rest.tails * [0.0, 1.0, 1.0])
    with pytest.raises(UnfitRig, match="left and right of"):
        _ = anatomy(flat).facing


def test_a_limb_without_length_is_refused_by_name():
    rest = rig_skeleton("mixamo")
    heads = rest.heads.copy()
    heads[rest.index["mixamorig:LeftForeArm"]] = heads[rest.index["mixamorig:LeftArm"]]
    with pytest.raises(UnfitRig, match="mixamorig:LeftArm"):
        anatomy(replace(rest, heads=heads)).limb_frame("leftUpperArm")


def about_z(degrees):
    return quaternion_from_rotvec(np.array([[0.0, 0.0, np.radians(degrees)]]))


def test_a_chain_of_more_bones_bends_evenly_between_those_of_fewer():
    turns = [about_z(0.0), about_z(10.0), about_z(40.0)]
    onto = np.array([0.25, 0.5, 0.75, 1.0])
    bent = chain_turns(turns, np.array([0.5, 1.0]), onto)
    found = [np.degrees(quaternion_to_rotvec(turn)[0, 2]) for turn in bent]
    assert found == pytest.approx([5.0, 10.0, 25.0, 40.0])


def test_chains_of_one_number_of_bones_agree_bone_by_bone():
    turns = [about_z(0.0), about_z(10.0), about_z(40.0)]
    found = chain_turns(turns, np.array([0.5, 1.0]), np.array([0.9, 1.0]))
    assert np.allclose(found, turns[1:])


def test_a_single_bone_takes_what_the_whole_chain_does():
    turns = [about_z(0.0), about_z(10.0), about_z(40.0)]
    assert np.allclose(chain_turns(turns, np.array([0.5, 1.0]), np.array([1.0])), turns[2:])


@pytest.mark.parametrize("kind", KINDS)
def test_shares_of_a_chain_rise_to_one(kind):
    shares = end_shares(anatomy(rig_skeleton(kind)), "spine", "neck")
    assert (np.diff(shares) > 0.0).all()
    assert shares[0] > 0.0
    assert shares[-1] == pytest.approx(1.0)
