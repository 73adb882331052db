"""The points of the shipped body agree with its mesh."""

import numpy as np
import pytest
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.world.body_points import BodyPoints


@pytest.fixture(scope="module")
def template():
    return load_body()


@pytest.fixture(scope="module")
def points(template):
    return BodyPoints.of(template)


BETAS = np.array([1.2, -0.8, 0.5, 0, 0, 0.3, 0, 0, 0, -0.4])


def test_height_is_that_of_the_shaped_mesh(template, points):
    assert points.height(BETAS) == pytest.approx(np.ptp(template.shaped_vertices(BETAS)[:, 1]), abs=1e-5)
    assert 1.5 < points.height(np.zeros(10)) < 1.9


def test_the_lowest_sole_is_the_lowest_vertex_of_a_standing_body(template, points):
    upright = np.tile(np.eye(3), (1, 24, 1, 1))
    posed = points.posed(upright, BETAS)
    rest = template.shaped_vertices(BETAS) - template.joints(BETAS)[0]
    assert posed.soles[..., 1].min() == pytest.approx(rest[:, 1].min(), abs=0.006)


def test_a_foot_that_tilts_touches_with_its_lowest_vertex(template, points):
    for tilt in ([0.5, 0, 0], [-0.4, 0, 0], [0, 0, 0.4], [0, 0, -0.4]):
        pose = np.zeros((1, 24, 3))
        pose[0, 0] = tilt
        rotations = quaternion_to_matrix(quaternion_from_rotvec(pose))
        mesh = template.posed_vertices(rotations, np.zeros((1, 3)), np.zeros(10))
        lowest = points.posed(rotations, np.zeros(10)).soles[..., 1].min()
        assert lowest == pytest.approx(mesh[..., 1].min(), abs=0.02)


def test_heels_are_behind_toes_and_left_is_left(points):
    middles = points.posed(np.tile(np.eye(3), (1, 24, 1, 1)), np.zeros(10)).soles[0].mean(axis=1)
    assert middles[0, 2] < middles[1, 2] - 0.08
    assert middles[2, 2] < middles[3, 2] - 0.08
    assert np.all(middles[:2, 0] > 0.03)
    assert np.all(middles[2:, 0] < -0.03)


def test_landmarks_turn_with_the_joint_that_carries_them(points):
    pose = np.zeros((1, 24, 3))
    pose[0, 18] = [0.0, -1.0, 0.0]  # the left elbow
    rotations = quaternion_to_matrix(quaternion_from_rotvec(pose))
    moved = (
        points.posed(rotations, BETAS).landmarks[0]
        - points.posed(np.tile(np.eye(3), (1, 24, 1, 1)), BETAS).landmarks[0]
    )
    distance = np.linalg.norm(moved, axis=-1)
    assert distance[[15, 17, 19, 21]].min() > 0.1  # wrist and fingers of that arm
    still = [i for i in range(33) if i not in (13, 15, 17, 19, 21)]
    assert distance[still].max() < 1e-6
