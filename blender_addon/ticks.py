"""How long our own callbacks hold Blender up: timer ticks, drawing, property updates.

What Blender itself draws, and the final build of a capture, are not ours to count here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

TARGET_MS = 50.0


@dataclass
class Pace:
    """The calls of one kind of callback. Durations in milliseconds."""

    calls: int = 0
    slowest: float = 0.0
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.calls if self.calls else 0.0


paces: dict[str, Pace] = {}
"""By the name of the callback: "tick", "draw", "update"."""


@contextmanager
def measured(name: str) -> Iterator[None]:
    """Count what happens inside as one call of `name`.

    Not a decorator: Blender counts the arguments of the functions it is given, and a wrapper hides them.
    """
    start = time.perf_counter()
    try:
        yield
    finally:
        spent = 1000.0 * (time.perf_counter() - start)
        pace = paces.setdefault(name, Pace())
        pace.calls += 1
        pace.total += spent
        pace.slowest = max(pace.slowest, spent)


def report_line() -> str:
    """One line for an error report: "Slowest tick 12 ms, draw 3 ms (target 50 ms)"; "" before any call."""
    if not paces:
        return ""
    parts = ", ".join(f"{name} {pace.slowest:.0f} ms" for name, pace in sorted(paces.items()))
    return f"Slowest {parts} (target {TARGET_MS:.0f} ms)"
