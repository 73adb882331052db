"""Legs that reach for a place without tearing, twisting or bending backwards."""

import numpy as np
import pytest
from reel2rig.core.motion.leg_ik import NEARLY_STRAIGHT, least_turn, reach_target, within_reach

LONGEST = 0.84


def legs(bends, seed=0):
    """Chains (T, 3, 3) of hip, knee, ankle with knees bent by so many radians, and their hinges (T, 3)."""
    rng = np.random.default_rng(seed)
    turns = np.linalg.qr(rng.normal(size=(len(bends), 3, 3)))[0]
    turns *= np.linalg.det(turns)[:, None, None]
    zero = np.zeros(len(bends))
    knee = np.stack([zero, zero - 0.43, zero], -1)
    ankle = knee - 0.41 * np.stack([zero, np.cos(bends), np.sin(bends)], -1)
    chain = np.stack([np.zeros((len(bends), 3)), knee, ankle], axis=1)
    return np.einsum("tij,tkj->tki", turns, chain), turns[:, :, 0]


def reached(chain, target, hinge):
    """Chains after `reach_target`."""
    thigh, shin = reach_target(chain, target, hinge)
    knee = chain[:, 0] + np.einsum("tij,tj->ti", thigh, chain[:, 1] - chain[:, 0])
    ankle = knee + np.einsum("tij,tj->ti", shin, chain[:, 2] - chain[:, 1])
    return np.stack([chain[:, 0], knee, ankle], axis=1)


def bend_of(chain, hinge):
    thigh, shin = chain[:, 1] - chain[:, 0], chain[:, 2] - chain[:, 1]
    return np.arctan2(np.sum(np.cross(thigh, shin) * hinge, -1), np.sum(thigh * shin, -1))


def test_a_bent_leg_that_is_already_there_stays_as_it_is():
    chain, hinge = legs(np.linspace(0.15, 2.4, 40))
    assert np.allclose(reached(chain, chain[:, 2], hinge), chain, atol=1e-9)


def test_the_ankle_comes_to_its_target_exactly():
    chain, hinge = legs(np.linspace(-0.1, 2.0, 200), seed=1)
    rng = np.random.default_rng(2)
    target = chain[:, 0] + (chain[:, 2] - chain[:, 0]) * rng.uniform(0.8, 0.97, (200, 1))
    target += rng.normal(0, 0.03, (200, 3))
    near = np.linalg.norm(target - chain[:, 0], axis=-1) < NEARLY_STRAIGHT * LONGEST
    assert near.mean() > 0.8
    after = reached(chain, target, hinge)
    assert np.allclose(after[near, 2], target[near], atol=1e-9)
    lengths = np.linalg.norm(np.diff(after, axis=1), axis=-1)
    assert np.allclose(lengths, [0.43, 0.41])


def test_knees_bend_forwards_whatever_was_captured():
    chain, hinge = legs(np.linspace(-0.2, 0.3, 60), seed=3)
    target = chain[:, 0] + 0.95 * (chain[:, 2] - chain[:, 0])
    thigh, _ = reach_target(chain, target, hinge)
    carried = np.einsum("tij,tj->ti", thigh, hinge)
    assert bend_of(reached(chain, target, hinge), carried).min() > 0.3


def test_the_plane_of_a_bent_knee_is_kept():
    chain, hinge = legs(np.full(50, 0.9), seed=4)
    target = chain[:, 0] + 0.9 * (chain[:, 2] - chain[:, 0])
    after = reached(chain, target, hinge)
    assert np.abs(np.einsum("tki,ti->tk", after - chain[:, :1], hinge)).max() < 1e-9


@pytest.mark.parametrize("away", [1.0, 1.05, 2.0])
def test_what_is_too_far_is_pointed_at_with_a_leg_no_longer_than_it_is(away):
    chain, hinge = legs(np.linspace(0.0, 1.0, 30), seed=5)
    way = (chain[:, 2] - chain[:, 0]) / np.linalg.norm(chain[:, 2] - chain[:, 0], axis=-1, keepdims=True)
    leg = reached(chain, chain[:, 0] + away * LONGEST * way, hinge)[:, 2] - chain[:, 0]
    assert np.allclose(np.sum(leg * way, axis=-1), LONGEST, atol=1e-3)
    assert np.linalg.norm(leg, axis=-1).max() <= LONGEST + 1e-9


def test_the_limit_is_approached_without_a_corner():
    distance = np.linspace(0.8, 0.9, 2001)
    slope = np.diff(within_reach(distance, LONGEST)) / np.diff(distance)
    assert slope.min() >= 0.0
    assert np.abs(np.diff(slope)).max() < 0.1
    assert np.allclose(slope[distance[1:] < NEARLY_STRAIGHT * LONGEST], 1.0)


def test_the_least_turn_turns_about_what_stands_across_both():
    turn = least_turn(np.array([[1.0, 0, 0], [0, 0, 2.0]]), np.array([[0, 3.0, 0], [0, 0, 1.0]]))
    assert np.allclose(turn[0], [[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert np.allclose(turn[1], np.eye(3))
