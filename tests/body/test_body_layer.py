from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from reel2rig.core.body.kinematics import global_transforms
from reel2rig.core.body.landmarks import LandmarkSet
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.smplx_layer import SmplxLayer
from reel2rig.core.motion.body import BodyFileCorrupt, BodyTemplate
from reel2rig.core.motion.kinematics import forward_kinematics

Poses = tuple[np.ndarray, np.ndarray]


def as_tensors(poses: Poses) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(poses[0]), torch.from_numpy(poses[1])


@pytest.mark.parametrize("which", ["free_body", "corrected_body"])
def test_our_layer_equals_smplx(which: str, poses: Poses, request: pytest.FixtureRequest) -> None:
    body = request.getfixturevalue(which)
    rotations, betas = as_tensors(poses)
    ours, theirs = BodyLayer(body)(rotations, betas), SmplxLayer(body)(rotations, betas)
    torch.testing.assert_close(ours.vertices, theirs.vertices, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.joints, theirs.joints, atol=1e-5, rtol=0)


def test_pose_correctives_move_the_mesh_and_leave_the_joints(
    free_body: BodyTemplate, corrected_body: BodyTemplate, poses: Poses
) -> None:
    plain, corrected = (BodyLayer(body)(*as_tensors(poses)) for body in (free_body, corrected_body))
    assert (plain.vertices - corrected.vertices).abs().max() > 0.005
    torch.testing.assert_close(plain.joints, corrected.joints)


@pytest.mark.parametrize("which", ["free_body", "corrected_body"])
def test_the_numpy_body_poses_as_the_layer_does(
    which: str, poses: Poses, request: pytest.FixtureRequest
) -> None:
    body = request.getfixturevalue(which)
    output = BodyLayer(body)(*as_tensors(poses))
    for index, (rotations, betas) in enumerate(zip(*poses, strict=True)):
        vertices = body.posed_vertices(rotations[None], output.joints[index, :1].numpy(), betas)
        np.testing.assert_allclose(vertices[0], output.vertices[index].numpy(), atol=1e-5)


def test_torch_kinematics_agree_with_numpy_kinematics(free_body: BodyTemplate, poses: Poses) -> None:
    rest = free_body.joints(np.zeros(10))
    positions, turns = global_transforms(
        torch.from_numpy(poses[0]).double(), torch.from_numpy(rest).expand(4, 24, 3)
    )
    expected, expected_turns = forward_kinematics(poses[0], np.tile(rest[0], (4, 1)), rest)
    np.testing.assert_allclose(positions.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(turns.numpy(), expected_turns, atol=1e-6)


def test_landmarks_without_the_mesh_ride_on_the_joints_of_the_mesh(
    free_body: BodyTemplate, poses: Poses
) -> None:
    layer = BodyLayer(free_body)
    rotations, betas = as_tensors(poses)
    joints, landmarks = layer.forward_landmarks(rotations, betas)
    torch.testing.assert_close(joints, layer(rotations, betas).joints)
    torch.testing.assert_close(joints, layer.forward_joints(rotations, betas))
    rest = free_body.joints(poses[1][2])
    where, turns = forward_kinematics(poses[0][2:3], rest[:1], rest)
    expected = LandmarkSet.of(free_body).place(where, turns, poses[1][2])
    np.testing.assert_allclose(landmarks[2].numpy(), expected[0], atol=1e-5)


def test_gradients_reach_rotations_and_betas(free_body: BodyTemplate, poses: Poses) -> None:
    rotations, betas = (tensor.requires_grad_() for tensor in as_tensors(poses))
    joints, landmarks = BodyLayer(free_body).forward_landmarks(rotations, betas)
    (joints.sum() + landmarks.sum()).backward()
    assert rotations.grad is not None
    assert betas.grad is not None
    assert rotations.grad[:, :20].abs().amin(0).amax((-1, -2)).min() > 0  # every joint that carries something
    assert betas.grad.abs().max() > 0


def test_a_batch_of_any_size_gives_each_body_what_it_gets_alone(free_body: BodyTemplate) -> None:
    layer = BodyLayer(free_body)
    rotations = torch.linalg.qr(torch.randn(70, 24, 3, 3, generator=torch.Generator().manual_seed(5)))[0]
    betas = torch.linspace(-2, 2, 70)[:, None].expand(70, 10)
    many = layer(rotations, betas)
    for index in (0, 31, 32, 69):
        alone = layer(rotations[index : index + 1], betas[index : index + 1])
        torch.testing.assert_close(many.vertices[index], alone.vertices[0], atol=1e-6, rtol=0)
    assert layer(rotations[:0], betas[:0]).vertices.shape == (0, len(free_body.v_template), 3)


def test_wrong_shapes_are_named(free_body: BodyTemplate) -> None:
    with pytest.raises(ValueError, match=r"\(1, 23, 3, 3\)"):
        BodyLayer(free_body)(torch.zeros(1, 23, 3, 3), torch.zeros(1, 10))


def test_a_body_without_landmarks_says_so(smpl_arrays: dict, tmp_path) -> None:
    np.savez(tmp_path / "bare.npz", **smpl_arrays)
    layer = BodyLayer(tmp_path / "bare.npz")
    with pytest.raises(BodyFileCorrupt, match="no landmarks"):
        layer.forward_landmarks(torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10))


def test_the_free_body_imports_no_smplx() -> None:
    script = """
import sys, torch
from reel2rig.core.body.layer import body_layer
import reel2rig.core.body.files
layer = body_layer()
layer(torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10))
layer.forward_landmarks(torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10))
sys.exit(3 if any(name.partition(".")[0] == "smplx" for name in sys.modules) else 0)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
