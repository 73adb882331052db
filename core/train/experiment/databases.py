"""The databases of an experiment: all found before anything is built, opened, and cut into windows (method
section 6.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...data.databases.catalogue import DatasetMissing, find_database
from ...data.databases.database import Database, open_database
from ...data.databases.windows import WindowDataset
from .config import ExperimentConfig
from .schema import BadConfig

DatabasePlaces = dict[tuple[str, str], Path]  # (name, split) -> folder or file
NO_SMPL = "mpii3d"  # its annotations hold no body parameters, whatever a file may say


@dataclass(frozen=True)
class ExperimentData:
    """What an experiment learns from and is judged by."""

    sets_2d: list[WindowDataset]
    sets_3d: list[WindowDataset]
    validation: Database

    def __str__(self) -> str:
        def listed(sets: Sequence[WindowDataset]) -> str:
            return ", ".join(f"{s.database.name} {len(s)}" for s in sets) or "none"

        return (
            f"windows: 2D {listed(self.sets_2d)}; 3D {listed(self.sets_3d)}; "
            f"validation: {self.validation.name}, {len(self.validation)} frames"
        )


def find_databases(config: ExperimentConfig) -> DatabasePlaces:
    """Where each (name, split) of the experiment lies.

    Raises:
        DatasetMissing: names every one that is missing, and what is expected where.
    """
    data = config.data
    wanted = [(name, "train") for name in (*data.all_2d, *data.sets_3d)]
    found: DatabasePlaces = {}
    missing: list[str] = []
    for name, split in (*wanted, (data.val.dataset, data.val.split)):
        try:
            found[name, split] = find_database(data.root, name, split)
        except DatasetMissing as error:
            missing.append(error.message)
    if missing:
        raise DatasetMissing("\n".join(missing))
    return found


def open_databases(config: ExperimentConfig, places: DatabasePlaces) -> ExperimentData:
    """Opens what `find_databases` found.

    Raises:
        BadConfig: the features of a database are not as wide as `model.C`, or it holds no window.
        FileCorrupt, InputError: see `open_database`.
    """
    data, train, T = config.data, config.train, config.model.T

    def windows(name: str, kind: Literal["2d", "3d"]) -> WindowDataset:
        database = _opened(config, places[name, "train"])
        made = WindowDataset(
            database,
            T,
            train.stride,
            kind,
            use_smpl=name != NO_SMPL and (name != "h36m" or data.h36m_smpl),
            kp_scale=data.crop_scale,
            dup_edges=data.dup_edges,
        )
        if not len(made):
            raise BadConfig(f"Leave {name} out of data.sets_{kind}: none of its tracks lasts {T} frames.")
        return made

    return ExperimentData(
        [windows(name, "2d") for name in data.all_2d] if train.rows_2d else [],
        [windows(name, "3d") for name in data.sets_3d] if train.rows_2d < train.batch else [],
        _opened(config, places[data.val.dataset, data.val.split]),
    )


def _opened(config: ExperimentConfig, path: Path) -> Database:
    database = open_database(path)
    if database.C != config.model.C:
        raise BadConfig(
            f"Set model.C to {database.C}, or prepare {path} with other features: those in it are "
            f"{database.C} wide, and the network takes {config.model.C}."
        )
    return database
