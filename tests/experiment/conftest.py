"""Small databases of simulated people, and a network small enough to learn from them in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.train.experiment.config import ExperimentConfig
from reel2rig.core.train.experiment.load import load_experiment

torch.set_num_threads(1)

TINY = """
model: {C: 32}
stage1: {d_k: 8}
dis: {hidden: 16}
gru: {hidden: 16}
regressor: {hidden: 64}
train: {epochs: 2, iters: 3, batch: 5, lr: 1e-3, stride: 4, report_iters: 1}
data: {sets_2d: [walkers], sets_3d: [actors, dancers], val: {dataset: actors, split: val}}
"""


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one 2D set, two 3D sets and a validation set."""
    root = tmp_path_factory.mktemp("databases")
    for seed, (name, kind, tracks, frames) in enumerate(
        [
            ("walkers_train", "2d", 2, 40),
            ("actors_train", "3d", 3, 40),
            ("dancers_train", "3d", 1, 24),
            ("actors_val", "3d", 2, 24),
        ]
    ):
        write_synthetic_database(
            root / name, tracks=tracks, frames=frames, C=32, seed=seed, kind=kind, name=name
        )
    return root


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The YAML of a tiny experiment on those databases."""
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny(databases: Path, tiny_file: Path) -> Callable[..., ExperimentConfig]:
    """The tiny experiment, with keys changed: ``tiny("train.epochs=1")``."""

    def make(*overrides: str) -> ExperimentConfig:
        return load_experiment(tiny_file, [f"data.root={databases}", *overrides])

    return make
