"""The log of one clip: what was asked, how it went, what Blender said, and how it ended."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

from ..protocol import Progress
from .task import ClipOutcome, ClipTask


class ClipLog:
    """Appends lines to a file. Only `begin` raises (OSError): a log must not fail a clip."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stage = ""

    def begin(self, task: ClipTask) -> None:
        """Make the file and write down what is asked."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{_now()} {task.input}\n{json.dumps(task.to_json(), indent=1)}\n")

    def say(self, line: str) -> None:
        """Append a line with the time of day."""
        with suppress(OSError), self._path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{_now()} {line}\n")

    def progress(self, progress: Progress) -> None:
        """A line for each new stage."""
        if progress.stage != self._stage:
            self._stage = progress.stage
            self.say(f"{progress.stage} on {progress.device}")

    def end(self, outcome: ClipOutcome) -> None:
        """How it ended."""
        for note in outcome.notes:
            self.say(f"Note: {note}")
        for file in outcome.files:
            self.say(f"Wrote {file}")
        error = f" [{outcome.code}] {outcome.message}" if outcome.code else ""
        self.say(f"{outcome.state} after {outcome.seconds:.1f} s{error}")


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
