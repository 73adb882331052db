"""The datasets' joints of the free body and of a converted SMPL file."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reel2rig.core.body.files import convert_smpl_file
from reel2rig.core.body.layer import BodyLayer, body_layer
from reel2rig.core.body.spin_joints import (
    ANCHORS_49,
    COMMON_14,
    COMMON_14_NAMES,
    COMMON_17_NAMES,
    COMMON_LEFT_HIP,
    COMMON_RIGHT_HIP,
    H36M_TO_COMMON17,
    OP_MID_HIP,
    SPIN_JOINT_NAMES,
    JointRegressorMissing,
    SpinJoints,
)
from reel2rig.core.motion.body import BodyFileCorrupt, BodyTemplate
from reel2rig.core.motion.skeletons import JOINT_INDEX

Poses = tuple[np.ndarray, np.ndarray]
REST = torch.eye(3).expand(1, 24, 3, 3), torch.zeros(1, 10)


def as_tensors(poses: Poses) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(poses[0]), torch.from_numpy(poses[1])


@pytest.fixture(scope="module")
def spin(free_body: BodyTemplate) -> SpinJoints:
    return SpinJoints(BodyLayer(free_body))


@pytest.mark.parametrize("which", ["free_body", "corrected_body"])
def test_the_short_way_equals_regressing_the_skinned_mesh(
    which: str, poses: Poses, request: pytest.FixtureRequest
) -> None:
    body = BodyLayer(request.getfixturevalue(which))
    spin, (rotations, betas) = SpinJoints(body), as_tensors(poses)
    posed = body(rotations, betas)
    joints = spin.joints49(rotations, betas)
    torch.testing.assert_close(joints, spin.from_vertices49(posed.vertices, posed.joints), atol=1e-5, rtol=0)
    short = spin.common14_h36m(rotations, betas)
    torch.testing.assert_close(short, spin.h36m17(posed.vertices)[:, :14], atol=1e-5, rtol=0)

    # And both equal what the file's own arrays say, by name.
    template, vertices = body.template, posed.vertices.double().numpy()
    assert template.J_regressor_extra is not None
    regressed = np.einsum("rv,nvc->nrc", template.J_regressor_extra.astype(np.float64), vertices)
    at = {name: joints[:, i].numpy() for i, name in enumerate(SPIN_JOINT_NAMES)}
    for row, name in enumerate(("right_hip", "left_hip", "neck", "head_top", "pelvis_mpii")):
        np.testing.assert_allclose(at[name], regressed[:, row], atol=1e-5)
    for name, vertex in {"op_left_heel": "LHeel", "right_ear": "rear", "op_right_eye": "reye"}.items():
        np.testing.assert_allclose(at[name], vertices[:, template.vertex_ids[vertex]], atol=1e-5)
    skeleton = posed.joints.numpy()
    for name, joint in {"right_ankle": "R_Ankle", "op_left_hip": "L_Hip", "op_neck": "Neck"}.items():
        np.testing.assert_allclose(at[name], skeleton[:, JOINT_INDEX[joint]], atol=1e-6)


def test_gradients_of_the_short_way_equal_those_through_the_mesh(poses: Poses, spin: SpinJoints) -> None:
    def gradients(short: bool) -> list[torch.Tensor]:
        rotations, betas = (x.clone().requires_grad_() for x in as_tensors(poses))
        if short:
            joints = spin.joints49(rotations, betas)
        else:
            posed = spin.body(rotations, betas)
            joints = spin.from_vertices49(posed.vertices, posed.joints)
        weights = torch.sin(torch.arange(joints.numel(), dtype=torch.float32)).view_as(joints)
        return list(torch.autograd.grad((weights * joints.square()).sum(), [rotations, betas]))

    for ours, theirs in zip(gradients(True), gradients(False), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_the_list_is_bodys_25_the_common_14_and_ten_more() -> None:
    assert len(set(SPIN_JOINT_NAMES)) == 49
    assert (COMMON_14.start, COMMON_14.stop) == (25, 39)
    assert (COMMON_RIGHT_HIP, COMMON_LEFT_HIP, OP_MID_HIP) == (2, 3, 8)
    assert ANCHORS_49 == (38, 36, 31, 30, 25)
    assert H36M_TO_COMMON17 == (6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10, 0, 7, 9)


def test_left_and_right_are_the_persons_and_mirror_each_other(spin: SpinJoints) -> None:
    joints = spin.joints49(*REST)[0]
    h36m = spin.h36m17(spin.body(*REST).vertices)[0]
    for names, points in ((SPIN_JOINT_NAMES, joints), (COMMON_17_NAMES, h36m)):
        for name, point in zip(names, points, strict=True):
            if "left" in name:
                assert point[0] > 0.02, name
                partner = points[names.index(name.replace("left", "right"))]
                torch.testing.assert_close(point * torch.tensor([-1.0, 1, 1]), partner, atol=1e-4, rtol=0)
            elif "right" not in name:
                assert point[0].abs() < 1e-3, name


def test_the_body_stands_upright_and_faces_forward(spin: SpinJoints) -> None:
    at = dict(zip(SPIN_JOINT_NAMES, spin.joints49(*REST)[0], strict=True))
    chain = (
        *("op_left_heel", "left_ankle", "left_knee", "left_hip", "spine_h36m", "thorax_mpii", "neck"),
        *("jaw_h36m", "nose", "left_eye", "head_top"),
    )
    heights = [float(at[name][1]) for name in chain]
    assert heights == sorted(heights)
    assert 1.6 < heights[-1] - heights[0] < 1.8
    assert at["op_left_big_toe"][2] > at["op_left_heel"][2] + 0.2
    assert at["nose"][2] > at["left_ear"][2] + 0.08
    assert at["op_left_small_toe"][0] > at["op_left_big_toe"][0]


def test_the_common_joints_lie_at_the_joints_they_name_in_every_pose(poses: Poses, spin: SpinJoints) -> None:
    turns = as_tensors(poses)[0]
    # Nearer to identity: random rotations of joints up to half a turn fold the skin.
    left, _, right = torch.linalg.svd(0.7 * torch.eye(3) + 0.3 * turns)
    rotations = left @ right
    betas = as_tensors(poses)[1]
    skeleton = spin.body.forward_joints(rotations, betas)
    spots = {"neck": "Neck", "head_top": "Head"}
    for points in (spin.joints49(rotations, betas)[:, COMMON_14.start : COMMON_14.stop],
                   spin.common14_h36m(rotations, betas)):  # fmt: skip
        for index, name in enumerate(COMMON_14_NAMES):
            side, _, part = name.partition("_")
            joint = spots.get(name) or f"{side[0].upper()}_{part.capitalize()}"
            allowed = {"neck": 0.13, "head_top": 0.30}.get(name, 0.045)
            away = (points[:, index] - skeleton[:, JOINT_INDEX[joint]]).norm(dim=-1)
            assert away.max() < allowed, name


def test_autocast_does_not_round_the_joints(poses: Poses, spin: SpinJoints) -> None:
    plain = spin.joints49(*as_tensors(poses))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(spin.joints49(*as_tensors(poses)), plain, atol=0, rtol=0)
        assert spin.common14_h36m(*as_tensors(poses)).dtype == torch.float32


# ---- a user's own SMPL file


@pytest.fixture
def smpl_folder(smpl_arrays: dict[str, Any], tmp_path: Path) -> Path:
    """An SMPL file of SMPL's size with the two regressors in the folder above, where research keeps them."""
    rng, count = np.random.default_rng(5), 6890
    weights = rng.random((count, 24)) ** 8
    arrays = smpl_arrays | {
        "v_template": rng.normal(0, 0.4, (count, 3)),
        "shapedirs": rng.normal(0, 0.02, (count, 3, 10)),
        "posedirs": rng.normal(0, 0.01, (count, 3, 207)),
        "weights": weights / weights.sum(1, keepdims=True),
        "J_regressor": np.eye(24, count),
    }
    (tmp_path / "smpl").mkdir()
    (tmp_path / "smpl" / "SMPL_NEUTRAL.pkl").write_bytes(pickle.dumps(arrays, protocol=2))
    for name, rows in (("extra", 9), ("h36m", 17)):
        regressor = rng.random((rows, count)) * (rng.random((rows, count)) < 0.01)
        np.save(tmp_path / f"J_regressor_{name}.npy", regressor / regressor.sum(1, keepdims=True))
    return tmp_path


def test_an_official_body_takes_the_regressors_along_and_picks_smplx_vertices(
    smpl_folder: Path, poses: Poses
) -> None:
    body = body_layer(convert_smpl_file(smpl_folder, smpl_folder))
    assert type(body).__name__ == "SmplxLayer"
    spin, (rotations, betas) = SpinJoints(body), as_tensors(poses)
    vertices = body(rotations, betas).vertices
    joints = spin.joints49(rotations, betas)
    extra = torch.from_numpy(np.load(smpl_folder / "J_regressor_extra.npy")).float() @ vertices
    torch.testing.assert_close(joints[:, [27, 28, 37, 38, *range(39, 44)]], extra, atol=1e-4, rtol=0)
    nose = body.vertex_ids["nose"]
    torch.testing.assert_close(joints[:, 0], vertices[:, nose], atol=1e-4, rtol=0)
    h36m = torch.from_numpy(np.load(smpl_folder / "J_regressor_h36m.npy")).float() @ vertices
    torch.testing.assert_close(spin.common14_h36m(rotations, betas)[:, 0], h36m[:, 6], atol=1e-4, rtol=0)


def test_another_regressor_makes_another_conversion(smpl_folder: Path) -> None:
    first = convert_smpl_file(smpl_folder, smpl_folder)
    assert convert_smpl_file(smpl_folder, smpl_folder) == first
    np.save(smpl_folder / "smpl" / "J_regressor_extra.npy", np.eye(9, 6890))  # beside the file comes first
    second = convert_smpl_file(smpl_folder, smpl_folder)
    assert second != first
    rows = SpinJoints(body_layer(second)).body.template.J_regressor_extra
    np.testing.assert_array_equal(rows, np.eye(9, 6890))


@pytest.mark.parametrize(
    "wrong", [np.zeros((9, 100)), np.full((9, 6890), np.nan), np.array([{}] * 9, dtype=object)]
)
def test_a_wrong_regressor_is_refused_by_name_and_not_run(smpl_folder: Path, wrong: np.ndarray) -> None:
    np.save(smpl_folder / "J_regressor_extra.npy", wrong, allow_pickle=True)
    with pytest.raises(BodyFileCorrupt, match=r"J_regressor_extra\.npy"):
        convert_smpl_file(smpl_folder, smpl_folder)
    assert not list(smpl_folder.glob("smpl-*"))


def test_a_body_without_regressors_says_which_file_and_key(smpl_folder: Path) -> None:
    (smpl_folder / "J_regressor_h36m.npy").unlink()
    body = body_layer(convert_smpl_file(smpl_folder, smpl_folder))
    with pytest.raises(JointRegressorMissing, match=r"smpl-\w+\.npz has no 'J_regressor_h36m'.*\(17, 6890\)"):
        SpinJoints(body).common14_h36m(*REST)
    (smpl_folder / "J_regressor_extra.npy").unlink()
    with pytest.raises(JointRegressorMissing, match=r"'J_regressor_extra' of shape \(9, 6890\)"):
        SpinJoints(body_layer(convert_smpl_file(smpl_folder, smpl_folder)))


def test_a_mesh_whose_vertices_nobody_knows_is_refused(free_body: BodyTemplate) -> None:
    with pytest.raises(JointRegressorMissing, match=r"'vertex_ids'.*'nose'"):
        SpinJoints(BodyLayer(dataclasses.replace(free_body, vertex_ids={})))
