"""How well a person moves through the world: the errors of world-grounded motion (method section 8).

Errors of a path grow with its length, so that two of them look at segments of 100 frames. None needs to know
in which axes or at which place the two motions stand: aligning them is part of every definition.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...motion.body import BodyTemplate
from ...motion.clip import MotionClip
from ...motion.smoothing import unbroken_runs
from ..metrics import similarity

Array = NDArray[np.float64]

SEGMENT = 100  # frames
FIRST = 2  # frames that W-MPJPE is aligned on
RESTING = 0.01  # metres per frame: a true foot that moves less stands
SMPL_FEET = (3216, 3387, 6617, 6787)  # heel and toe of each foot on SMPL's mesh
SMPL_VERTICES = 6890


class ClipsDoNotMatch(InputError):
    """Two motions that cannot be compared frame by frame."""

    code = "evaluate.clips_do_not_match"


class FeetUnknown(InputError):
    """Nobody said which vertices of a body are its feet."""

    code = "evaluate.feet_unknown"


@dataclass(frozen=True)
class WorldScores:
    """Errors of one predicted motion; None where the motion is too short or nothing of the kind happens.

    Attributes:
        wa_mpjpe: mm over 24 joints, each segment of 100 frames brought onto the truth by one similarity.
        w_mpjpe: mm, each segment brought onto the truth by its first two frames.
        rte: % of the true path's length: mean distance of the roots after one rotation and shift.
        jitter: of the prediction alone, in 10 m/s³: mean third difference of 24 joints. true_jitter: of the
            truth, what a perfect prediction would have.
        foot_sliding: mm per frame that predicted feet move while the true ones stand.
        frames: how many were compared.
    """

    wa_mpjpe: float
    w_mpjpe: float
    rte: float | None
    jitter: float | None
    true_jitter: float | None
    foot_sliding: float | None
    frames: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def evaluate_world(predicted: MotionClip, truth: MotionClip, body: BodyTemplate) -> WorldScores:
    """Compares two motions of one person over the source frames that both have and the truth calls valid.

    Args:
        predicted, truth: at the same frame rate, each in any space.
        body: the template whose betas both motions carry.

    Raises:
        ClipsDoNotMatch: the frame rates differ, or fewer than two frames are shared.
        FeetUnknown: the body file does not name its foot vertices.
    """
    if predicted.fps != truth.fps:
        raise ClipsDoNotMatch(
            f"Give two motions of one frame rate: the prediction has {predicted.fps}, the truth {truth.fps}."
        )
    frames = np.intersect1d(predicted.frames, truth.frames[truth.valid])
    if len(frames) < FIRST:
        raise ClipsDoNotMatch(
            f"Give two motions of the same video: they share {len(frames)} valid frames by number."
        )
    ours, true = (np.searchsorted(clip.frames, frames) for clip in (predicted, truth))
    ours_joints, true_joints = predicted.joints[ours].astype(float), truth.joints[true].astype(float)
    ours_feet = foot_points(predicted, body)[ours]
    true_feet = foot_points(truth, body)[true]
    runs = list(unbroken_runs(np.ones(len(frames), bool), frames))
    fps = float(truth.fps)
    return WorldScores(
        wa_mpjpe=segment_error(ours_joints, true_joints),
        w_mpjpe=segment_error(ours_joints, true_joints, fitted=FIRST),
        rte=root_error(ours_joints[:, 0], true_joints[:, 0]),
        jitter=_mean([jitter(ours_joints[a:b], fps) for a, b in runs]),
        true_jitter=_mean([jitter(true_joints[a:b], fps) for a, b in runs]),
        foot_sliding=_mean([foot_sliding(ours_feet[a:b], true_feet[a:b]) for a, b in runs]),
        frames=len(frames),
    )


def segment_error(predicted: Array, truth: Array, fitted: int = SEGMENT, length: int = SEGMENT) -> float:
    """Mean joint error in mm of paths (T, J, 3), segment by segment.

    Args:
        fitted: how many first frames of each segment the similarity is fitted on; all of them by default
            (WA-MPJPE), two for W-MPJPE. The last segment may be shorter.
    """
    errors = []
    for start in range(0, len(truth), length):
        ours, true = predicted[start : start + length], truth[start : start + length]
        scale, rotation, shift = similarity(ours[:fitted].reshape(1, -1, 3), true[:fitted].reshape(1, -1, 3))
        errors.append(np.linalg.norm(scale * ours @ rotation + shift - true, axis=-1).mean(1))
    return float(np.concatenate(errors).mean() * 1e3)


def root_error(predicted: Array, truth: Array) -> float | None:
    """RTE of two paths (T, 3): mean distance after rotation and shift, as % of the true path's length.

    None for a truth that stays where it is.
    """
    length = np.linalg.norm(np.diff(truth, axis=0), axis=-1).sum()
    if length == 0:
        return None
    _, rotation, shift = similarity(predicted[None], truth[None], scaled=False)
    return float(np.linalg.norm(predicted @ rotation[0] + shift[0] - truth, axis=-1).mean() / length * 100)


def jitter(joints: Array, fps: float) -> Array:
    """(T - 3,) mean length of third differences of joints (T, J, 3), 10 m/s³; empty below four frames."""
    third = np.diff(joints, n=3, axis=0) if len(joints) > 3 else joints[:0]
    return np.linalg.norm(third, axis=-1).mean(1) * fps**3 / 10


def foot_sliding(predicted: Array, truth: Array) -> Array:
    """(n,) mm that predicted foot points (T, P, 3) move from a frame to the next while the true ones stand.

    A point stands from one frame to the next when it moves less than 1 cm.
    """
    moved, really = (np.linalg.norm(np.diff(points, axis=0), axis=-1) for points in (predicted, truth))
    return moved[really < RESTING] * 1e3


def foot_points(clip: MotionClip, body: BodyTemplate) -> Array:
    """(T, 4, 3) heels and toes of the skinned body in the clip's space, metres.

    Raises FeetUnknown.
    """
    feet = body.foot_vertices
    if feet is None:
        if len(body.v_template) != SMPL_VERTICES:
            raise FeetUnknown(f"{body.source} does not name its foot_vertices: use the free body or SMPL.")
        feet = np.array(SMPL_FEET)
    only_feet = replace(
        body,
        v_template=body.v_template[feet],
        shapedirs=body.shapedirs[feet],
        weights=body.weights[feet],
        posedirs=None if body.posedirs is None else body.posedirs[feet],
    )
    return only_feet.posed_vertices(clip.rotations, clip.root, clip.betas, clip.body_scale).astype(float)


def _mean(parts: list[Array]) -> float | None:
    values = np.concatenate([part.ravel() for part in parts])
    return float(values.mean()) if len(values) else None
