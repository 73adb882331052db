"""Our rows beside every row of the paper's tables, as plain values that a terminal or a file can show
(method section 8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .published import TABLES, PublishedTable
from .request import Entry, EvaluationRequest
from .scores import MEASURES, Scores

UNITS = {"mpjpe": "mm", "pa_mpjpe": "mm", "mpvpe": "mm", "accel": "mm/frame²", "accel_mps2": "m/s²"}
NAMES = {"mpjpe": "MPJPE", "pa_mpjpe": "PA-MPJPE", "mpvpe": "MPVPE", "accel": "Accel", "accel_mps2": "Accel"}
SET_NAMES = {"3dpw": "3DPW", "mpii3d": "MPI-INF-3DHP", "h36m": "Human3.6M"}


@dataclass(frozen=True)
class Row:
    """One method; a value for each column of its `Sheet`, None where there is none."""

    method: str
    ours: bool
    input: int | str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Sheet:
    """A table to show: `columns` are (set, measure), and the caption says under which protocol."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    caption: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def sheets(
    entries: Sequence[Entry], request: EvaluationRequest, tables: Sequence[int] | None = None
) -> list[Sheet]:
    """Every sheet that the measured sets give.

    Args:
        tables: numbers of the paper's tables; by default each that has a column for a measured set. Sets that
            no shown table has get a plain sheet.
    """
    measured = [name for name in request.sets if any(name in entry.scores for entry in entries)]
    numbers = tables if tables is not None else [n for n, t in TABLES.items() if _sets(t) & set(measured)]
    chosen = [TABLES[number] for number in numbers]
    made = [_beside(table, entries, request) for table in chosen]
    shown = set[str]().union(*(_sets(table) for table in chosen))
    rest = [name for name in measured if name not in shown]
    if rest:
        made.append(_plain(rest, entries, request))
    return made


def to_json(entries: Sequence[Entry], request: EvaluationRequest, made: Sequence[Sheet]) -> dict[str, Any]:
    """Everything: what was asked for, our scores track by track, and the sheets."""
    asked = {key: _plain_value(value) for key, value in asdict(request).items()}
    ours = [
        {
            "method": entry.label,
            "window": entry.window,
            "sets": {
                name: {"database": entry.databases[name], **scores.to_json()}
                for name, scores in entry.scores.items()
            },
        }
        for entry in entries
    ]
    return {"request": asked, "ours": ours, "tables": [sheet.to_json() for sheet in made]}


def _beside(table: PublishedTable, entries: Sequence[Entry], request: EvaluationRequest) -> Sheet:
    published = [
        Row(
            f"{row.method} ({row.year})",
            False,
            row.input,
            tuple(
                getattr(row.sets[name], measure) if name in row.sets else None
                for name, measure in table.columns
            ),
        )
        for row in table.rows
    ]
    sets = [name for name in request.sets if name in _sets(table)]
    return Sheet(
        f"Beside table {table.number} of the paper",
        table.columns,
        (*published, *_our_rows(table.columns, entries)),
        (table.caption, *_protocol_lines(sets, entries, request)),
    )


def _plain(sets: Sequence[str], entries: Sequence[Entry], request: EvaluationRequest) -> Sheet:
    columns = tuple((name, measure) for name in sets for measure in (*MEASURES, "accel_mps2"))
    rows = _our_rows(columns, entries)
    return Sheet("Errors", columns, rows, _protocol_lines(sets, entries, request))


def _our_rows(columns: Sequence[tuple[str, str]], entries: Sequence[Entry]) -> tuple[Row, ...]:
    return tuple(
        Row(
            entry.label,
            True,
            entry.window,
            tuple(_value(entry.scores.get(name), measure) for name, measure in columns),
        )
        for entry in entries
    )


def _protocol_lines(
    sets: Sequence[str], entries: Sequence[Entry], request: EvaluationRequest
) -> tuple[str, ...]:
    """One sentence or two per measured set, then what holds for all."""
    lines = []
    for name in sets:
        measured = [(entry.label, entry.scores[name]) for entry in entries if name in entry.scores]
        if measured:
            first = measured[0][1]
            edges = " or ".join(sorted({scores.edge for _, scores in measured}))
            lines.append(
                f"{request.protocol(name).title}. Truth: {first.truth}; edges: {edges}; "
                f"{first.frames} frames of {first.tracks} tracks.{_per_second(measured)}"
            )
    if request.match_vibe:
        lines.append("Frames as VIBE counts them: what fills no chunk of 16 at a track's end is dropped.")
    if any("+" in entry.label for entry in entries):
        lines.append("Rows with '+ slerp0.3' were smoothed after the network; compare the others.")
    return (*lines, f"Mesh: {request.body_name}. MPJPE, PA-MPJPE and MPVPE in mm, Accel in mm/frame².")


def _per_second(measured: Sequence[tuple[str, Scores]]) -> str:
    rates = [
        f"{label} {scores.accel_mps2:.2f}" for label, scores in measured if scores.accel_mps2 is not None
    ]
    return f" Accel in m/s² at {measured[0][1].fps:g} fps: {', '.join(rates)}." if rates else ""


def _value(scores: Scores | None, measure: str) -> float | None:
    value = None if scores is None else getattr(scores, measure)
    return value if value is not None and math.isfinite(value) else None


def _sets(table: PublishedTable) -> set[str]:
    return {name for name, _ in table.columns}


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain_value(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
