"""The joints that video datasets annotate, from an SMPL-format body (method section 4.6).

Datasets agree neither on joints nor on their places, so that training works on one list of 49, the "SPIN"
joints: OpenPose's BODY_25, the 14 joints common to all, and ten more. They are gathered by name from 54:
the 24 joints of the skeleton, 21 picked vertices and nine regressed joints. Ten of the vertices are finger
tips, which no list names; they are left out.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import Reel2RigError
from ..motion.skeletons import JOINT_COUNT, JOINT_INDEX
from .carried_points import CarriedPoints
from .layer import BodyLayer

BODY_25_NAMES: tuple[str, ...] = (
    "op_nose", "op_neck", "op_right_shoulder", "op_right_elbow", "op_right_wrist", "op_left_shoulder",
    "op_left_elbow", "op_left_wrist", "op_mid_hip", "op_right_hip", "op_right_knee", "op_right_ankle",
    "op_left_hip", "op_left_knee", "op_left_ankle", "op_right_eye", "op_left_eye", "op_right_ear",
    "op_left_ear", "op_left_big_toe", "op_left_small_toe", "op_left_heel", "op_right_big_toe",
    "op_right_small_toe", "op_right_heel",
)  # fmt: skip
COMMON_14_NAMES: tuple[str, ...] = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist",
    "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top",
)  # fmt: skip
SPIN_JOINT_NAMES: tuple[str, ...] = (
    *BODY_25_NAMES,
    *COMMON_14_NAMES,
    *("pelvis_mpii", "thorax_mpii", "spine_h36m", "jaw_h36m", "head_h36m"),
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
)
# What each row of the two regressors gives; Human3.6M's has the left leg first.
EXTRA_ROWS: tuple[str, ...] = (
    "right_hip", "left_hip", "neck", "head_top", "pelvis_mpii", "thorax_mpii", "spine_h36m", "jaw_h36m",
    "head_h36m",
)  # fmt: skip
H36M_ROWS: tuple[str, ...] = (
    "pelvis", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle", "spine",
    "neck", "jaw", "head_top", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow",
    "right_wrist",
)  # fmt: skip

OP_MID_HIP = SPIN_JOINT_NAMES.index("op_mid_hip")  # the pelvis joint of the skeleton
COMMON_14 = range(SPIN_JOINT_NAMES.index("right_ankle"), SPIN_JOINT_NAMES.index("head_top") + 1)
COMMON_RIGHT_HIP, COMMON_LEFT_HIP = COMMON_14_NAMES.index("right_hip"), COMMON_14_NAMES.index("left_hip")
COMMON_17_NAMES: tuple[str, ...] = (*COMMON_14_NAMES, "pelvis", "spine", "jaw")
H36M_TO_COMMON17: tuple[int, ...] = tuple(H36M_ROWS.index(name) for name in COMMON_17_NAMES)
# The five of the landmark anchor loss: head, left wrist, right wrist, left ankle, right ankle.
ANCHORS_49: tuple[int, ...] = tuple(
    SPIN_JOINT_NAMES.index(name)
    for name in ("head_top", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
)

# Names of picked vertices as smplx has them.
_VERTICES = {
    "nose": "nose", "left_eye": "leye", "right_eye": "reye", "left_ear": "lear", "right_ear": "rear",
    "left_big_toe": "LBigToe", "left_small_toe": "LSmallToe", "left_heel": "LHeel",
    "right_big_toe": "RBigToe", "right_small_toe": "RSmallToe", "right_heel": "RHeel",
}  # fmt: skip
EXTRA_KEY, H36M_KEY = "J_regressor_extra", "J_regressor_h36m"


class JointRegressorMissing(Reel2RigError):
    """A body file lacks what the datasets' joints are computed from; the sentence names the key."""

    code = "body.regressor_missing"
    exit_code = 5


class SpinJoints(nn.Module):
    """The 49 SPIN joints, and Human3.6M's 17, of an SMPL-format body.

    Args:
        body: any layer whose template carries `J_regressor_extra` and the picked vertices; the methods on
            Human3.6M's joints need `J_regressor_h36m` too.

    Raises JointRegressorMissing.

    **Convention** that of `BodyLayer`: metres, the pelvis joint at J0(betas); left and right are the
    person's, so that at identity (facing +z, y up) the right ankle has negative x.
    """

    _order: Tensor

    def __init__(self, body: BodyLayer) -> None:
        super().__init__()
        self.body = body
        extra = _needed(body.template.J_regressor_extra, EXTRA_KEY, body)
        absent = [name for name in _VERTICES.values() if name not in body.vertex_ids]
        if absent:
            raise JointRegressorMissing(
                f"{body.template.source} does not say in 'vertex_ids' which vertex is '{absent[0]}', one of "
                f"{len(_VERTICES)} among the 49 joints: use the free body or an official SMPL file."
            )
        picked = torch.zeros(len(_VERTICES), extra.shape[1])
        picked[range(len(_VERTICES)), [body.vertex_ids[name] for name in _VERTICES.values()]] = 1
        self.points = CarriedPoints(body.template, torch.cat([picked, torch.as_tensor(extra)]))
        h36m, rows = body.template.J_regressor_h36m, list(H36M_TO_COMMON17)
        self.human36m = None if h36m is None else CarriedPoints(body.template, torch.as_tensor(h36m)[rows])
        places = _places()
        order = torch.tensor([places[name] for name in SPIN_JOINT_NAMES])
        self.register_buffer("_order", order, persistent=False)

    def joints49(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """Rotations (N, 24, 3, 3) and betas (N, 10) -> the 49 joints (N, 49, 3) of the posed body, metres.

        The same as `from_vertices49` of the skinned mesh, without skinning a vertex. Single precision
        whatever the surrounding autocast.
        """
        joints, points = self.points.of_pose(self.body, rotations, betas)
        return torch.cat([joints, points], 1)[:, self._order]

    def from_vertices49(self, vertices: Tensor, joints24: Tensor) -> Tensor:
        """The 49 joints (N, 49, 3) of meshes (N, V, 3) whose skeleton stands at joints24 (N, 24, 3)."""
        return torch.cat([joints24, self.points.of_mesh(vertices)], 1)[:, self._order]

    def h36m17(self, vertices: Tensor) -> Tensor:
        """Meshes (N, V, 3) -> Human3.6M's joints (N, 17, 3) in the order of `COMMON_17_NAMES`.

        Raises JointRegressorMissing.
        """
        return self._h36m().of_mesh(vertices)

    def common14_h36m(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """The 14 common joints (N, 14, 3) as Human3.6M's regressor places them, of posed bodies.

        Raises JointRegressorMissing.
        """
        return self._h36m().of_pose(self.body, rotations, betas)[1][:, : len(COMMON_14)]

    def _h36m(self) -> CarriedPoints:
        if self.human36m is None:
            _needed(self.body.template.J_regressor_h36m, H36M_KEY, self.body)
        assert self.human36m is not None
        return self.human36m


def _places() -> dict[str, int]:
    """Where each name stands among the skeleton's joints, the picked vertices and the regressed joints."""
    places = {"op_mid_hip": JOINT_INDEX["Pelvis"], "op_neck": JOINT_INDEX["Neck"]}
    for side in ("left", "right"):
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            joint = JOINT_INDEX[f"{side[0].upper()}_{part.capitalize()}"]
            places[f"op_{side}_{part}"] = places[f"{side}_{part}"] = joint
    for place, name in enumerate(_VERTICES, JOINT_COUNT):
        places[f"op_{name}"] = places[name] = place
    # Last: the datasets' hips and neck are regressed, OpenPose's are the skeleton's.
    return places | {name: row for row, name in enumerate(EXTRA_ROWS, JOINT_COUNT + len(_VERTICES))}


def _needed(regressor: NDArray[Any] | None, key: str, body: BodyLayer) -> NDArray[Any]:
    if regressor is None:
        rows = {EXTRA_KEY: len(EXTRA_ROWS), H36M_KEY: len(H36M_ROWS)}[key]
        raise JointRegressorMissing(
            f"{body.template.source} has no '{key}' of shape ({rows}, {len(body.template.v_template)}): put "
            f"the file {key}.npy beside your SMPL file and give that file again, or use the free body."
        )
    return regressor
