"""Every change of space is a rotation, can be undone, and leaves the picture as it was."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.core.motion import spaces
from reel2rig.core.motion.clip import SPACES
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix, rotation_angle


def test_the_axes_go_where_the_names_say():
    x, y, z = 1.0, 2.0, 3.0
    assert np.array_equal(spaces.CV_TO_BLENDER @ [x, y, z], [x, z, -y])
    assert np.array_equal(spaces.YUP_TO_BLENDER @ [x, y, z], [x, -z, y])
    assert np.array_equal(spaces.CV_TO_BLENDER_CAMERA @ [x, y, z], [x, -y, -z])


@pytest.mark.parametrize(("source", "target"), list(itertools.product(SPACES, SPACES)))
def test_every_axis_change_is_a_rotation_with_its_inverse(source, target):
    there, back = spaces.axes_between(source, target), spaces.axes_between(target, source)
    assert np.array_equal(there @ back, np.eye(3))
    assert np.linalg.det(there) == 1.0


def test_a_level_camera_looks_along_plus_y_in_blender():
    ahead_cv = np.array([0.0, 0.0, 1.0])
    assert np.array_equal(spaces.CV_TO_BLENDER @ ahead_cv, [0, 1, 0])
    assert np.array_equal(spaces.axes_between("camera_cv", "world_yup") @ ahead_cv, [0, 0, -1])


@pytest.mark.parametrize(("start", "via"), list(itertools.permutations(SPACES, 2)))
def test_a_clip_without_a_camera_comes_back_from_every_space(make_clip, start, via):
    clip = make_clip(space=start, camera=None)
    back = spaces.to_space(spaces.to_space(clip, via), start)
    assert np.allclose(back.joints, clip.joints, atol=1e-5)
    assert back.space == start


@pytest.mark.parametrize("space", SPACES)
def test_the_picture_is_the_same_in_every_space(make_clip, space):
    clip = make_clip()
    moved = spaces.to_space(clip, space)
    assert np.allclose(moved.camera.project(moved.joints), clip.camera.project(clip.joints), atol=1e-2)


def test_in_camera_space_the_camera_is_the_origin(make_clip):
    moved = spaces.to_space(make_clip(), "camera_cv")
    assert np.allclose(moved.camera.rotation, np.eye(3))
    assert np.allclose(moved.camera.translation, 0)


def test_world_and_blender_keep_the_camera_and_the_floor(make_clip):
    clip = make_clip()
    blender = spaces.to_space(clip, "blender")
    assert np.allclose(blender.joints[..., 2], clip.joints[..., 1], atol=1e-6)
    back = spaces.to_space(blender, "world_yup")
    assert np.allclose(back.joints, clip.joints, atol=1e-6)
    assert np.allclose(back.camera.translation, clip.camera.translation)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6))
def test_moving_a_clip_moves_every_joint_and_keeps_the_picture(make_clip_once, numbers):
    clip = make_clip_once
    turn = quaternion_to_matrix(quaternion_from_rotvec(numbers[:3]))
    shift = np.array(numbers[3:])
    moved = spaces.move_clip(clip, turn, shift)
    assert np.allclose(moved.joints, clip.joints @ turn.T + shift, atol=1e-4)
    assert np.allclose(moved.camera.project(moved.joints), clip.camera.project(clip.joints), atol=0.1)
    assert np.allclose(rotation_angle(moved.rotations[:, 1:], clip.rotations[:, 1:]), 0, atol=1e-3)


@pytest.fixture(scope="module")
def make_clip_once():
    """One clip for the examples of a property test."""
    from fractions import Fraction

    from reel2rig.core.motion.clip import Camera, MotionClip

    rng = np.random.default_rng(5)
    return MotionClip(
        rotations=quaternion_from_rotvec(rng.normal(0, 1, (3, 24, 3))),
        root=rng.normal(0, 1, (3, 3)),
        betas=np.zeros(10),
        rest_joints=rng.normal(0, 0.3, (24, 3)),
        fps=Fraction(30),
        frames=np.arange(3),
        valid=np.ones(3, dtype=bool),
        contacts=np.zeros((3, 4)),
        space="world_yup",
        camera=Camera(900.0, 1280, 720, np.diag([1.0, -1.0, -1.0]), [0.0, 1.0, 8.0]),
    )


def test_an_unknown_space_is_refused(make_clip):
    with pytest.raises(ValueError, match="camera_cv"):
        spaces.to_space(make_clip(), "maya")
