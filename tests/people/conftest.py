"""Rendered scenes that several tests look at; each is drawn once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from footage import write_video
from reel2rig.core.people.detect import scan_people
from rendered_people import crossing_people, empty_scene, film
from scanned_crossing import Crossing


@pytest.fixture(scope="session")
def crossing(landmark_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Crossing:
    folder = tmp_path_factory.mktemp("crossing")
    near, far = crossing_people()
    films = {"both": film([near, far]), "near": film([near]), "far": film([far])}
    scans = {}
    for name, footage in films.items():
        path = write_video(folder / f"{name}.mp4", footage.frames)
        scans[name] = scan_people(path, landmark_model)
    return Crossing(films, scans)


@pytest.fixture(scope="session")
def walker(crossing: Crossing) -> list[np.ndarray]:
    """Frames of one person walking."""
    return crossing.films["near"].frames


@pytest.fixture(scope="session")
def nobody() -> np.ndarray:
    """The same place without anybody."""
    return empty_scene()
