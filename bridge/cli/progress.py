"""The progress of a job in a terminal, or as occasional lines where there is none."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from ..protocol import Progress

COUNTS_FRAMES = ("people", "features", "network")  # refinement counts its own steps
EVERY = 10.0  # seconds between two lines without a terminal
WORDS = {
    "starting": "Starting",
    "people": "Finding people",
    "features": "Looking at the person",
    "network": "Estimating the body",
    "refine": "Refining",
    "world": "Placing in the world",
    "files": "Writing motion",
    "writing": "Writing the result",
}


class ProgressView:
    """A context manager whose `show` takes the worker's `Progress` messages."""

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._title = title
        self._live = self._console.is_terminal
        self._last = ("", 0.0)
        self._task: TaskID | None = None
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[details]}", markup=False),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> ProgressView:
        if self._live:
            self._bar.start()
            self._task = self._bar.add_task("Starting the worker", total=1.0, details="")
        else:
            self._console.print(f"{self._title}: starting the worker", markup=False, highlight=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def show(self, progress: Progress) -> None:
        """Draw one message."""
        stage = WORDS.get(progress.stage, progress.stage)
        details = describe(progress)
        if self._task is not None:
            self._bar.update(self._task, completed=progress.fraction, description=stage, details=details)
            return
        last_stage, last_time = self._last
        if progress.stage != last_stage or time.monotonic() - last_time >= EVERY:
            self._last = (progress.stage, time.monotonic())
            line = f"{stage}: {progress.fraction:.0%} {details}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def describe(progress: Progress) -> str:
    """Frames, time left and device in one short line."""
    unit = " frames" if progress.stage in COUNTS_FRAMES else ""
    parts = [f"{progress.done}/{progress.total}{unit}"] if progress.total > 1 else []
    if progress.eta >= 0:
        parts.append(f"{_duration(progress.eta)} left")
    return " · ".join([*parts, progress.device])


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
