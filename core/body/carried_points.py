"""Regressed points of a skinned body without its mesh: blend skinning and a regressor, multiplied out
(method section 4.6).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..motion.body import BodyTemplate
from ..motion.skeletons import JOINT_COUNT
from .kinematics import global_transforms
from .layer import BodyLayer


class CarriedPoints(nn.Module):
    """r points, each a weighted sum of vertices, of posed bodies or of given meshes.

    Skinning moves a vertex to sum_k w_vk (p_k + G_k (s_v - j_k)), with global rotations G_k, posed joints
    p_k, rest joints j_k and a shaped vertex s_v that is linear in phi = (1, betas, pose features). A point
    sums that over vertices with weights R_rv, so that the vertices can be summed before a pose is known::

        point_r = sum_k  c_rk p_k + G_k (M_rk phi),     c_rk = sum_v R_rv w_vk,
                                                        M_rk phi = sum_v R_rv w_vk (s_v - j_k)

    That is exact and costs r x 24 small products a body, whatever the number of vertices.

    Args:
        body: the template whose mesh the weights are about.
        regressor: (r, V) weights of the vertices.
    """

    _support: Tensor
    _regressor: Tensor
    _share: Tensor
    _moments: Tensor

    def __init__(self, body: BodyTemplate, regressor: Tensor) -> None:
        super().__init__()
        R = regressor.double().numpy()
        support = np.flatnonzero(R.any(axis=0))
        R = R[:, support]
        share = R @ body.weights[support]  # c
        # Coefficients of phi, for the vertices and for the rest joints.
        parts = [body.v_template[support, :, None], body.shapedirs[support]]
        rest = [body.J_template[..., None], body.J_shapedirs]
        if body.posedirs is not None:
            parts.append(body.posedirs[support])
            rest.append(np.zeros((JOINT_COUNT, 3, body.posedirs.shape[-1])))
        vertices = np.concatenate(parts, -1).astype(np.float64)
        joints = np.concatenate(rest, -1).astype(np.float64)
        # One joint at a time: all at once would need a copy of every direction for each of the 24.
        carried = [
            (R * body.weights[support, k]) @ vertices.reshape(len(support), -1) for k in range(JOINT_COUNT)
        ]
        moments = np.stack(carried, 1).reshape(len(R), JOINT_COUNT, 3, -1)
        moments -= share[:, :, None, None] * joints
        for name, value in (
            ("regressor", R),
            ("share", share),
            ("moments", moments.reshape(-1, moments.shape[-1])),
        ):
            tensor = torch.as_tensor(value, dtype=torch.float32).contiguous()
            self.register_buffer(f"_{name}", tensor, persistent=False)
        self.register_buffer("_support", torch.as_tensor(support), persistent=False)

    def of_pose(self, body: BodyLayer, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Skeleton (N, 24, 3) and points (N, r, 3) of posed bodies, metres, in the frame of `BodyLayer`.

        Args:
            body: the layer of the template given at construction.
            rotations: (N, 24, 3, 3) local matrices. betas: (N, 10).
        """
        with torch.autocast(rotations.device.type, enabled=False):
            rotations, betas = rotations.float(), betas.float()
            joints, turns = global_transforms(rotations, body.rest_joints(betas))
            phi = torch.cat([betas.new_ones(len(betas), 1), betas], 1)
            if self._moments.shape[1] > phi.shape[1]:
                identity = torch.eye(3, device=rotations.device)
                phi = torch.cat([phi, (rotations[:, 1:] - identity).flatten(1)], 1)
            offsets = (phi @ self._moments.T).view(len(phi), len(self._share), 3 * JOINT_COUNT)
            # Row-vector form, the 24 rotations stacked: the sum over joints is part of the product.
            stacked = turns.transpose(-1, -2).reshape(len(phi), 3 * JOINT_COUNT, 3)
            return joints, self._share @ joints + offsets @ stacked

    def of_mesh(self, vertices: Tensor) -> Tensor:
        """Meshes (N, V, 3) -> their points (N, r, 3)."""
        with torch.autocast(vertices.device.type, enabled=False):
            return self._regressor @ vertices.float()[:, self._support]
