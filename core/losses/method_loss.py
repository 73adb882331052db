"""The method's loss: L = lambda_A L_A + L_M on whatever is known of every row (equations 5 to 10, method
section 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..body.spin_joints import ANCHORS_49, COMMON_14, OP_MID_HIP, SPIN_JOINT_NAMES, SpinJoints
from ..data.rows import SupervisedRows
from ..network.regressor import BodyState
from . import mesh
from .config import LossConfig
from .landmark_anchor import choose_anchors, landmark_anchor

CROP_SPREAD = 112 / 5000  # half a crop of 224 px over the focal length: the tangent of its half angle
BALANCE = 6.0  # what the area's error is multiplied with to weigh about as much as the perimeter's
HIPS_49 = (SPIN_JOINT_NAMES.index("right_hip"), SPIN_JOINT_NAMES.index("left_hip"))


class MethodLoss(nn.Module):
    """The weighted terms of the loss.

    Args:
        config: weights and readings.
        body: what turns rotations and betas into the 49 joints.
        seed: of the run; draws the anchors of ``anchor_set: random`` once.
    """

    def __init__(self, config: LossConfig, body: SpinJoints, seed: int) -> None:
        super().__init__()
        self.config, self.body = config, body
        self.anchors = choose_anchors(ANCHORS_49, COMMON_14, config, seed)

    def terms(self, state: BodyState, rows: SupervisedRows, frames: slice | int) -> dict[str, Tensor]:
        """Terms by name, each times its weight; their sum is the loss. Terms of weight zero are left out.

        Args:
            state: (B, t, ...) the answer for t frames of each window; it may come in half precision.
            rows: B windows.
            frames: which frames of the windows the answer is about: one, or t of them.

        ``kp2d`` is the mean over all rows, joints and coordinates, unseen ones counting as zero. Every other
        term is the mean over the rows that have its truth, and an exact zero when none has. Computed in
        single precision whatever the surrounding autocast.

        **Convention**: `state.cam` sees points about the pelvis joint, as `BodyState` says; 3D joints are
        compared about the middle of the common hips, in the axes of the camera.
        """
        at = [frames] if isinstance(frames, int) else frames
        with torch.autocast(state.betas.device.type, enabled=False):
            rotations, betas, cam = (x.float() for x in (state.rotations, state.betas, state.cam))
            keypoints, true_joints, true_rotations, true_betas = (
                x[:, at].float() for x in (rows.keypoints_2d, rows.joints_3d, rows.rotations, rows.betas)
            )
            if betas.shape != true_betas.shape:
                raise ValueError(
                    f"the answer's betas are {(*betas.shape,)}, the truth's {(*true_betas.shape,)}"
                )
            joints = self.body.joints49(rotations.flatten(0, 1), betas.flatten(0, 1))
            joints = joints.view(true_joints.shape)
            with_3d, with_smpl = (has.nonzero()[:, 0] for has in (rows.has_3d, rows.has_smpl))
            seen = project(joints - joints[:, :, [OP_MID_HIP]], cam)
            found_3d, known_3d = joints[with_3d], true_joints[with_3d]
            found, known = (
                mesh.about_middle(side, HIPS_49)[:, :, list(COMMON_14)] for side in (found_3d, known_3d)
            )
            errors = {
                "kp2d": mesh.keypoints_2d(seen, keypoints[..., :2], keypoints[..., 2]),
                "kp3d": mesh.keypoints_3d(found, known),
                "pose": mesh.rotation(rotations[with_smpl], true_rotations[with_smpl]),
                "shape": mesh.shape(betas[with_smpl], true_betas[with_smpl]),
                "anchor": self._anchor(found_3d, known_3d),
                "velocity": mesh.velocity(found, known, power=2),
            }
        weights = {name: getattr(self.config, name) for name in errors}
        return {name: weight * errors[name] for name, weight in weights.items() if weight}

    def _anchor(self, joints: Tensor, truth: Tensor) -> Tensor:
        config = self.config
        w_area = config.w_area * (BALANCE if config.balance else 1.0)
        squared = config.anchor_area == "heron_sq"
        return landmark_anchor(joints, truth, self.anchors, w_area, config.w_perim, squared)


def project(points: Tensor, cam: Tensor) -> Tensor:
    """Points (..., L, 3) in metres about the pelvis -> crop coordinates (..., L, 2), by the training camera.

    **Convention** of method section 10.1: x right, y down, z forward; cam (..., 3) = (s, tx, ty) moves the
    points by (tx, ty, 2 f / (224 s)) in front of a camera with f = 5000 px; -1 to 1 spans the crop.
    """
    return mesh.project_crop(points, cam, torch.full_like(cam[..., 0], CROP_SPREAD))
