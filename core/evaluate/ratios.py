"""Paired timing runs: two things measured in turn, in one process, reported as a ratio with its spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Spread of one ratio over paired runs."""

    min: float
    median: float
    max: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Ratio:
        return cls(min(values), statistics.median(values), max(values), len(values))

    def to_json(self) -> dict[str, float | int]:
        return {"min": self.min, "median": self.median, "max": self.max, "runs": self.runs}


def seconds(action: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def paired_seconds(
    ours: Callable[[], object], other: Callable[[], object], runs: int
) -> tuple[list[float], list[float]]:
    """Wall seconds of `ours` and `other`, `runs` times each, after one unmeasured call of both.

    The order within a pair alternates, so that whatever the machine does slowly over time
    (heat, neighbours) falls on both sides alike.
    """
    ours()
    other()
    ours_seconds, other_seconds = [], []
    for run in range(runs):
        if run % 2 == 0:
            ours_seconds.append(seconds(ours))
            other_seconds.append(seconds(other))
        else:
            other_seconds.append(seconds(other))
            ours_seconds.append(seconds(ours))
    return ours_seconds, other_seconds
