"""Real footage of a rendered person, captured by the real models; every test changes one thing about it."""

from pathlib import Path

import numpy as np
import pytest
from reel2rig.core.motion.files.npz import read_clip
from reel2rig.core.pipeline import run
from reel2rig.core.pipeline.settings import CaptureSettings
from rendered_people import Footage, film, walk

FRAMES = 45


@pytest.fixture(scope="session")
def footage() -> Footage:
    """One person who walks past the camera, 640 x 480 at 30 fps."""
    return film([walk(FRAMES, start=(-0.8, -3.8), heading=np.pi / 2 - 0.6, seed=3)])


@pytest.fixture
def capture(landmark_model, tmp_path):
    """Captures a video in this process; returns (result.json, clips, job folder)."""

    def start(video: Path, job: Path | None = None, progress=lambda *_: None, **settings):
        job = job or tmp_path / "job"
        job.mkdir(exist_ok=True)
        settings.setdefault("refine", False)
        result = run.capture(video, CaptureSettings(**settings), job, landmark_model.parent, progress)
        return result, [read_clip(job / name) for name in result["clips"]], job

    return start
