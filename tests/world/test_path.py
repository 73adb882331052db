"""The pelvis' path: exact where all evidence agrees, calm where it is noisy, bridged where it is missing."""

import numpy as np
import pytest
from reel2rig.core.world.path import Ground, Steps, solve_path
from reel2rig.core.world.translation import Placement

AT_FIVE_METRES = np.diag([1 / 0.01**2, 1 / 0.01**2, 1 / 0.15**2])


def placement(root, information=AT_FIVE_METRES):
    return Placement(root, np.broadcast_to(information, (len(root), 3, 3)).copy(), np.zeros(len(root)))


def straight(count, fps=30):
    return np.array([0.0, 0.0, 5.0]) + np.arange(count)[:, None] / fps * np.array([0.5, 0.0, -1.2])


@pytest.mark.parametrize("count", [1, 2, 3, 60])
def test_a_steady_walk_is_left_as_it_is(count):
    root = straight(count)
    assert np.abs(solve_path(placement(root), 30.0) - root).max() < 5e-3


@pytest.mark.parametrize("fps", [24.0, 120.0])
def test_noise_in_depth_is_calmed_and_a_jump_sideways_followed(fps):
    rng = np.random.default_rng(0)
    count = int(4 * fps)
    root = straight(count, fps)
    root[:, 1] += 0.3 * np.sin(np.arange(count) / fps * 5)
    noisy = root + rng.normal(0, 0.15, (count, 1)) * [0, 0, 1]
    path = solve_path(placement(noisy), fps)
    assert np.abs(path - root)[:, 2].mean() < 0.06
    assert np.abs(path - root)[:, 1].mean() < 0.01


def test_a_frame_that_is_far_off_is_passed_by():
    root = straight(60)
    broken = root.copy()
    broken[30] = [3.0, -2.0, 12.0]
    assert np.abs(solve_path(placement(broken), 30.0) - root).max() < 0.05


def test_frames_of_which_nothing_is_known_are_bridged():
    root = straight(60)
    given = placement(root.copy())
    given.root[20:30] = [0.0, 0.0, 5.0]
    given.information[20:30] = 0.0
    assert np.abs(solve_path(given, 30.0) - root).max() < 0.02


def test_knowing_nothing_at_all_leaves_the_places_that_were_given():
    root = np.tile([0.1, 0.2, 4.0], (5, 1))
    assert np.allclose(solve_path(placement(root, np.zeros((3, 3))), 30.0), root)


def test_a_foot_that_stands_stays_and_is_on_the_floor():
    """Depth is off by a slow wave; the standing foot, whose place about the pelvis is known, takes it out."""
    count = 60
    truth = np.tile([0.0, -0.6, 5.0], (count, 1))
    wave = 0.2 * np.sin(np.arange(count) / 15)[:, None] * [0, 0, 1]
    foot = np.tile([0.0, 0.9, 0.0], (count, 4, 1))
    pitch = 0.3
    up = np.array([0.0, -np.cos(pitch), -np.sin(pitch)])
    ground = Ground(up, -float(up @ (truth[0] + foot[0, 0])))
    nothing = np.zeros((count, 4))
    steps = Steps(np.tile([1.0, 1.0, 0.0, 0.0], (count, 1)), foot, nothing, nothing, foot, ground)
    free = solve_path(placement(truth + wave), 30.0)
    held = solve_path(placement(truth + wave), 30.0, steps)
    assert np.abs(free - truth)[:, 2].max() > 0.1
    assert np.abs(held - truth)[:, 2].max() < 0.03
    assert np.abs((held + foot[:, 0]) @ up + ground.height).max() < 0.01
