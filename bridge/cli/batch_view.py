"""What a user sees of a batch: bars while it runs, lines without a terminal, and a table at the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from ..batch.run_batch import BatchReport
from ..batch.task import CANCELLED, ClipOutcome, ClipTask
from ..protocol import Progress
from .progress import WORDS, describe


class BatchView:
    """A context manager that is told how far clips are and how they ended; any thread may tell it."""

    def __init__(self, total: int, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._total, self._ended, self._failed = total, 0, 0
        self._live = self._console.is_terminal
        self._lock = threading.Lock()
        self._rows: dict[str, TaskID] = {}
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[details]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._all: TaskID | None = None

    def __enter__(self) -> BatchView:
        if self._live:
            self._bars.start()
            self._all = self._bars.add_task("All clips", total=self._total, details=self._count())
        else:
            self.say(f"{self._total} clip{'' if self._total == 1 else 's'} to do")
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._bars.stop()

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(plain(line), markup=False, highlight=False, soft_wrap=True)

    def show(self, task: ClipTask, progress: Progress) -> None:
        """How far a clip's capture is."""
        if not self._live:
            return
        with self._lock:
            if task.id not in self._rows:
                self._rows[task.id] = self._bars.add_task(plain(task.id), total=1.0, details="")
            stage = WORDS.get(progress.stage, progress.stage)
            details = f"{stage} {describe(progress)}"
            self._bars.update(self._rows[task.id], completed=progress.fraction, details=details)

    def ended(self, outcome: ClipOutcome, resumed: bool = False) -> None:
        """How a clip ended."""
        with self._lock:
            if outcome.state != CANCELLED:
                self._ended += 1
            if row := self._rows.pop(outcome.id, None):
                self._bars.remove_task(row)
            if self._all is not None:
                self._bars.update(self._all, completed=self._ended, details=self._count())
        self.say(f"[{self._ended}/{self._total}] {outcome.id}: {told(outcome, resumed)}")

    def _count(self) -> str:
        return f"{self._ended} of {self._total}"


def told(outcome: ClipOutcome, resumed: bool) -> str:
    """How a clip ended, in one line."""
    if resumed:
        return "done before"
    if outcome.ok:
        count = len(outcome.files)
        kept = "" if outcome.captured else ", without capturing"
        return f"done in {outcome.seconds:.1f} s{kept}, {count} file{'' if count == 1 else 's'}"
    if outcome.state == CANCELLED:
        return "cancelled"
    return f"failed [{outcome.code}] {outcome.message}"


def summary(report: BatchReport) -> Table:
    """The table of a whole batch."""
    table = Table("clip", "result", "people", "frames", "files", "seconds")
    for outcome in report.outcomes:
        resumed = outcome.id in report.resumed
        frames = f"{outcome.frames[0]}-{outcome.frames[1]}" if len(outcome.frames) == 2 else ""
        result = "done before" if resumed else outcome.state
        table.add_row(
            Text(plain(outcome.id), overflow="fold"),
            Text(result if outcome.ok else f"{result} [{outcome.code}]", overflow="fold"),
            str(len(outcome.people) or ""),
            frames,
            str(len(outcome.files) or ""),
            "" if resumed else f"{outcome.seconds:.1f}",
        )
    for name in report.waiting:
        if all(outcome.id != name for outcome in report.outcomes):
            table.add_row(Text(plain(name), overflow="fold"), "not begun", "", "", "", "")
    return table


def verdict(report: BatchReport) -> list[str]:
    """The sentences below the table."""
    done, total = sum(outcome.ok for outcome in report.outcomes), len(report.outcomes)
    total += sum(all(outcome.id != name for outcome in report.outcomes) for name in report.waiting)
    lines = [
        f"{done} of {total} clips are done ({report.captures} captured now, {len(report.resumed)} before)."
    ]
    for outcome in report.failed:
        lines.append(f"{plain(outcome.id)}: {outcome.message} [{outcome.code}], log: {outcome.log}")
    if report.library is not None:
        lines.append(f"Library: {report.library}")
    lines.append(f"Report: {report.file}")
    return [plain(line) for line in lines]


def plain(text: str) -> str:
    """The text without what no terminal can show: names on Linux need not be any text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shown_notes(outcomes: Sequence[ClipOutcome]) -> list[str]:
    """Every note once, with the clips that it is about."""
    clips: dict[str, list[str]] = {}
    for outcome in outcomes:
        for note in outcome.notes:
            clips.setdefault(note, []).append(Path(outcome.id).name)
    return [f"Note: {note} ({_some(names)})" for note, names in clips.items()]


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
