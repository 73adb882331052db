"""What a database says is true of a track: joints, and the body where it is known (method section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...body.layer import BodyLayer
from ...body.spin_joints import SPIN_JOINT_NAMES, SpinJoints
from ...data.databases.database import Database, Track
from ...data.databases.errors import BadShape
from ...errors import InputError
from ...network.rotations import matrix_from_rotvec
from .protocols import Protocol

GtBody = Literal["neutral", "gendered"]
FRAMES_AT_ONCE = 256


class MissingGender(InputError):
    """Gendered truth needs to know whose body is whose."""

    code = "evaluate.missing_gender"


@dataclass(frozen=True)
class PosedBody:
    """F posed bodies, predicted or true: `rotations` (F, 24, 3, 3) and `betas` (F, 10), where `layer` is.

    **Convention**: local SMPL rotations, the root in the camera.
    """

    layer: BodyLayer
    rotations: Tensor
    betas: Tensor


@dataclass(frozen=True)
class TrackTruth:
    """Joints (F, J, 3) in metres as the protocol orders them, and the body where it is known."""

    joints: NDArray[np.float32]
    body: PosedBody | None


class Truth:
    """Reads the truth of one database under one protocol.

    Args:
        body: gives the neutral mesh. gendered: layers of ``male`` and ``female``, for `gt_body` gendered.

    Raises:
        MissingKey: the database holds neither a body nor joints3D.
        MissingGender: gendered truth is asked for and the bodies, or the person of a track, are not known.
    """

    def __init__(
        self,
        database: Database,
        protocol: Protocol,
        body: BodyLayer,
        gt_body: GtBody,
        gendered: Mapping[str, BodyLayer],
    ) -> None:
        self.database, self.protocol = database, protocol
        self.bodies = {"neutral": body, **gendered}
        self.from_mesh = protocol.truth == "mesh" and database.has_smpl
        self.gendered = self.from_mesh and gt_body == "gendered"
        if self.gendered and not {"male", "female"} <= set(gendered):
            raise MissingGender(
                "Gendered truth needs a male and a female body: give --body a folder with both."
            )
        for key in ("pose", "shape") if self.from_mesh else ("joints3D",):
            database.need(key)
        self._joints = {name: joints_of(layer) for name, layer in self.bodies.items()}

    @property
    def described(self) -> str:
        """Where the true joints come from, in words."""
        if not self.from_mesh:
            return "annotated joints"
        return "gendered body" if self.gendered else "neutral body"

    def of(self, track: Track, kept: NDArray[np.bool_]) -> TrackTruth:
        """The truth of the kept frames of one track."""
        if not self.from_mesh:
            return TrackTruth(self._annotated(track, kept), None)
        name = self._of_gender(track) if self.gendered else "neutral"
        layer = self.bodies[name]
        device = layer.v_template.device
        pose = torch.from_numpy(self._rows("pose", track, kept)).to(device)
        betas = torch.from_numpy(self._rows("shape", track, kept)).to(device)
        body = PosedBody(layer, matrix_from_rotvec(pose.reshape(-1, 24, 3)), betas)
        return TrackTruth(protocol_joints(self.protocol, self._joints[name], body), body)

    def _annotated(self, track: Track, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
        joints, wanted = self._rows("joints3D", track, kept), list(self.protocol.joints)
        if joints.shape[1] == len(SPIN_JOINT_NAMES):
            return joints[:, wanted]
        if joints.shape[1] == len(wanted):
            return joints
        raise BadShape(
            f"{self.database.path}: joints3D has {joints.shape[1]} joints; the protocol {self.protocol.name} "
            f"expects {len(SPIN_JOINT_NAMES)}, or {len(wanted)} in its own order."
        )

    def _rows(self, key: str, track: Track, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
        return self.database.read(key, track.start, track.stop)[kept]

    def _of_gender(self, track: Track) -> str:
        if track.gender not in ("male", "female"):
            raise MissingGender(
                f"{self.database.path}: the track {track.name} does not say whose body it is (male or "
                "female); prepare the set again, or measure against the neutral body."
            )
        return track.gender


def joints_of(layer: BodyLayer) -> SpinJoints:
    """The joints of a body, where the body is."""
    return SpinJoints(layer).to(layer.v_template.device)


def protocol_joints(protocol: Protocol, joints: SpinJoints, body: PosedBody) -> NDArray[np.float32]:
    """(F, J, 3) the joints that a protocol compares, of posed bodies, on the CPU."""
    parts = []
    for rotations, betas in in_chunks(body.rotations, body.betas):
        if protocol.predicted == "h36m":
            parts.append(joints.common14_h36m(rotations, betas))
        else:
            parts.append(joints.joints49(rotations, betas)[:, list(protocol.joints)])
    return torch.cat(parts).cpu().numpy()


def in_chunks(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The tensors in step, `FRAMES_AT_ONCE` rows at a time: a mesh for every frame would fill the memory."""
    yield from zip(*(x.split(FRAMES_AT_ONCE) for x in tensors), strict=True)
