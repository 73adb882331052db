"""SMPL as a torch layer: shape, pose correctives, joints, skinning (SMPL paper, equations 2 to 10).

`BodyLayer` is this project's own and runs any SMPL-format .npz, the free body first of all; it imports
nothing non-commercial. A user's official SMPL body is evaluated by `smplx` (`smplx_layer.py`), through the
same calls.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..motion.body import SHAPE_COUNT, BodyTemplate, load_body
from ..motion.skeletons import JOINT_COUNT
from .files import convert_smpl_file
from .kinematics import global_transforms
from .landmarks import LandmarkSet

_BODIES_AT_ONCE = 32  # blended transforms take 48 bytes a vertex and body


@dataclass
class BodyOutput:
    """Posed bodies: vertices (N, V, 3) and joints (N, 24, 3), metres, pelvis at its rest place J0(betas)."""

    vertices: Tensor
    joints: Tensor


class BodyLayer(nn.Module):
    """An SMPL-format body.

    Args:
        body: path of the .npz, a template already read, or None for the free body.

    Raises BodyFileMissing and BodyFileCorrupt.

    **Convention** rotations are local matrices (N, 24, 3, 3) on column vectors, betas (N, 10); y up, facing
    +z at identity; no translation is added: the pelvis joint stays at J0(betas), as smplx without ``transl``.
    """

    v_template: Tensor
    shapedirs: Tensor
    posedirs: Tensor
    weights: Tensor
    rest_joints_mean: Tensor
    rest_joints_dirs: Tensor
    landmark_joint: Tensor
    landmark_offset: Tensor
    landmark_dirs: Tensor

    def __init__(self, body: str | os.PathLike[str] | BodyTemplate | None = None) -> None:
        super().__init__()
        template = body if isinstance(body, BodyTemplate) else load_body(body)
        self.template = template
        self.faces = template.faces
        self.has_landmarks = template.landmark_joint is not None
        self._keep("v_template", template.v_template)
        self._keep("shapedirs", template.shapedirs)
        self._keep("weights", template.weights)
        self._keep("rest_joints_mean", template.J_template)
        self._keep("rest_joints_dirs", template.J_shapedirs)
        if template.posedirs is not None:
            self._keep("posedirs", template.posedirs.reshape(-1, template.posedirs.shape[-1]).T)
        if self.has_landmarks:
            landmarks = LandmarkSet.of(template)
            self.register_buffer("landmark_joint", torch.as_tensor(landmarks.joint).long(), persistent=False)
            self._keep("landmark_offset", landmarks.offset)
            self._keep("landmark_dirs", landmarks.offset_dirs)

    def _keep(self, name: str, array: object) -> None:
        tensor = torch.as_tensor(array, dtype=torch.float32).contiguous()
        self.register_buffer(name, tensor, persistent=False)

    @property
    def vertex_ids(self) -> dict[str, int]:
        """Vertex index by smplx's name (``nose``, ``LHeel``, ...); empty when nobody knows this mesh."""
        return self.template.vertex_ids

    def rest_joints(self, betas: Tensor) -> Tensor:
        """(N, 24, 3) joints of the T-pose, metres."""
        return self.rest_joints_mean + torch.einsum("kcb,nb->nkc", self.rest_joints_dirs, betas)

    def forward_joints(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """(N, 24, 3) posed joints, without the mesh."""
        _check(rotations, betas)
        return global_transforms(rotations, self.rest_joints(betas))[0]

    def forward_landmarks(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, 24, 3) and BlazePose landmarks (N, 33, 3), without the mesh: what training uses.

        Raises BodyFileCorrupt when the body file carries no landmarks.
        """
        if not self.has_landmarks:
            LandmarkSet.of(self.template)
        _check(rotations, betas)
        joints, turns = global_transforms(rotations, self.rest_joints(betas))
        offsets = self.landmark_offset + torch.einsum("lcb,nb->nlc", self.landmark_dirs, betas)
        carried = (turns[:, self.landmark_joint] @ offsets[..., None])[..., 0]
        return joints, joints[:, self.landmark_joint] + carried

    def forward(self, rotations: Tensor, betas: Tensor) -> BodyOutput:
        """Posed meshes and joints of N bodies."""
        _check(rotations, betas)
        parts = [
            self._posed(r, b)
            for r, b in zip(rotations.split(_BODIES_AT_ONCE), betas.split(_BODIES_AT_ONCE), strict=True)
        ]
        return BodyOutput(torch.cat([p.vertices for p in parts]), torch.cat([p.joints for p in parts]))

    def _posed(self, rotations: Tensor, betas: Tensor) -> BodyOutput:
        rest_joints = self.rest_joints(betas)
        shape = self.v_template + torch.einsum("vcb,nb->nvc", self.shapedirs, betas)
        if self.template.posedirs is not None:
            identity = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
            features = (rotations[:, 1:] - identity).flatten(1)
            shape = shape + (features @ self.posedirs).view_as(shape)
        joints, turns = global_transforms(rotations, rest_joints)
        moves = joints - (turns @ rest_joints[..., None])[..., 0]
        transforms = torch.cat([turns, moves[..., None]], dim=-1).flatten(2)
        blended = (self.weights @ transforms).unflatten(-1, (3, 4))
        vertices = (blended[..., :3] @ shape[..., None])[..., 0] + blended[..., 3]
        return BodyOutput(vertices, joints)


def _check(rotations: Tensor, betas: Tensor) -> None:
    count = len(rotations)
    if rotations.shape != (count, JOINT_COUNT, 3, 3) or betas.shape != (count, SHAPE_COUNT):
        raise ValueError(
            f"expected rotations (N, {JOINT_COUNT}, 3, 3) and betas (N, {SHAPE_COUNT}), "
            f"not {tuple(rotations.shape)} and {tuple(betas.shape)}"
        )


def body_layer(path: str | os.PathLike[str] | None = None) -> BodyLayer:
    """The layer for a body file: our own for the free body, `smplx` for a converted official one.

    Raises BodyFileMissing, BodyFileCorrupt, SmplxMissing.
    """
    template = load_body(path)
    if template.origin != "smpl":
        return BodyLayer(template)
    from .smplx_layer import SmplxLayer  # here: a capture with the free body must not reach for smplx

    return SmplxLayer(template)


def open_body(path: str | os.PathLike[str] | None, folder: str | os.PathLike[str]) -> BodyLayer:
    """The body that a user names: an SMPL file, a body of this project, or None for the free body.

    Args:
        folder: where the conversion of an SMPL file is kept; made when it is needed.

    Raises what `convert_smpl_file` and `body_layer` raise.
    """
    if path is None:
        return body_layer()
    os.makedirs(folder, exist_ok=True)
    return body_layer(convert_smpl_file(path, folder))
