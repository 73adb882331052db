"""From the landmarks of one person over a clip to a body per source frame: gate, retime, look, answer, turn
back (method section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..features.crop_camera import CropCamera
from ..features.evidence import BadEvidence, LandmarkEvidence, encoder_inputs
from ..features.gate import gate_evidence
from .clip import Progress, run_clip
from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState
from .resampling import bodies_at_source_times, bracket, evidence_at_network_rate, plan_retiming

# Of a crop camera; less would place the person tens of metres behind what the picture shows.
LEAST_SCALE = 0.05


@dataclass(frozen=True, eq=False)
class BodyPrediction:
    """One body per source frame.

    **Convention**: camera axes x right, y down, z forward; local SMPL rotations, the root in the true
    camera's frame.

    Attributes:
        rotations: (T, 24, 3, 3).
        betas: (T, 10).
        cam: (T, 3) weak-perspective s, tx, ty of the crop in `boxes` (method section 10.2).
        boxes: (T, 3) crop centre x, y and side in px.
        translation: (T, 3) pelvis joint in the camera, metres: what `cam` says, through the given focal
        length.
        repaired: (T,) frames in which the gate changed anything.
        evidence: what the network was shown, after the gate, at the source's times; what places the body in
            the world should trust these landmarks rather than the broken ones.
    """

    rotations: NDArray[np.float32]
    betas: NDArray[np.float32]
    cam: NDArray[np.float32]
    boxes: NDArray[np.float32]
    translation: NDArray[np.float32]
    repaired: NDArray[np.bool_]
    evidence: LandmarkEvidence


def predict_bodies(
    model: BodyNetwork,
    evidence: LandmarkEvidence,
    times: NDArray[np.float64],
    *,
    output: Output | None = None,
    gate: bool = True,
    progress: Progress | None = None,
) -> BodyPrediction:
    """Runs the network over a track of any length (one frame is enough) at any frame rate.

    Args:
        evidence: gap-filled, one row per source frame.
        times: (T,) seconds of those frames, increasing.
        output: override of the checkpoint's output mode.
        gate: repair broken frames first.
        progress: called as (stage, frames done, frames in all); may raise `Cancelled`.

    Raises:
        BadEvidence: as many times as frames are needed, and they must increase.
    """
    times = np.asarray(times, dtype=np.float64)
    if times.shape != (len(evidence),) or (np.diff(times) <= 0).any():
        raise BadEvidence("Give one increasing time in seconds for every frame of the evidence.")
    repaired = np.zeros(len(evidence), bool)
    if gate:
        gated = gate_evidence(evidence, times)
        evidence, repaired = gated.evidence, gated.repaired | gated.replaced.any(1)
    plan = plan_retiming(times)
    inputs, camera = encoder_inputs(evidence_at_network_rate(evidence, plan))
    state = run_clip(model, inputs, output, progress=progress)

    rotations = state.rotations.clone()
    rotations[:, 0] = camera.rotation.transpose(-1, -2) @ rotations[:, 0]
    translation = pelvis_in_camera(state.cam, camera)
    box = torch.cat([camera.centre, 2 * camera.half[:, None]], -1)
    # Place and box travel beside the body, so that everything returns to the source's times in one way.
    bodies = bodies_at_source_times(BodyState(rotations, state.betas, translation), plan)
    low, w = bracket(plan.network, plan.source)
    i, t = torch.from_numpy(low), torch.from_numpy(w).float()[:, None]
    box = torch.lerp(box[i], box[(i + 1).clamp_max(len(box) - 1)], t)
    cam = weak_perspective(bodies.cam, box, evidence.focal_px)
    boxes = box + torch.tensor([evidence.width / 2, evidence.height / 2, 0.0])
    return BodyPrediction(
        rotations=bodies.rotations.numpy(),
        betas=bodies.betas.numpy(),
        cam=cam.numpy(),
        boxes=boxes.numpy(),
        translation=bodies.cam.numpy(),
        repaired=repaired,
        evidence=evidence,
    )


def pelvis_in_camera(cam: Tensor, camera: CropCamera) -> Tensor:
    """Crop cameras (T, 3) -> pelvis (T, 3) in the true camera, metres.

    **Convention**: in the virtual camera the pelvis stands at (tx, ty, 1 / (s a)), with `a` the tangent of
    the crop's half angle; the virtual camera's turn is undone. Camera axes x right, y down, z forward.
    """
    depth = 1 / (cam[:, :1].clamp_min(LEAST_SCALE) * camera.spread[:, None])
    virtual = torch.cat([cam[:, 1:], depth], -1)
    return (camera.rotation.transpose(-1, -2) @ virtual[..., None])[..., 0]


def weak_perspective(pelvis: Tensor, box: Tensor, focal: float) -> Tensor:
    """Pelvis (T, 3) in the camera and boxes (T, 3) from the image centre -> s, tx, ty of method section 10.2.

    Exact inverse of z = 2 f / (b s), X = tx + 2 cx / (b s), Y = ty + 2 cy / (b s).
    """
    z = pelvis[:, 2:].clamp_min(1e-3)
    s = 2 * focal / (box[:, 2:] * z)
    return torch.cat([s, pelvis[:, :2] - box[:, :2] * z / focal], -1)
