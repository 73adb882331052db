"""Errors of the whole pipeline on rendered clips, beside MediaPipe's own world landmarks on the same frames.

The clips are procedural motion with seeds that training never draws: a stand-in for footage, not a claim
about it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

from ..data.procedural import procedural_motion
from ..motion.body import free_body_path, load_body
from ..motion.files.npz import read_clip
from ..people.model_files import landmark_model_path
from ..pipeline import run
from ..pipeline.settings import CaptureSettings
from ..video.reader import read_frames
from .metrics import (
    LIMB_JOINTS_SMPL,
    LIMB_LANDMARKS_BLAZEPOSE,
    acceleration_error,
    mpjpe,
    pa_mpjpe,
)
from .ratios import Ratio
from .rendered_clips import View, film_motion

FRAMES = 90
VIEWS = (
    View(yaw=0),
    View(yaw=35, pitch=15, roll=4, aside=0.7),
    View(yaw=-70, pitch=3, distance=5, focal_share=1.4),
    View(yaw=150, pitch=10, roll=-6, distance=3.5, focal_share=0.8),
    View(yaw=90, pitch=20, distance=4.5, aside=-0.8),
)
FIRST_SEED = 900_000  # far from those that training draws
Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ClipErrors:
    """Errors of one method on one clip: mm, and mm/frame² for `accel`; `missing` is a share of the frames."""

    mpjpe: float
    pa_mpjpe: float
    accel: float
    missing: float


def measure(models: Path, clips: int = len(VIEWS)) -> dict[str, Any]:
    """Render, capture with default settings, compare.

    Returns:
        {"ratios": pooled accuracy ratios with the best and worst clip, "clips": errors of both methods}.
    """
    body = load_body(free_body_path())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(clips):
            motion = procedural_motion(FRAMES, FIRST_SEED + index)
            video = Path(folder) / f"clip-{index}.mp4"
            betas = np.random.default_rng(index).normal(0, 0.8, 10)
            truth = film_motion(
                video, motion.rotations, motion.trans, betas, body, VIEWS[index % len(VIEWS)], seed=index
            )
            rows.append(compare(video, truth, models, CaptureSettings()))
    return {"ratios": pooled_ratios(rows), "clips": [[vars(ours), vars(other)] for ours, other in rows]}


def compare(
    video: Path, truth: Array, models: Path, settings: CaptureSettings
) -> tuple[ClipErrors, ClipErrors]:
    """Errors of (the whole pipeline, MediaPipe alone) against true joints (T, 24, 3)."""
    limbs = truth[:, LIMB_JOINTS_SMPL]
    with tempfile.TemporaryDirectory() as job:
        result = run.capture(video, settings, Path(job), models, lambda stage, done, total: None)
        clip = read_clip(Path(job) / result["clips"][0])
    # Back into the camera's axes, in which the truth stands.
    assert clip.camera is not None
    ours = np.full_like(limbs, np.nan)
    seen = clip.joints[:, LIMB_JOINTS_SMPL] @ clip.camera.rotation.T + clip.camera.translation
    ours[clip.frames[clip.valid]] = seen[clip.valid]
    alone = world_landmarks(video, landmark_model_path(models, settings.landmark_model), len(truth))
    return errors(ours, limbs), errors(alone[:, LIMB_LANDMARKS_BLAZEPOSE], limbs)


def errors(predicted: Array, truth: Array) -> ClipErrors:
    """Errors over the frames that have a prediction; missing ones are NaN."""
    found = np.isfinite(predicted).all((1, 2))
    return ClipErrors(
        mpjpe(predicted[found], truth[found]),
        pa_mpjpe(predicted[found], truth[found]),
        acceleration_error(_hold(predicted), truth),
        float(1 - found.mean()),
    )


def world_landmarks(video: Path, model: Path, frames: int) -> Array:
    """(T, 33, 3) what PoseLandmarker says in video mode with one person; NaN where it finds nobody."""
    landmarks = np.full((frames, 33, 3), np.nan)
    options = mp.tasks.vision.PoseLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(model)),
        running_mode=mp.tasks.vision.RunningMode.VIDEO,
    )
    with mp.tasks.vision.PoseLandmarker.create_from_options(options) as landmarker:
        for frame in read_frames(video):
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=frame.image)
            found = landmarker.detect_for_video(image, round(frame.time * 1000)).pose_world_landmarks
            if found:
                landmarks[frame.index] = [[point.x, point.y, point.z] for point in found[0]]
    return landmarks


def pooled_ratios(rows: Sequence[tuple[ClipErrors, ClipErrors]]) -> dict[str, Any]:
    """Ours over MediaPipe's: `median` is the ratio of means over all clips, min and max the single clips."""
    ratios = {}
    for name in ("mpjpe", "pa_mpjpe", "accel"):
        ours = np.array([getattr(row[0], name) for row in rows])
        other = np.array([getattr(row[1], name) for row in rows])
        each = ours / other
        pooled = Ratio(float(each.min()), float(ours.mean() / other.mean()), float(each.max()), len(rows))
        ratios[f"{name}_over_mediapipe"] = pooled.to_json()
    return ratios


def _hold(values: Array) -> Array:
    """Missing frames repeat the last one found (the first ones the first): acceleration is then defined."""
    found = np.flatnonzero(np.isfinite(values).all((1, 2)))
    nearest = np.clip(np.searchsorted(found, np.arange(len(values)), side="right") - 1, 0, None)
    return values[found[nearest]]
