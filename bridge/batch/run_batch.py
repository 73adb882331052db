"""A whole batch: what is done already is left alone, the rest is run, and a report tells how it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Reel2RigError
from ..errors import writing
from ..files import write_json
from ..version import VERSION
from .captures import forget_captures
from .manifest import Manifest
from .plan import Batch
from .task import CANCELLED, FAILED, ClipOutcome, ClipTask

FAILED_EXIT = 1

# (tasks, on_outcome): runs `run_clip` on each task once and hands over what became of it; raises Cancelled.
Runner = Callable[[Sequence[ClipTask], Callable[[ClipOutcome], None]], None]
MakeLibrary = Callable[[Path, Sequence[ClipTask], Sequence[ClipOutcome]], None]


@dataclass(frozen=True)
class BatchReport:
    """How a batch went.

    Attributes:
        outcomes: of its clips in their order, as far as they were begun.
        resumed: ids of clips that an earlier run had done.
        waiting: ids of clips that were not begun, or cancelled.
        seconds: that it took. file: the report as JSON. library: what was made, None when there is none.
        error: what ended the batch before its end, or its library; None when nothing did.
    """

    outcomes: tuple[ClipOutcome, ...]
    resumed: frozenset[str]
    waiting: tuple[str, ...]
    seconds: float
    file: Path
    library: Path | None = None
    error: Reel2RigError | None = None

    @property
    def failed(self) -> tuple[ClipOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.state == FAILED)

    @property
    def captures(self) -> int:
        """How many clips the worker captured now."""
        return sum(outcome.captured and outcome.id not in self.resumed for outcome in self.outcomes)

    @property
    def exit_code(self) -> int:
        """0 when every clip is done, 130 when the user stopped it, the error's own, else 1."""
        if self.error is not None:
            return self.error.exit_code
        return FAILED_EXIT if self.failed or self.waiting else 0

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "version": VERSION,
            "ok": self.exit_code == 0,
            "exit_code": self.exit_code,
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.message},
            "seconds": round(self.seconds, 3),
            "captures": self.captures,
            "counts": {
                "done": sum(outcome.ok for outcome in self.outcomes),
                "resumed": len(self.resumed),
                "failed": len(self.failed),
                "not_begun": len(self.waiting),
            },
            "not_begun": list(self.waiting),
            "library": None if self.library is None else str(self.library),
            "clips": [
                outcome.to_json() | {"resumed": outcome.id in self.resumed} for outcome in self.outcomes
            ],
        }


def run_batch(
    batch: Batch,
    run: Runner,
    *,
    resume: bool = False,
    part: str = "",
    make_library: MakeLibrary | None = None,
    on_outcome: Callable[[ClipOutcome], None] = lambda outcome: None,
) -> BatchReport:
    """Run the clips of a batch that are not done yet, then its library, and write the report.

    Args:
        run: this computer (`local.run_here`), a cluster, or anything that calls `run_clip`.
        resume: leave alone what an earlier run has done with the same input and settings, and use the
            captures that it kept; else everything is done anew.
        part: of the manifest and the report, when several processes share the folder.
        make_library: makes the library of all clips that are done.
        on_outcome: told of every clip, also of those that were done before.

    Raises:
        BatchBusy, OutputError and its kinds: nothing was begun, or what was finished cannot be noted.
    """
    started = time.monotonic()
    manifest = Manifest(batch.state, part)
    outcomes: dict[str, ClipOutcome] = {}
    error: Reel2RigError | None = None
    library: Path | None = None
    with manifest.held():
        if resume:
            manifest.read()
            outcomes = {task.id: done for task in batch.tasks if (done := manifest.finished(task))}
        manifest.begin(afresh=not resume)
        resumed = frozenset(outcomes)
        for done in list(outcomes.values()):
            on_outcome(done)
        waiting = [task for task in batch.tasks if task.id not in resumed]
        if not resume:
            for task in waiting:
                forget_captures(task)

        def take(outcome: ClipOutcome) -> None:
            manifest.add(outcome)
            outcomes[outcome.id] = outcome
            on_outcome(outcome)

        try:
            if waiting:
                run(waiting, take)
            if make_library is not None and batch.library is not None:
                finished = [task for task in batch.tasks if task.id in outcomes and outcomes[task.id].ok]
                make_library(batch.library, finished, [outcomes[task.id] for task in finished])
                library = batch.library
        except Reel2RigError as raised:
            error = raised
        file = batch.state / (f"report-{part}.json" if part else "report.json")
        report = BatchReport(
            outcomes=tuple(outcomes[task.id] for task in batch.tasks if task.id in outcomes),
            resumed=resumed,
            waiting=tuple(task.id for task in batch.tasks if not _was_run(outcomes.get(task.id))),
            seconds=time.monotonic() - started,
            file=file,
            library=library,
            error=error,
        )
        with writing(file):
            write_json(file, report.to_json())
    return report


def _was_run(outcome: ClipOutcome | None) -> bool:
    return outcome is not None and outcome.state != CANCELLED
