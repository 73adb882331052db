"""What a user is told while a job runs: never backwards, never silent, with an estimate of the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ...core.errors import Cancelled
from ..protocol import Progress

HEARTBEAT = 1.0  # seconds without a message after which the last one is repeated; the promise is 2 s
FASTEST = 0.1  # seconds between two messages within a stage
UNKNOWN = -1.0
FIRST_ESTIMATE = 0.03  # fraction below which the time left would be a guess


class ProgressMeter:
    """Turns the calls `(stage, done, total)` of a pipeline into `Progress` messages.

    Used as a context manager around one job; the instance itself is the pipeline's progress callback, which
    raises `Cancelled` once `cancelled()` is true.

    Args:
        send: takes a message; called from the job's thread and from the heartbeat's.
        stages: the names and relative durations of the stages in order. A stage not in the list advances the
            whole by half of what is left, so that the fraction grows even for an unknown pipeline.
    """

    def __init__(
        self,
        send: Callable[[Progress], None],
        job: str,
        device: str,
        *,
        stages: Sequence[tuple[str, float]] = (),
        cancelled: Callable[[], bool] = lambda: False,
        heartbeat: float = HEARTBEAT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._job, self._device = send, job, device
        self._cancelled, self._clock, self._heartbeat = cancelled, clock, heartbeat
        self._spans = _spans(stages)
        self._furthest: dict[str, int] = {}
        self._begin = clock()
        self._last_sent = -1e9
        self._stage, self._done, self._total, self._fraction = "starting", 0, 0, 0.0
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> ProgressMeter:
        self._tell()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()  # nothing follows the result of a job

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._cancelled():
            raise Cancelled("Cancelled on request.")
        with self._lock:
            entered = stage != self._stage
            done = max(int(done), self._furthest.get(stage, 0))
            self._furthest[stage] = done
            self._stage, self._done, self._total = stage, done, max(int(total), 0)
            begin, end = self._span(stage)
            share = min(done / total, 1.0) if total > 0 else 0.0
            self._fraction = max(self._fraction, begin + (end - begin) * share)
            finished = done >= total > 0
            if entered or finished or self._clock() - self._last_sent >= FASTEST:
                self._tell()

    def _span(self, stage: str) -> tuple[float, float]:
        if stage not in self._spans:
            self._spans[stage] = (self._fraction, self._fraction + (1.0 - self._fraction) / 2)
        return self._spans[stage]

    def _tell(self) -> None:
        with self._lock:
            now = self._clock()
            elapsed = now - self._begin
            known = self._fraction >= FIRST_ESTIMATE
            eta = elapsed * (1.0 - self._fraction) / self._fraction if known else UNKNOWN
            counts = (self._done, self._total, self._fraction, elapsed, eta)
            self._send(Progress(self._job, self._stage, *counts, self._device))
            self._last_sent = now

    def _beat(self) -> None:
        while not self._closed.wait(self._heartbeat / 4):
            with self._lock:
                if self._clock() - self._last_sent >= self._heartbeat:
                    try:
                        self._tell()
                    except OSError:
                        return  # the client is gone; the reading thread ends the worker


def _spans(stages: Sequence[tuple[str, float]]) -> dict[str, tuple[float, float]]:
    """Each stage's share of the whole as (begin, end) in [0, 1]."""
    whole = sum(weight for _, weight in stages) or 1.0
    spans, begin = {}, 0.0
    for name, weight in stages:
        spans[name] = (begin / whole, (begin + weight) / whole)
        begin += weight
    return spans
