"""From the world to keys and back: bones with any axes, carried by any other bones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.retarget.human import TargetMotion
from reel2rig.core.motion.retarget.local import local_motion
from reel2rig.core.motion.retarget.skeleton import Skeleton
from reel2rig.core.motion.retarget.smpl_source import smpl_skeleton, source_of_clip
from reel2rig.core.motion.rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_rotate,
    quaternion_to_matrix,
)
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space
from walking import rest_person, walking_person

COUNT = 5
NAMES = ("a", "b", "c", "d")


def random_rig(rng):
    axes = quaternion_to_matrix(rng.normal(size=(4, 4)))
    heads = rng.normal(size=(4, 3))
    return Skeleton(NAMES, (-1, 0, 1, 1), heads, heads + axes[:, :, 1], axes, np.zeros(3))


def random_target(rng, moved):
    turns = {name: normalized(rng.normal(size=(COUNT, 4))) for name in NAMES}
    heads = {name: rng.normal(size=(COUNT, 3)) for name in moved}
    quiet = np.zeros(COUNT, dtype=bool)
    return TargetMotion(np.arange(COUNT), turns, heads, np.zeros((COUNT, 2), dtype=bool), quiet)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), other=st.sampled_from([None, "a", "c"]))
def test_keys_give_the_world_back_whatever_carries_a_bone(seed, other):
    rng = np.random.default_rng(seed)
    rest, carriers = random_rig(rng), {"a": None, "b": "a", "c": "b", "d": other}
    target = random_target(rng, ("a", "d"))
    keys = local_motion(target, rest, carriers)
    axes, heads = {}, {}
    for name in NAMES:  # carriers stand before what they carry
        row, above = rest.index[name], carriers[name]
        rotation, location = keys[name]
        if above is None:
            base, place = np.tile(rest.axes[row], (COUNT, 1, 1)), np.tile(rest.heads[row], (COUNT, 1))
        else:
            up = rest.index[above]
            base = axes[above] @ rest.axes[up].T @ rest.axes[row]
            way = rest.axes[up].T @ (rest.heads[row] - rest.heads[up])
            place = heads[above] + axes[above] @ way
        axes[name] = base @ quaternion_to_matrix(rotation)
        heads[name] = place if location is None else place + np.einsum("tij,tj->ti", base, location)
        assert np.allclose(axes[name], quaternion_to_matrix(target.turns[name]) @ rest.axes[row], atol=1e-9)
        if name in target.heads:
            assert np.allclose(heads[name], target.heads[name], atol=1e-9)
    assert keys["b"][1] is None


def test_bones_that_nobody_names_a_carrier_of_hang_from_their_parents():
    rng = np.random.default_rng(1)
    rest, target = random_rig(rng), random_target(rng, ("a",))
    told = local_motion(target, rest, {"a": None, "b": "a", "c": "b", "d": "b"})
    for name, (rotation, _) in local_motion(target, rest, {}).items():
        assert np.allclose(rotation, told[name][0])


def test_a_carrier_that_is_not_turned_itself_hands_on_what_carries_it():
    rng = np.random.default_rng(2)
    rest, target = random_rig(rng), random_target(rng, ("a", "c"))
    fewer = replace(target, turns={name: target.turns[name] for name in ("a", "c")})
    keys = local_motion(fewer, rest, {})
    direct = local_motion(fewer, rest, {"a": None, "c": "a"})
    for name in ("a", "c"):
        assert np.allclose(keys[name][0], direct[name][0])
        assert np.allclose(keys[name][1], direct[name][1])
    assert set(keys) == {"a", "c"}


def test_rotations_do_not_change_their_sign_between_frames():
    rng = np.random.default_rng(3)
    rest, target = random_rig(rng), random_target(rng, ())
    for rotation, _ in local_motion(target, rest, {}).values():
        assert (np.sum(rotation[1:] * rotation[:-1], axis=-1) >= 0.0).all()


def test_a_bone_at_rest_has_no_keys_to_speak_of():
    rng = np.random.default_rng(4)
    rest = random_rig(rng)
    still = np.tile([1.0, 0.0, 0.0, 0.0], (COUNT, 1))
    target = replace(
        random_target(rng, ()),
        turns=dict.fromkeys(NAMES, still),
        heads={"c": np.tile(rest.heads[2], (COUNT, 1))},
    )
    for name, (rotation, location) in local_motion(target, rest, {}).items():
        assert np.allclose(rotation, still)
        assert location is None or (name == "c" and np.allclose(location, 0.0))


def test_a_clip_tells_its_joints_and_turns_in_blenders_world():
    clip = walking_person(seed=1)
    source = source_of_clip(clip)
    joints, turns = forward_kinematics(clip.rotations, clip.root, clip.rest_joints)
    knee = JOINT_INDEX["L_Knee"]
    assert np.allclose(source.heads["L_Knee"], joints[:, knee])
    rest = quaternion_from_matrix(YUP_TO_BLENDER)
    expected = quaternion_multiply(quaternion_from_matrix(turns[:, knee]), quaternion_conjugate(rest))
    assert np.allclose(np.abs(np.sum(source.turns["L_Knee"] * expected, axis=-1)), 1.0)
    # What hangs from a joint at rest hangs from it in motion.
    skeleton = source.skeleton
    way = skeleton.heads[JOINT_INDEX["L_Ankle"]] - skeleton.heads[knee]
    ankle = source.heads["L_Knee"] + quaternion_rotate(source.turns["L_Knee"], way)
    assert np.allclose(ankle, source.heads["L_Ankle"])


@pytest.mark.parametrize("space", ["world_yup", "blender"])
def test_the_space_of_a_clip_makes_no_difference(space):
    clip = walking_person()
    plain, other = source_of_clip(clip), source_of_clip(to_space(clip, space))
    assert np.allclose(plain.heads["Head"], other.heads["Head"], atol=1e-5)
    assert np.allclose(plain.turns["Head"], other.turns["Head"], atol=1e-5)


def test_the_person_at_rest_stands_on_the_floor_and_faces_us():
    rest = smpl_skeleton(rest_person(1))
    ankle, ball = rest.heads[JOINT_INDEX["L_Ankle"]], rest.heads[JOINT_INDEX["L_Foot"]]
    assert 0.0 < ball[2] < ankle[2] < 0.15
    assert ball[1] < ankle[1]
    assert rest.heads[JOINT_INDEX["L_Wrist"], 0] > 0.4
    assert np.allclose(rest.tails[JOINT_INDEX["L_Hip"]], rest.heads[JOINT_INDEX["L_Knee"]])
    assert np.allclose(rest.tails[JOINT_INDEX["Spine3"]], rest.heads[JOINT_INDEX["Neck"]])
    assert np.linalg.norm(rest.tails - rest.heads, axis=-1).min() > 0.01
