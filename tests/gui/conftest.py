"""A real Blender with a window, the built extension, and a worker to run: what the GUI ring needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gui_blender
import pytest
from gui_ring import MOMENTS, Played, play

ROOT = Path(__file__).resolve().parents[2]
Play = Callable[..., Played]


@pytest.fixture(scope="session")
def gui() -> gui_blender.GuiBlender:
    found = gui_blender.find()
    if found is None:
        pytest.skip(f"the GUI ring found no Blender with a window: {gui_blender.HOW}")
    return found


@pytest.fixture(scope="session")
def extension(gui: gui_blender.GuiBlender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, built as a user builds it."""
    folder = tmp_path_factory.mktemp("extension")
    command = [sys.executable, str(ROOT / "build_addon.py"), "--out", str(folder)]
    subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=300)
    (made,) = folder.glob("*.zip")
    return made


@pytest.fixture(scope="session")
def worker_home(
    gui: gui_blender.GuiBlender, landmark_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home folder whose worker is this very Python."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(landmark_model.parent)
    command = [sys.executable, "-m", "reel2rig.bridge.cli", "setup"]
    environment = os.environ | {"REEL2RIG_HOME": str(home)}
    subprocess.run(command, check=True, env=environment, cwd=home, capture_output=True, timeout=300)
    return home


@pytest.fixture(scope="session")
def demo_clip() -> Path:
    """The demo's footage, fetched once into the tests' home folder."""
    from reel2rig.bridge.demo_clip import fetch_demo_clip

    return fetch_demo_clip(Path(os.environ["REEL2RIG_HOME"]) / "clips")


@pytest.fixture(scope="session")
def capture(played: Play, worker_home: Path, demo_clip: Path) -> Played:
    """The demo clip, captured in the window; captured.blend lies beside its pictures."""
    return played("capture", home=str(worker_home), video=str(demo_clip), moments=MOMENTS)


@pytest.fixture(scope="session")
def played(gui: gui_blender.GuiBlender, extension: Path) -> Play:
    """Plays a story; its pictures stay in .cache/gui/<version>/<story>."""

    def run(story: str, **given: Any) -> Played:
        version = ".".join(map(str, gui.version[:2]))
        return play(gui, story, ROOT / ".cache" / "gui" / version / story, zip=str(extension), **given)

    return run
