"""Ctrl-C and a cluster's SIGTERM, held back while something must not be cut in two (method section 6.1)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Turns both signals into KeyboardInterrupt, at once or, inside `held`, at its end.

    Use as a context manager around a run. Outside the main thread, where Python allows no handlers, it does
    nothing.

    Attributes:
        asked: whether a signal came.
        torn: whether it came twice, so that what was held is cut in two after all.
    """

    def __init__(self) -> None:
        self.asked = self.torn = False
        self._held = False
        self._seen: set[int] = set()
        self._before: dict[int, object] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # Ctrl-C under torchrun comes as SIGINT and SIGTERM; only the same one again is impatience.
        insists = number in self._seen
        self._seen.add(number)
        self.asked = True
        if self._held and not insists:
            return
        self.torn = self._held
        raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing inside the block is interrupted, unless the user asks twice."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self.asked:
            raise KeyboardInterrupt
