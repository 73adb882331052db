"""Heels and toes on the soles, with a body at hand and without."""

import dataclasses

import numpy as np
import pytest
from reel2rig.core.motion.feet import (
    approximate_foot_points,
    foot_points,
    nearest_level,
    standing_levels,
)
from walking import BODY, rest_person, walking_person


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.8, 1.1])
def test_the_soles_of_a_resting_body_are_its_lowest_points(seed, scale):
    betas = np.random.default_rng(seed).normal(0, 1, 10)
    clip = rest_person(2, betas=betas, rest_joints=scale * BODY.joints(betas), body_scale=scale)
    skin = BODY.posed_vertices(clip.rotations, clip.root, betas, scale)
    points = foot_points(BODY, clip).positions(clip)
    assert np.allclose(points[0, :, 2], skin[0, :, 2].min(), atol=0.004)
    # Heels lie behind the toes, left of the person is +x for one who faces -y.
    assert np.all(points[0, [0, 2], 1] > points[0, [1, 3], 1] + 0.15 * scale)
    assert np.all(points[0, :2, 0] > points[0, 2:, 0])


def test_without_a_body_the_points_are_nearly_the_same():
    clip = walking_person()
    known, guessed = foot_points(BODY, clip), approximate_foot_points(clip)
    assert np.abs(known.positions(clip) - guessed.positions(clip)).max() < 0.012
    nameless = dataclasses.replace(BODY, foot_vertices=None)
    assert np.array_equal(foot_points(nameless, clip).offsets, guessed.offsets)


def test_people_stand_on_the_floor_on_steps_and_on_a_roof():
    heights, contacts = np.zeros((80, 4)), np.zeros((80, 4))
    for start, height in ((0, 0.03), (10, -0.05), (20, 0.19), (30, 0.37), (40, 2.0), (50, 2.04), (60, 1.97)):
        heights[start : start + 8] = height
        contacts[start : start + 8, start // 10 % 4] = 1
    levels = standing_levels(heights, contacts)
    assert np.allclose(levels, [0.0, 0.19, 0.37, 2.0])
    assert np.array_equal(nearest_level(np.array([0.05, 0.3, 1.5]), levels), levels[[0, 2, 3]])


def test_without_contacts_there_is_the_floor():
    assert np.array_equal(standing_levels(np.ones((5, 4)), np.zeros((5, 4))), [0.0])
