"""One row of a table with one seed: trained, measured, and kept as a small file that makes it resumable
(tables 3 to 5).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..data.databases.catalogue import find_database
from ..data.databases.database import open_database
from ..device import choose_device
from ..errors import OutputError
from ..evaluate.paper.protocols import protocol_for
from ..network.checkpoint import load
from ..network.model import count_parameters
from ..train.experiment.config import ExperimentConfig
from ..train.experiment.databases import DatabasePlaces, find_databases
from ..train.experiment.run import BODIES, open_bodies, train_experiment
from ..train.experiment.schema import flat, updated
from ..train.experiment.validation import Validation
from ..train.run_state import STATE
from ..train.settings import Say
from .results import Run, read_json, run_from_json, write_json
from .tables import Row

RUN = "run.json"
CHECKPOINT = "best.safetensors"
_SAMPLE = 1 << 16  # bytes at either end of a data file that stand for the whole


class OtherExperiment(OutputError):
    code = "ablate.other_experiment"


@dataclass(frozen=True)
class Measured:
    """The database that rows are measured on, by name and split."""

    dataset: str
    split: str

    def __str__(self) -> str:
        return f"{self.dataset} ({self.split})"


def row_config(config: ExperimentConfig, row: Row, seed: int) -> ExperimentConfig:
    """The experiment of one row: its switches put over `config`.

    Raises:
        BadConfig, BadModelConfig: the row's switches do not fit the configuration, such as 8 patches where C
            is not a multiple of 8.
    """
    nested: dict[str, Any] = {}
    for key, value in row.overrides.items():
        section, _, name = key.partition(".")
        nested.setdefault(section, {})[name] = value
    changed = updated(config, nested, f"row {row.key}")
    return replace(changed, train=replace(changed.train, seed=seed))


def run_row(
    config: ExperimentConfig, measured: Measured, folder: Path, device: str = "auto", say: Say = print
) -> Run:
    """Trains and measures what `config` says, or reads what an earlier call left in `folder`.

    An interrupted training goes on where it was. Of the training, the best checkpoint stays.

    Raises:
        OtherExperiment: `folder` holds another configuration's run, or one on other data.
        Reel2RigError: as `train_experiment` and `Validation.scores`.
    """
    identity = _identity(config, measured)
    note = folder / RUN
    if note.exists():
        kept = read_json(note)
        if kept.get("identity") != identity:
            raise OtherExperiment(
                f"Name another folder: {folder} holds a run with other settings or other data."
            )
        return run_from_json(kept["run"])
    began = time.process_time()
    resume = (folder / STATE).exists()
    result = train_experiment(config, folder, resume=resume, device=device, say=say)
    place = choose_device(device)
    model = load(result.best, device=place)
    database = open_database(find_database(config.data.root, measured.dataset, measured.split))
    bodies = open_bodies(config, folder / BODIES, place)
    scores = Validation(config.eval, protocol_for(measured.dataset), database, *bodies).scores(model)
    curve = [float(epoch["pa_mpjpe"]) for epoch in result.history]
    run = Run(
        seed=config.train.seed,
        mpjpe=round(scores.mpjpe, 4),
        pa_mpjpe=round(scores.pa_mpjpe, 4),
        accel=round(scores.accel, 4),
        frames=scores.frames,
        parameters=count_parameters(model),
        iterations=config.train.epochs * config.train.iters,
        best_epoch=curve.index(min(curve)) + 1,
        seconds=round(time.process_time() - began, 1),
        curve=tuple(round(value, 2) for value in curve),
    )
    write_json(note, {"identity": identity, "run": asdict(run)})
    for leftover in (STATE, "last.safetensors"):  # at the paper's size more than a gigabyte a run
        (folder / leftover).unlink(missing_ok=True)
    return run


def _identity(config: ExperimentConfig, measured: Measured) -> dict[str, Any]:
    """What a run depends on: every setting but where the data lie, and the data."""
    settings = flat(config)
    del settings["data.root"]
    places = all_places(config, measured)
    data = {f"{name} {split}": fingerprint(place) for (name, split), place in sorted(places.items())}
    # As JSON gives it back.
    return {"settings": settings, "measured": str(measured), "data": data}


def all_places(config: ExperimentConfig, measured: Measured) -> DatabasePlaces:
    """Where each database lies that a run learns from, is validated on or is measured on.

    Raises:
        DatasetMissing: of the experiment's databases, or of `measured`.
    """
    places = find_databases(config)
    places[measured.dataset, measured.split] = find_database(
        config.data.root, measured.dataset, measured.split
    )
    return places


def fingerprint(path: Path) -> str:
    """A short hash of a file, or of all files of a folder: names, sizes and both ends of each."""
    digest = hashlib.sha256()
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    for item in files:
        size = item.stat().st_size
        digest.update(f"{item.relative_to(path).as_posix()} {size}\n".encode())
        with item.open("rb") as stream:
            digest.update(stream.read(_SAMPLE))
            stream.seek(max(size - _SAMPLE, 0))
            digest.update(stream.read(_SAMPLE))
    return digest.hexdigest()[:16]
