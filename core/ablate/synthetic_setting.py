"""The built-in setting ``synthetic``: its configuration, and databases of simulated people made on demand
(method section 8b).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..data.databases.synthetic import write_synthetic_database
from ..train.experiment.config import ExperimentConfig
from ..train.experiment.load import load_experiment
from ..train.settings import Say
from .backbone import FrozenBackbone
from .one_run import Measured

SYNTHETIC = "synthetic"
MEASURED = Measured(SYNTHETIC, "test")  # never seen, not even by the learning rate's schedule
CONFIG = Path(__file__).with_name("synthetic.yaml")


@dataclass(frozen=True)
class Part:
    """One database: `tracks` people of `frames` frames each."""

    dataset: str
    split: str
    kind: Literal["2d", "3d"]
    tracks: int
    frames: int
    seed: int


PARTS = (
    Part("synthetic2d", "train", "2d", 600, 24, 1),
    Part(SYNTHETIC, "train", "3d", 1200, 24, 2),
    Part(SYNTHETIC, "val", "3d", 16, 32, 3),
    Part(SYNTHETIC, "test", "3d", 48, 48, 4),
)


def synthetic_setting(
    root: Path, *, parts: tuple[Part, ...] = PARTS, overrides: tuple[str, ...] = (), say: Say = print
) -> ExperimentConfig:
    """The configuration, its databases made under `root` where they are not there yet.

    Args:
        overrides: such as ``train.epochs=2``.
    """
    config = load_experiment(CONFIG, overrides)
    root.mkdir(parents=True, exist_ok=True)
    places = {root / f"{part.dataset}_{part.split}": part for part in parts}
    missing = {folder: part for folder, part in places.items() if not folder.exists()}
    backbone = FrozenBackbone(config.model.C) if missing else None
    for folder, part in missing.items():
        say(f"making {folder.name}: {part.tracks} people, {part.frames} frames each")
        write_synthetic_database(
            folder,
            tracks=part.tracks,
            frames=part.frames,
            C=config.model.C,
            seed=part.seed,
            kind=part.kind,
            name=part.dataset,
            features=backbone,
        )
    return replace(config, data=replace(config.data, root=str(root)))
