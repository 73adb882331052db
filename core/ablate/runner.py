"""A whole table: every row with every seed, each once, however often the command is interrupted (tables 3 to
5).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data.databases.database import open_database
from ..evaluate.machine import describe_machine, describe_versions
from ..evaluate.paper.protocols import protocol_for
from ..train.experiment.config import ExperimentConfig
from ..train.experiment.schema import flat
from ..train.settings import Say
from .one_run import Measured, all_places, row_config, run_row
from .results import RowResult, Run, TableResult
from .tables import AblationTable
from .workers import worker_pool

RUNS = "runs"
_VERSIONS = ("python", "reel2rig", "torch", "numpy")


def run_table(
    table: AblationTable,
    config: ExperimentConfig,
    out: Path,
    *,
    seeds: Sequence[int] = (1, 2, 3),
    rows: list[str] | None = None,
    measured: Measured | None = None,
    jobs: int = 1,
    device: str = "auto",
    say: Say = print,
) -> TableResult:
    """Trains and measures a table and writes ``<out>/<table>.json``.

    Runs lie in ``<out>/runs/<row>/seed<n>``; tables share them, so that the full method is trained once a
    seed. A finished run is never repeated, an interrupted one goes on.

    Args:
        config: the full method's experiment; rows change it.
        seeds: each decides first weights, order of the data and random anchors of its runs.
        rows: keys of the rows wanted (``ours`` always is); None is all.
        measured: what the rows are measured on; None is the validation set, as the paper's lineage has it.
        jobs: runs at once, each in a process of its own.

    Raises:
        UnknownRow, BadConfig, BadModelConfig, DatasetMissing: before anything is trained.
        Reel2RigError: as `run_row`.
    """
    measured = measured or Measured(config.data.val.dataset, config.data.val.split)
    chosen = table.chosen(rows)
    setting = _setting(config, measured)
    # Seed by seed: after the first round there is a whole table to look at.
    tasks = [(row, seed, row_config(config, row, seed)) for seed in seeds for row in chosen]
    runs: dict[tuple[str, int], Run] = {}

    def collect(key: str, seed: int, run: Run) -> None:
        runs[key, seed] = run
        say(
            f"[{len(runs)}/{len(tasks)}] {key}, seed {seed}: PA-MPJPE {run.pa_mpjpe:.2f} mm, "
            f"Accel {run.accel:.2f} ({run.seconds:.0f} s)"
        )

    folders = [out / RUNS / row.key / f"seed{seed}" for row, seed, _ in tasks]
    if jobs == 1:
        for (row, seed, own), folder in zip(tasks, folders, strict=True):
            collect(row.key, seed, run_row(own, measured, folder, device, say=_silent))
    else:
        with worker_pool(jobs) as pool:
            waiting = [
                pool.submit(run_row, own, measured, folder, device, _silent)
                for (_, _, own), folder in zip(tasks, folders, strict=True)
            ]
            for (row, seed, _), future in zip(tasks, waiting, strict=True):
                collect(row.key, seed, future.result())
    results = tuple(RowResult(row, tuple(runs[row.key, seed] for seed in seeds)) for row in chosen)
    result = TableResult(table.name, results, setting)
    result.write(out / f"{table.name}.json")
    return result


def _silent(line: str) -> None:
    """A row's own progress would drown the table's."""


def _setting(config: ExperimentConfig, measured: Measured) -> dict[str, Any]:
    """What a reader of the figures must know, JSON-able; names no folder."""
    places = all_places(config, measured)
    databases = {place: open_database(place) for place in places.values()}
    settings = flat(config)
    del settings["data.root"], settings["train.seed"]
    versions = describe_versions()
    return {
        "measured": str(measured),
        "protocol": protocol_for(measured.dataset).title,
        "data": {
            f"{name} ({split})": {"tracks": len(databases[place].tracks), "frames": len(databases[place])}
            for (name, split), place in sorted(places.items())
        },
        "config": settings,
        "machine": describe_machine(),
        "versions": {name: versions[name] for name in _VERSIONS},
    }
