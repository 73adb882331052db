"""The SLERP average filter against angles that can be added in one's head."""

import numpy as np
import pytest
import torch
from reel2rig.core.evaluate.paper.filters import slerp_average
from reel2rig.core.network.rotations import matrix_from_rotvec, rotvec_from_matrix


def about_x(degrees):
    vectors = torch.zeros(len(degrees), 24, 3)
    vectors[:, 5, 0] = torch.tensor(degrees).deg2rad()
    return matrix_from_rotvec(vectors)


def test_a_step_is_followed_by_three_tenths_of_what_is_left_each_frame():
    angles = rotvec_from_matrix(slerp_average(about_x([0.0, 90.0, 90.0, 90.0])))[:, 5, 0].rad2deg()
    np.testing.assert_allclose(angles, [0, 27, 45.9, 59.13], atol=1e-3)


def test_a_pose_that_stays_is_left_alone():
    still = about_x([40.0] * 5)
    torch.testing.assert_close(slerp_average(still), still)


def test_the_shorter_way_is_taken_across_half_a_turn():
    angles = rotvec_from_matrix(slerp_average(about_x([170.0, -170.0])))[:, 5, 0].rad2deg()
    assert angles[1].item() == pytest.approx(176, abs=1e-3)
