"""What the command line of an ablation says, and what follows from it (tables 3 to 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InputError
from ..train.experiment.config import ExperimentConfig
from ..train.experiment.load import load_experiment
from ..train.settings import Say
from .one_run import Measured
from .results import TableResult
from .runner import run_table
from .synthetic_setting import MEASURED, SYNTHETIC, synthetic_setting
from .tables import find_table

DATA = "data"


class BadAblation(InputError):
    code = "ablate.invalid"


@dataclass(frozen=True)
class AblationRequest:
    """One table of the paper on one setting.

    Attributes:
        table: table3, table4 or table5.
        config: ``synthetic``, e1, e2, e3, or the path of a YAML file; the method's ablations are on e3.
        out: folder for runs and results; ``synthetic`` makes its databases there.
        seeds: how many; 1, 2, ...
        rows: keys of rows, or None for all.
        data: the folder of all databases, instead of the one the configuration names.
        measure: ``NAME:SPLIT`` of the database that rows are measured on; None is the validation set.
        overrides: keys of the configuration that hold for every row, such as ``train.epochs=10``.
        jobs: runs at once. device: of each.
    """

    table: str
    config: str
    out: Path
    seeds: int = 3
    rows: tuple[str, ...] | None = None
    data: Path | None = None
    measure: str | None = None
    overrides: tuple[str, ...] = ()
    jobs: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs"):
            if getattr(self, name) < 1:
                raise BadAblation(f"Give --{name} as 1 or more; it is {getattr(self, name)}.")
        if self.measure is not None and not all(self.measure.partition(":")):
            raise BadAblation(f"Give --measure as NAME:SPLIT, such as mpii3d:test; it is {self.measure!r}.")

    def run(self, say: Say = print) -> TableResult:
        """Trains and measures what is missing, and writes the table.

        Raises:
            UnknownTable, UnknownRow: the names of what there is are in the sentence.
            Every error of `load_experiment` and `run_table`.
        """
        table = find_table(self.table)
        table.chosen(list(self.rows) if self.rows else None)  # before data are made
        config, measured = self._setting(say)
        if self.measure is not None:
            name, _, split = self.measure.partition(":")
            measured = Measured(name, split)
        return run_table(
            table,
            config,
            self.out,
            seeds=range(1, self.seeds + 1),
            rows=list(self.rows) if self.rows else None,
            measured=measured,
            jobs=self.jobs,
            device=self.device,
            say=say,
        )

    def _setting(self, say: Say) -> tuple[ExperimentConfig, Measured | None]:
        if self.config == SYNTHETIC:
            root = self.data or self.out / DATA
            return synthetic_setting(root, overrides=self.overrides, say=say), MEASURED
        config = load_experiment(self.config, self.overrides)
        if self.data is not None:
            config = replace(config, data=replace(config.data, root=str(self.data)))
        return config, None
