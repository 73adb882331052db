"""The default training objective: the method's terms plus the anchor loss, for both output modes at once
(method section 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data.synthetic import LandmarkBody, Pairs
from ..losses import mesh
from ..losses.config import LossConfig
from ..losses.landmark_anchor import choose_anchors, landmark_anchor
from ..network.regressor import BodyState

JOINTS = 24
# Head (nose), left and right wrist, left and right ankle among the 24 joints + 33 landmarks; the method's
# reading of the loss.
ANCHORS = choose_anchors([JOINTS + i for i in (0, 15, 16, 27, 28)], (), LossConfig())
HIPS = (JOINTS + 23, JOINTS + 24)


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; points are compared by absolute difference (see `losses.mesh`)."""

    points_3d: float = 20.0
    points_2d: float = 10.0
    rotation: float = 12.0
    shape: float = 0.04
    velocity: float = 20.0
    anchor: float = 10.0
    mid: float = (
        0.15  # share of the mid-frame answer, trained beside the sequence so that both can be measured
    )


def body_points(body: LandmarkBody, state: BodyState) -> Tensor:
    """Predicted bodies (..., ) -> their 24 joints and 33 landmarks (..., 57, 3) about the pelvis."""
    lead = state.betas.shape[:-1]
    joints, landmarks = body.forward_landmarks(
        state.rotations.reshape(-1, JOINTS, 3, 3), state.betas.reshape(-1, state.betas.shape[-1])
    )
    points = torch.cat([joints, landmarks], 1) - joints[:, :1]
    return points.reshape(*lead, *points.shape[1:])


def loss_terms(
    body: LandmarkBody, state: BodyState, pairs: Pairs, weights: LossWeights, moving: bool
) -> dict[str, Tensor]:
    """Weighted terms of one answer (N, T, ...); `moving` adds the velocity term, which needs consecutive
    frames.
    """
    points = body_points(body, state)
    predicted = mesh.about_middle(points, HIPS)
    truth = mesh.about_middle(pairs.points, HIPS)
    seen = mesh.project_crop(points, state.cam, pairs.spread)
    # Outside the picture nothing was seen, but the body still goes on there: a quarter of the weight.
    confidence = 0.25 + 0.75 * pairs.inside
    betas = pairs.betas[:, None].expand_as(state.betas)
    terms = {
        "points_3d": weights.points_3d * mesh.keypoints_3d(predicted, truth, power=1),
        "points_2d": weights.points_2d * mesh.keypoints_2d(seen, pairs.seen, confidence, power=1),
        "rotation": weights.rotation * mesh.rotation(state.rotations, pairs.rotations),
        "shape": weights.shape * mesh.shape(state.betas, betas),
        "anchor": weights.anchor * landmark_anchor(points, pairs.points, ANCHORS),
    }
    if moving:
        terms["velocity"] = weights.velocity * mesh.velocity(predicted, truth)
    return terms


def frame_of(pairs: Pairs, t: int) -> Pairs:
    """The pairs of one frame of every window, T = 1."""
    one = slice(t, t + 1)
    return Pairs(
        pairs.inputs[:, one],
        pairs.world[:, one],
        pairs.rotations[:, one],
        pairs.betas,
        pairs.points[:, one],
        pairs.seen[:, one],
        pairs.inside[:, one],
        pairs.spread[:, one],
    )
