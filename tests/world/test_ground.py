"""Gravity and floor out of bodies that stand and walk."""

import numpy as np
import pytest
from reel2rig.core.motion.timing import frame_times
from reel2rig.core.world.ground import find_ground, up_vector
from reel2rig.core.world.path import Ground
from reel2rig.core.world.stances import Walker, standing_contacts


def walker_of(body, scene, size=1.0):
    given = scene.prediction
    points = body.posed(given.rotations, given.betas[0])
    points = type(points)(points.joints * size, points.landmarks * size, points.soles * size)
    return Walker(points, scene.path * size, given.valid, frame_times(given.fps, len(given)))


def tilt_between(first, second):
    return np.degrees(np.arccos(np.clip(np.dot(first, second), -1, 1)))


def test_up_of_a_level_camera_is_minus_y():
    assert np.allclose(up_vector(0, 0), [0, -1, 0])
    assert up_vector(0.3, 0)[2] < 0  # a camera that looks down sees "up" come towards it
    assert up_vector(0, 0.3)[0] > 0
    assert np.linalg.norm(up_vector(0.4, -0.2)) == pytest.approx(1)


@pytest.mark.parametrize("pitch", [-0.2, 0.0, 0.25, 0.5])
@pytest.mark.parametrize("roll", [-0.12, 0.1])
def test_a_walk_round_a_bend_shows_gravity_and_the_camera_s_height(body, walk, pitch, roll):
    scene = walk(120, pitch=pitch, roll=roll, height=1.6)
    ground, above = find_ground([walker_of(body, scene)])
    assert tilt_between(ground.up, scene.up) < 1.5
    assert ground.height == pytest.approx(1.6, abs=0.08)
    assert abs(above[0]) < 0.02


@pytest.mark.parametrize("heading", [0.0, np.pi / 2, np.pi, 2.4])
def test_a_straight_walk_in_any_direction_is_enough(body, walk, heading):
    scene = walk(90, bend=0.0, heading=heading, start=(-0.5, -6.0), pitch=0.25, roll=0.06)
    ground, _ = find_ground([walker_of(body, scene)])
    assert tilt_between(ground.up, scene.up) < 3.0


def test_someone_standing_in_place_is_taken_to_be_upright(body, walk):
    scene = walk(60, pitch=0.3, roll=0.0)
    still = np.full(60, 10)
    given = scene.prediction
    points = body.posed(given.rotations[still], given.betas[0])
    ground, _ = find_ground([Walker(points, scene.path[still], given.valid, frame_times(given.fps, 60))])
    assert tilt_between(ground.up, scene.up) < 6.0


def test_two_people_who_seem_to_stand_a_little_apart_are_on_one_floor(body, walk):
    first = walker_of(body, walk(90, start=(-1.0, -6.0)))
    second = walker_of(body, walk(90, start=(1.0, -5.0), heading=-0.6), size=1.06)
    ground, above = find_ground([first, second])
    assert len(ground.levels) == 1
    assert tilt_between(ground.up, walk(1).up) < 3.0
    # Part of the ten centimetres is explained by a slightly different direction of gravity.
    assert above[1] < 0 < above[0]
    assert above[0] - above[1] < 0.06 * 1.7
    for walker, gap in ((first, above[0]), (second, above[1])):
        assert standing_contacts(walker, ground, gap).mean() > 0.2


def test_someone_on_a_stage_does_not_raise_the_other_s_floor(body, walk):
    first = walker_of(body, walk(90, start=(-1.0, -6.0)))
    second = walker_of(body, walk(90, start=(1.0, -5.0), heading=-0.6))
    raised = Walker(second.points, second.root + 1.2 * walk(1).up, second.valid, second.times)
    ground, above = find_ground([raised, first])
    assert ground.height == pytest.approx(1.7, abs=0.1)
    assert ground.levels[1:] == pytest.approx([1.2], abs=0.1)
    assert np.abs(above).max() < 0.05


def test_feet_that_never_stand_still_give_a_floor_through_their_lowest_steps(body, walk):
    scene = walk(60, bend=0.0)
    walker = walker_of(body, scene)
    # A rolling pavement: the whole path moves on at 3 m/s sideways, so no foot is ever at rest.
    drift = np.arange(60)[:, None] * 0.1 * scene.camera.rotation[:, 0]
    moving = Walker(walker.points, walker.root + drift, walker.valid, walker.times)
    ground, _ = find_ground([moving])
    assert tilt_between(ground.up, scene.up) < 4.0
    assert ground.height == pytest.approx(1.7, abs=0.15)


def test_a_roof_that_somebody_leaves_is_a_level_above_the_floor(body, walk):
    scene = walk(150, bend=0.2)
    walker = walker_of(body, scene)
    on_roof = np.arange(150) < 90
    raised = walker.root + on_roof[:, None] * 1.5 * scene.up
    climber = Walker(walker.points, raised, walker.valid, walker.times)
    ground, _ = find_ground([climber])
    assert ground.height == pytest.approx(1.7, abs=0.1)
    assert ground.levels[0] == 0.0
    assert ground.levels[1:] == pytest.approx([1.5], abs=0.1)
    contacts = standing_contacts(climber, ground)
    assert contacts[:85].mean() > 0.2
    assert contacts[95:].mean() > 0.2


def test_a_walk_over_flat_ground_knows_one_level(body, walk):
    assert len(find_ground([walker_of(body, walk(120, bend=0.0))])[0].levels) == 1


def test_contacts_alternate_between_the_feet(body, walk):
    scene = walk(90)
    contacts = standing_contacts(walker_of(body, scene), Ground(scene.up, 1.7))
    left, right = contacts[:, :2].max(axis=1), contacts[:, 2:].max(axis=1)
    assert 0.2 < left.mean() < 0.8
    assert 0.2 < right.mean() < 0.8
    assert np.mean(left + right == 1) > 0.7


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_few_frames_give_a_sane_ground(body, walk, count):
    scene = walk(count, pitch=0.1, roll=0.0)
    ground, _ = find_ground([walker_of(body, scene)])
    assert tilt_between(ground.up, scene.up) < 8.0
    assert ground.height == pytest.approx(1.7, abs=0.6)
