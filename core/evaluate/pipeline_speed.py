"""Frames per second of the whole pipeline over MediaPipe alone: same clip, model, decoder and process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np

from ..data.procedural import procedural_motion
from ..motion.body import load_body
from ..people.model_files import landmark_model_path
from ..pipeline import run
from ..pipeline.settings import CaptureSettings
from ..video.reader import read_frames
from .ratios import Ratio, paired_seconds
from .rendered_clips import View, film_motion

SEED = 900_100


def film_one_person(path: Path, frames: int = 300) -> Path:
    """A rendered person, 1280 x 720, always in view: the clip on which both sides have the same to do."""
    motion = procedural_motion(frames, SEED)
    film_motion(
        path, motion.rotations, motion.trans, np.zeros(10), load_body(), View(yaw=10), size=(1280, 720)
    )
    return path


def mediapipe_alone(video: Path, model: Path) -> int:
    """Decode every frame and run PoseLandmarker on it, one person, video mode; returns the frames done."""
    options = mp.tasks.vision.PoseLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(model)),
        running_mode=mp.tasks.vision.RunningMode.VIDEO,
        num_poses=1,
    )
    done = 0
    with mp.tasks.vision.PoseLandmarker.create_from_options(options) as landmarker:
        for frame in read_frames(video):
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=frame.image)
            landmarker.detect_for_video(image, round(frame.time * 1000))
            done += 1
    return done


def whole_pipeline(video: Path, models: Path, settings: CaptureSettings) -> None:
    """One capture in a fresh job folder: nothing is found in a cache."""
    with tempfile.TemporaryDirectory() as job:
        run.capture(video, settings, Path(job), models, lambda stage, done, total: None)


def measure(video: Path, models: Path, runs: int) -> dict[str, Any]:
    """Paired runs; a ratio above 1 would mean that the pipeline is faster than MediaPipe alone."""
    settings = CaptureSettings(refine=False)
    model = landmark_model_path(models, settings.landmark_model)
    frames = mediapipe_alone(video, model)
    ours, alone = paired_seconds(
        lambda: whole_pipeline(video, models, settings), lambda: mediapipe_alone(video, model), runs
    )
    return {
        "ratio": Ratio.of([b / a for a, b in zip(ours, alone, strict=True)]).to_json(),
        "frames": frames,
        "pipeline_fps": Ratio.of([frames / s for s in ours]).to_json(),
        "mediapipe_fps": Ratio.of([frames / s for s in alone]).to_json(),
    }
