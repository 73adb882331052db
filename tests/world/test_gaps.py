"""Frames without the person: short gaps bridged, long ones held, always marked."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.gaps import gaps
from reel2rig.core.motion.rotations import quaternion_from_rotvec, rotation_angle
from reel2rig.core.world.gaps import fill_rotations, hold_positions, solved_runs

FPS = Fraction(30)


def mask(count, *missing):
    valid = np.ones(count, dtype=bool)
    for start, stop in missing:
        valid[start:stop] = False
    return valid


def test_a_second_is_bridged_and_more_is_held():
    assert list(gaps(mask(60, (10, 40)), FPS)) == [(10, 40, True)]
    assert list(gaps(mask(60, (10, 41)), FPS)) == [(10, 41, False)]
    assert list(gaps(mask(120, (10, 70)), Fraction(60))) == [(10, 70, True)]


def test_gaps_at_the_ends_are_held_however_short():
    assert [bridged for *_, bridged in gaps(mask(30, (0, 2), (28, 30)), FPS)] == [False, False]


def test_with_nobody_seen_at_all_there_is_no_gap():
    assert list(gaps(np.zeros(9, dtype=bool), FPS)) == []


def test_a_steady_turn_goes_on_through_a_short_gap():
    turn = quaternion_from_rotvec(np.arange(30)[:, None, None] * np.ones((1, 24, 1)) * [0.0, 0.05, 0.0])
    broken = turn.copy()
    broken[10:18] = [0.0, 0.0, 0.0, 1.0]
    filled = fill_rotations(broken, mask(30, (10, 18)), FPS)
    assert rotation_angle(filled, turn).max() < 1e-6


def test_a_long_gap_holds_the_pose_before_it_and_a_leading_one_the_pose_after():
    turn = quaternion_from_rotvec(np.arange(60)[:, None, None] * np.ones((1, 24, 1)) * [0.0, 0.05, 0.0])
    filled = fill_rotations(turn, mask(60, (0, 3), (20, 52)), FPS)
    assert rotation_angle(filled[:3], turn[3]).max() < 1e-6
    assert rotation_angle(filled[20:52], turn[19]).max() < 1e-6
    root = hold_positions(np.arange(60)[:, None] * np.ones((1, 3)), mask(60, (0, 3), (20, 52)), FPS)
    assert np.array_equal(root[:3], np.full((3, 3), 3.0))
    assert np.array_equal(root[20:52], np.full((32, 3), 19.0))


def test_the_path_is_solved_in_one_piece_between_long_gaps():
    assert solved_runs(mask(100, (10, 15), (40, 80)), FPS) == [(0, 40), (80, 100)]


@pytest.mark.parametrize("valid", [np.ones(5, dtype=bool), np.zeros(5, dtype=bool)])
def test_without_gaps_nothing_changes(valid):
    q = quaternion_from_rotvec(np.random.default_rng(0).normal(size=(5, 24, 3)) * 0.1)
    assert np.allclose(fill_rotations(q, valid, FPS), q)
