"""Quaternion tools against scipy and against their own inverses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reel2rig.core.motion import rotations as rot
from scipy.spatial.transform import Rotation

vectors = arrays(np.float64, (5, 3), elements=st.floats(-3.0, 3.0, width=32))
quaternions = arrays(np.float64, (6, 4), elements=st.floats(-1.0, 1.0, width=32)).map(rot.normalized)


def same_rotation(first, second, atol=1e-7):
    assert np.allclose(rot.quaternion_to_matrix(first), rot.quaternion_to_matrix(second), atol=atol)


@given(quaternions)
def test_matrices_and_quaternions_are_inverse(q):
    same_rotation(rot.quaternion_from_matrix(rot.quaternion_to_matrix(q)), q)


@given(quaternions)
def test_rotation_vectors_and_quaternions_are_inverse(q):
    rotvec = rot.quaternion_to_rotvec(q)
    assert np.all(np.linalg.norm(rotvec, axis=-1) <= np.pi + 1e-9)
    same_rotation(rot.quaternion_from_rotvec(rotvec), q)


@given(vectors)
def test_matrices_agree_with_scipy(v):
    expected = Rotation.from_rotvec(v).as_matrix()
    assert np.allclose(rot.quaternion_to_matrix(rot.quaternion_from_rotvec(v)), expected, atol=1e-9)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (-1, 2, 3)])
@pytest.mark.parametrize("angle", [0.0, 1e-9, np.pi - 1e-9, np.pi, np.pi + 1e-9])
def test_half_turns_and_tiny_turns_keep_their_precision(axis, angle):
    v = np.array(axis) / np.linalg.norm(axis) * angle
    matrix = Rotation.from_rotvec(v).as_matrix()
    assert np.allclose(rot.quaternion_to_matrix(rot.quaternion_from_matrix(matrix)), matrix, atol=1e-9)


@given(quaternions, quaternions)
def test_the_product_turns_by_the_second_factor_first(a, b):
    v = np.array([0.3, -1.2, 0.7])
    both = rot.quaternion_rotate(rot.quaternion_multiply(a, b), v)
    assert np.allclose(both, rot.quaternion_rotate(a, rot.quaternion_rotate(b, v)), atol=1e-9)
    assert np.allclose(rot.quaternion_to_matrix(a) @ v, rot.quaternion_rotate(a, v), atol=1e-9)


@given(quaternions)
def test_the_conjugate_undoes_a_turn(q):
    identity = np.array([1.0, 0, 0, 0])
    same_rotation(rot.quaternion_multiply(q, rot.quaternion_conjugate(q)), identity)


@given(quaternions, quaternions, st.floats(0.0, 1.0))
def test_slerp_moves_at_constant_angle_along_the_shorter_arc(a, b, t):
    whole = rot.rotation_angle(a, b)
    part = rot.rotation_angle(a, rot.slerp(a, b, t))
    assert np.allclose(part, t * whole, atol=1e-5)


@given(quaternions)
def test_making_signs_continuous_changes_no_rotation_and_is_idempotent(q):
    smooth = rot.sign_continuous(q)
    assert np.array_equal(np.abs(smooth), np.abs(q))
    assert np.all(np.sum(smooth[1:] * smooth[:-1], axis=-1) >= 0)
    assert np.array_equal(rot.sign_continuous(smooth), smooth)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.floats(0.01, 0.6))
def test_random_signs_on_a_smooth_turn_are_undone(seed, step):
    rng = np.random.default_rng(seed)
    angles = np.arange(40)[:, None] * step
    smooth = rot.quaternion_from_rotvec(np.zeros((40, 3)))
    smooth[:, 0], smooth[:, 2] = np.cos(angles[:, 0] / 2), np.sin(angles[:, 0] / 2)
    signs = rng.choice([-1.0, 1.0], size=(40, 1))
    signs[0] = 1.0
    assert np.allclose(rot.sign_continuous(smooth * signs), smooth)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        rot.quaternion_to_matrix(np.zeros((2, 3)))
