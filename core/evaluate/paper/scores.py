"""A network over a database: the errors of method section 8, per track and over all frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ...body.layer import BodyLayer
from ...data.databases.database import Database, Track
from ...errors import InputError
from ...network.clip import run_clip
from ...network.model import BodyNetwork
from ...network.windows import Edge
from ..metrics import acceleration_errors, distances, mpjpe_errors, pa_mpjpe_errors, per_second_squared
from .filters import slerp_average
from .protocols import Protocol, kept_frames, measured_tracks, scored_frames
from .truth import GtBody, PosedBody, Truth, in_chunks, joints_of, protocol_joints

Filter = Literal["none", "slerp0.3"]
MEASURES = ("mpjpe", "pa_mpjpe", "mpvpe", "accel")
Errors = NDArray[np.float64]  # one number per frame
Joints = NDArray[np.float32]
Mask = NDArray[np.bool_]


class NothingToScore(InputError):
    """No frame is left to measure."""

    code = "evaluate.nothing_to_score"


@dataclass(frozen=True)
class TrackScores:
    """One track: mm, mm, mm (None where no mesh is known), mm/frame² (None below three frames)."""

    name: str
    frames: int
    mpjpe: float
    pa_mpjpe: float
    mpvpe: float | None
    accel: float | None


@dataclass(frozen=True)
class Scores:
    """Errors of one network on one database, averaged over all scored frames of all tracks.

    Attributes:
        mpjpe, pa_mpjpe, mpvpe: mm; mpvpe is None where no true mesh is known.
        accel: mm/frame², never across two tracks, without their ends; nan if no track has three frames.
        accel_mps2: the same in m/s² at `fps`, None where the frame rate is unknown.
        frames, tracks: how many were scored.
        set, truth, edge, filter, fps: what was done, for the caption.
        per_track: the same errors track by track, in the database's order.
    """

    mpjpe: float
    pa_mpjpe: float
    mpvpe: float | None
    accel: float
    accel_mps2: float | None
    frames: int
    tracks: int
    set: str
    truth: str
    edge: str
    filter: str
    match_vibe: bool
    fps: float | None
    per_track: tuple[TrackScores, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not a number becomes null."""
        values = asdict(self)
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in values.items()
        }


@torch.inference_mode()
def evaluate_database(
    model: BodyNetwork,
    database: Database,
    protocol: Protocol,
    body: BodyLayer,
    *,
    edge: Edge = "static",
    gt_body: GtBody = "neutral",
    filter: Filter = "none",
    gendered: Mapping[str, BodyLayer] | None = None,
    match_vibe: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Scores:
    """Runs `model` over every track and measures it under `protocol`.

    One track is in memory at a time, and its meshes some hundred frames at a time.

    Args:
        model: the network runs where it is.
        body: turns predictions into joints and meshes, and is the neutral true body; both happen where it is.
        edge: ``static`` gives the first 8 and last 7 frames of a track windows that repeat the frame itself,
            as the published tables do; ``replicate`` is what users get. `sequence` output knows no edge.
        gt_body: ``neutral`` compares with published tables; ``gendered`` needs `gendered`.
        filter: ``slerp0.3`` smooths the predicted rotations; to be reported apart.
        gendered: the bodies of ``male`` and ``female``.
        match_vibe: drop frames that fill no chunk of 16 at a track's end.
        progress: called as ("evaluate", frames done, frames in all); may raise `Cancelled`.

    Raises:
        MissingKey, NotFinite, WrongFeatures: the database does not fit; they name file, key and expectation.
        MissingCamera, MissingGender, NothingToScore: the protocol cannot be followed.
        JointRegressorMissing: the body has no such joints.
    """
    if model.config.output != "mid":
        edge = "replicate"
    tracks = measured_tracks(protocol, database)
    truth = Truth(database, protocol, body, gt_body, gendered or {})
    joints = joints_of(body)
    measured: list[tuple[Track, dict[str, Errors]]] = []
    done, total = 0, sum(track.length for track in tracks)
    for track in tracks:
        kept = kept_frames(protocol, database, track)
        scored = scored_frames(protocol, database, track, kept, match_vibe)
        if scored.any():
            features = torch.from_numpy(database.read("features", track.start, track.stop)[kept])
            state = run_clip(model, features, edge=edge, source=database.path)
            rotations = slerp_average(state.rotations) if filter == "slerp0.3" else state.rotations
            device = body.v_template.device
            predicted = PosedBody(body, rotations.to(device), state.betas.to(device))
            wanted = truth.of(track, kept)
            errors = _joint_errors(
                protocol, protocol_joints(protocol, joints, predicted), wanted.joints, scored
            )
            errors["mpvpe"] = np.empty(0)
            if protocol.mesh_error and wanted.body is not None:
                errors["mpvpe"] = _mesh_errors(predicted, wanted.body, scored)
            measured.append((track, errors))
        done += track.length
        if progress is not None:
            progress("evaluate", done, total)
    if not measured:
        raise NothingToScore(
            f"{database.path}: none of its {total} frames counts under the protocol {protocol.name}; "
            "expected some that are valid and visible."
        )
    pooled = {name: np.concatenate([errors[name] for _, errors in measured]) for name in MEASURES}
    accel = _mean(pooled["accel"])
    fps = database.fps or protocol.fps
    return Scores(
        mpjpe=float(pooled["mpjpe"].mean()),
        pa_mpjpe=float(pooled["pa_mpjpe"].mean()),
        mpvpe=_mean(pooled["mpvpe"]),
        accel=math.nan if accel is None else accel,
        accel_mps2=None if accel is None or fps is None else per_second_squared(accel, fps),
        frames=len(pooled["mpjpe"]),
        tracks=len(measured),
        set=protocol.name,
        truth=truth.described,
        edge=edge if model.config.output == "mid" else "blended windows",
        filter=filter,
        match_vibe=match_vibe,
        fps=fps,
        per_track=tuple(
            TrackScores(
                track.name,
                len(errors["mpjpe"]),
                float(errors["mpjpe"].mean()),
                float(errors["pa_mpjpe"].mean()),
                _mean(errors["mpvpe"]),
                _mean(errors["accel"]),
            )
            for track, errors in measured
        ),
    )


def _joint_errors(protocol: Protocol, predicted: Joints, truth: Joints, scored: Mask) -> dict[str, Errors]:
    """Per scored frame. Accel belongs to the middle one of its three frames: that one has to be scored."""
    accel = np.empty(0)
    if len(predicted) >= 3:
        accel = acceleration_errors(predicted, truth, protocol.root)[scored[1:-1]]
    predicted, truth = predicted[scored], truth[scored]
    return {
        "mpjpe": mpjpe_errors(predicted, truth, protocol.root),
        "pa_mpjpe": pa_mpjpe_errors(predicted, truth),
        "accel": accel,
    }


def _mesh_errors(predicted: PosedBody, truth: PosedBody, scored: Mask) -> Errors:
    """MPVPE per scored frame: all vertices, nothing aligned, both pelvises at their place at rest."""
    rows = torch.from_numpy(np.flatnonzero(scored)).to(predicted.betas.device)
    parts = []
    for (chunk,) in in_chunks(rows):
        ours = predicted.layer(predicted.rotations[chunk], predicted.betas[chunk]).vertices
        true = truth.layer(truth.rotations[chunk], truth.betas[chunk]).vertices
        parts.append(distances(ours.cpu().numpy(), true.cpu().numpy()))
    return np.concatenate(parts)


def _mean(errors: Errors) -> float | None:
    return float(errors.mean()) if len(errors) else None
