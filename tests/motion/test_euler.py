"""Euler angles: the same rotation back, and no jumps in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.keys.euler import EULER_ORDERS, quaternion_from_euler, unwrapped_euler
from reel2rig.core.motion.rotations import normalized, rotation_angle

every_order = pytest.mark.parametrize("order", EULER_ORDERS)
angle = st.floats(-7.0, 7.0)
near_lock = st.sampled_from([np.pi / 2, -np.pi / 2]).flatmap(
    lambda lock: st.sampled_from([0.0, 1e-9, -1e-7, 1e-5, -1e-3]).map(lambda off: lock + off)
)


def middle(order: str) -> int:
    return "XYZ".index(order[1])


@every_order
@given(angles=st.tuples(angle, st.one_of(angle, near_lock), angle))
@settings(max_examples=60, deadline=None)
def test_angles_are_the_same_rotation_also_near_gimbal_lock(order, angles):
    given_angles = np.empty(3)
    given_angles[["XYZ".index(letter) for letter in order]] = angles
    rotation = quaternion_from_euler(given_angles, order)
    back = quaternion_from_euler(unwrapped_euler(rotation[None, None], order)[0, 0], order)
    assert rotation_angle(rotation, back) < 3e-6


@every_order
def test_a_smooth_turn_has_smooth_angles_through_several_turns(order):
    turns = np.linspace(0, 5 * np.pi, 200)
    for axis in range(3):
        angles = np.zeros((200, 1, 3))
        angles[:, 0] = [0.2, -0.3, 0.1]
        if axis != middle(order):
            angles[:, 0, axis] += turns
            result = unwrapped_euler(quaternion_from_euler(angles, order), order)
            assert np.abs(result - angles).max() < 1e-6


@every_order
def test_a_path_straight_through_the_lock_does_not_flip(order):
    steps = np.linspace(-0.4, 0.4, 81)  # the middle one meets the right angle exactly
    angles = np.zeros((81, 1, 3))
    angles[:, 0] = 0.3
    angles[:, 0, middle(order)] = np.pi / 2 + steps
    result = unwrapped_euler(quaternion_from_euler(angles, order), order)
    assert np.abs(np.diff(result, axis=0)).max() < 0.011


def test_a_quaternion_and_its_negative_give_the_same_angles():
    rotations = normalized(np.random.default_rng(0).normal(size=(30, 2, 4)))
    flipped = rotations * np.where(np.arange(30) % 2, -1.0, 1.0)[:, None, None]
    assert np.allclose(unwrapped_euler(rotations, "ZXY"), unwrapped_euler(flipped, "ZXY"))


def test_the_first_frame_takes_the_angles_nearest_to_zero():
    rotation = quaternion_from_euler([[[2 * np.pi + 0.5, 0.1, -0.2]]], "XYZ")
    assert np.allclose(unwrapped_euler(rotation, "XYZ"), [0.5, 0.1, -0.2])


def test_an_unknown_order_is_refused_by_name():
    with pytest.raises(ValueError, match=r"XYZ.*not 'XYX'"):
        unwrapped_euler(np.ones((1, 1, 4)), "XYX")
