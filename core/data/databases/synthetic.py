"""Databases out of nothing: random motion on the free body, filmed by random cameras (method section 7.2).

Their form is that of a real database, so that training, evaluation and ablations run without any dataset.
In place of a frozen image backbone stands a fixed random map of noisy landmark evidence: like real features
it is informative, imperfect and never trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...body.layer import BodyLayer
from ...body.spin_joints import OP_MID_HIP, SpinJoints
from ...features.crop_camera import smooth_in_time
from ...network.rotations import rotvec_from_matrix
from ..cameras import Shot, draw_shot
from ..draw import Draw
from ..motion import MotionClipSource
from ..procedural import procedural_motion
from ..synthetic import LEAST_DEPTH, draw_betas, film, simulate
from .writer import DatabaseWriter

FPS = 30.0
DIAGONAL = 1200.0  # px of every picture
BOX_MARGIN = 1.1  # box side over the joints' larger extent
BOX_SIGMA = 2.0  # frames
EVIDENCE = 201  # numbers a frame that `simulate` gives
HIDDEN = 512


@dataclass(frozen=True)
class _Stage:
    """What every track is made with."""

    body: BodyLayer
    joints: SpinJoints
    features: Callable[[Tensor], Tensor]


class _RandomFeatures:
    """Evidence (..., 201) -> features (..., C): two random tanh layers, decided by C alone."""

    def __init__(self, C: int) -> None:
        generator = torch.Generator().manual_seed(C)
        # Scaled so that neither layer is quite linear or saturates on what `simulate` gives.
        self.first = torch.randn(EVIDENCE, HIDDEN, generator=generator) * 0.1
        self.offset = torch.randn(HIDDEN, generator=generator) * 0.2
        self.second = torch.randn(HIDDEN, C, generator=generator) / math.sqrt(HIDDEN)

    def __call__(self, evidence: Tensor) -> Tensor:
        return torch.tanh(torch.tanh(evidence @ self.first + self.offset) @ self.second)


@torch.no_grad()
def write_synthetic_database(
    folder: str | Path,
    *,
    tracks: int = 4,
    frames: int = 64,
    C: int = 64,
    seed: int = 0,
    kind: Literal["3d", "2d"] = "3d",
    name: str = "synthetic",
    motion: Sequence[MotionClipSource] | None = None,
    features: Callable[[Tensor], Tensor] | None = None,
) -> Path:
    """Writes a database of simulated people and returns its folder.

    Args:
        folder: of the database itself; must not exist.
        tracks: each with another person, motion and static camera.
        frames: of every track; where `motion` has shorter clips, their tracks are as short.
        C: width of the features. Databases of the same C agree in what features mean.
        seed: decides motion, people, cameras and errors; use another one for validation.
        kind: "3d" has all keys of a 3D dataset, "2d" only features, joints2D and bbox.
        motion: clips to film (track i takes a stretch of clip i, cyclically) instead of procedural ones.
        features: what sees the evidence, (T, 201) -> (T, C), instead of the fixed random map.

    Raises DestinationTaken, OutputFolderMissing.

    **Convention**: as `Database`; joints3D are metres in the true camera, whose principal point is the
    middle of the picture.
    """
    body = _body()
    stage = _Stage(body, SpinJoints(body), features or _RandomFeatures(C))
    full = kind == "3d"
    with DatabaseWriter(folder, name=name, fps=FPS, has_3d=full, has_smpl=full) as writer:
        for i in range(tracks):
            own_seed = int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
            draw = Draw(own_seed)
            if motion:
                clip = _stretch(motion[i % len(motion)], frames, draw)
            else:
                clip = procedural_motion(frames, own_seed)
            arrays = _filmed(stage, clip, draw)
            kept = arrays if full else {key: arrays[key] for key in ("features", "joints2D", "bbox")}
            writer.add_track(f"{name}_{seed}_{i:03d}", clip.name, kept)
        return writer.finish()


@cache
def _body() -> BodyLayer:
    return BodyLayer()


def _stretch(clip: MotionClipSource, frames: int, draw: Draw) -> MotionClipSource:
    room = max(len(clip) - frames, 0)
    span = slice(first := int(draw.pick(room + 1)), first + frames)
    return MotionClipSource(clip.name, clip.rotations[span], clip.trans[span])


def _filmed(stage: _Stage, clip: MotionClipSource, draw: Draw) -> dict[str, NDArray[Any]]:
    """Every key of a 3D database for one clip of T frames."""
    T = len(clip)
    world, trans = torch.from_numpy(clip.rotations)[None], torch.from_numpy(clip.trans)[None]
    betas = draw_betas(draw, 1)
    shot = draw_shot(draw, trans)
    shot = replace(shot, assumed=shot.focal)  # datasets are filmed with calibrated cameras
    evidence = simulate(draw, stage.body, world, trans, betas=betas, shot=shot).inputs[0]

    rotations = world[0].clone()
    rotations[:, 0] = shot.rotation[0] @ rotations[:, 0]
    of_frames = betas.expand(T, 10)
    joints = stage.joints.joints49(rotations, of_frames)
    joints = joints - joints[:, OP_MID_HIP : OP_MID_HIP + 1]
    keypoints, seen = _picture(joints, shot)
    return {
        "features": stage.features(evidence).numpy(),
        "joints2D": torch.cat([keypoints, seen[..., None]], -1).numpy(),
        "joints3D": (joints + shot.path[0, :, None]).numpy(),
        "pose": rotvec_from_matrix(rotations).reshape(T, 72).numpy(),
        "shape": of_frames.numpy(),
        "bbox": _boxes(keypoints).numpy(),
        "frame_id": np.arange(T),
    }


def _picture(joints: Tensor, shot: Shot) -> tuple[Tensor, Tensor]:
    """Joints (T, 49, 3) about the pelvis -> px (T, 49, 2) from the upper left corner, and whether each is in
    the picture (T, 49).
    """
    from_centre = film(joints[None], shot)[0] * DIAGONAL
    size = shot.size[0] * DIAGONAL
    ahead = joints[..., 2] + shot.path[0, :, None, 2] > LEAST_DEPTH
    seen = (from_centre.abs() < size / 2).all(-1) & ahead
    return from_centre + size / 2, seen.float()


def _boxes(keypoints: Tensor) -> Tensor:
    """Smooth square boxes (T, 4) around keypoints (T, 49, 2): centre, width, height in px."""
    low, high = keypoints.amin(1), keypoints.amax(1)
    side = (high - low).amax(1, keepdim=True) * BOX_MARGIN
    box = smooth_in_time(torch.cat([(low + high) / 2, side.log()], 1), BOX_SIGMA)
    return torch.cat([box[:, :2], box[:, 2:].exp(), box[:, 2:].exp()], 1)
