"""Means of the loss terms and the pace, between two lines of progress (method section 6)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from torch import Tensor


class Meter:
    """Adds up terms step by step; `read` gives their means and starts anew.

    Terms may be tensors: they are only brought from the accelerator when the meter is read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._restart()

    def _restart(self) -> None:
        self._sums: dict[str, Tensor | float] = {}
        self._steps, self._since = 0, self._clock()

    def add(self, terms: Mapping[str, Tensor | float]) -> None:
        """The terms of one more step."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1

    def read(self) -> tuple[dict[str, float], float]:
        """Mean of each term, and seconds per step."""
        steps = max(self._steps, 1)
        means = {name: float(value) / steps for name, value in self._sums.items()}
        pace = (self._clock() - self._since) / steps
        self._restart()
        return means, pace


def in_words(means: Mapping[str, float]) -> str:
    """``points_3d 0.213 rotation 0.041``"""
    return " ".join(f"{name} {value:.3f}" for name, value in means.items())


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3.4 h``"""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
