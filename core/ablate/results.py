"""What an ablation leaves behind: one JSON file a table, complete enough to print the table again (tables 3
to 5).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import FileCorrupt
from ..motion.files.atomic import atomic_output
from .tables import Row

SCHEMA = 1


class ResultsCorrupt(FileCorrupt):
    code = "ablate.results_corrupt"


@dataclass(frozen=True)
class Run:
    """One row trained and measured with one seed.

    Attributes:
        mpjpe, pa_mpjpe: mm. accel: mm per frame squared. frames: how many were measured.
        parameters: learned numbers of the network.
        iterations: steps of the optimiser. best_epoch: of the checkpoint that was measured, from 1.
        seconds: processor time of training and measuring.
        curve: one entry an epoch, PA-MPJPE of the validation set in mm.
    """

    seed: int
    mpjpe: float
    pa_mpjpe: float
    accel: float
    frames: int
    parameters: int
    iterations: int
    best_epoch: int
    seconds: float
    curve: tuple[float, ...] = ()


@dataclass(frozen=True)
class RowResult:
    """A row of a table and its runs, ordered by seed."""

    row: Row
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class TableResult:
    """A table as it was measured.

    Attributes:
        table: its name. setting: configuration, datasets, protocol, machine and versions, JSON-able.
    """

    table: str
    rows: tuple[RowResult, ...]
    setting: dict[str, Any] = field(default_factory=dict)

    def row(self, key: str) -> RowResult | None:
        """The row called `key`, or None where it was not run."""
        return next((item for item in self.rows if item.row.key == key), None)

    def write(self, path: Path) -> Path:
        """Writes the JSON file, whole or not at all."""
        return write_json(path, {"schema": SCHEMA, **asdict(self)})

    @classmethod
    def read(cls, path: Path) -> TableResult:
        """Inverse of `write`.

        Raises:
            ResultsCorrupt: the file is not such a result.
        """
        data = read_json(path)
        try:
            rows = tuple(
                RowResult(Row(**item["row"]), tuple(run_from_json(run) for run in item["runs"]))
                for item in data["rows"]
            )
            return cls(str(data["table"]), rows, dict(data["setting"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ResultsCorrupt(
                f"{path.name} is not a result of reel2rig ablate ({error!r}): run the table again."
            ) from error


def run_from_json(data: dict[str, Any]) -> Run:
    """A `Run` from its JSON form; TypeError where keys are missing or unknown."""
    return Run(**{**data, "curve": tuple(data["curve"])})


def write_json(path: Path, data: dict[str, Any]) -> Path:
    """Writes readable JSON under a temporary name and moves it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_output(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        ResultsCorrupt: there is no such file or it holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsCorrupt(f"{path.name} cannot be read as JSON ({error}): run the table again.") from error
    if not isinstance(data, dict):
        raise ResultsCorrupt(f"{path.name} holds no JSON object: run the table again.")
    return data
