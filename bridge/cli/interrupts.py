"""Ctrl-C as a wish, not as an exception in the middle of something."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Wish:
    """How often the user asked to stop: once cancels, twice kills. Called, it gives the number."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0


@contextmanager
def interrupts() -> Iterator[Wish]:
    """Within the block Ctrl-C, a terminal that closes and a polite kill are counted instead of raised."""
    wish = Wish()

    def count(_number: int, _frame: FrameType | None) -> None:
        wish.count += 1

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    before: dict[int, Any] = {}
    try:
        for name in names:
            if number := getattr(signal, name, None):  # each system has its own few
                before[number] = signal.signal(number, count)
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
