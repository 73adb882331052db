"""The worker: one process that waits for jobs, runs one at a time and never dies of a failed one.

It ends when its stdin ends (the client died), when it is asked to, or after an idle time.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import Cancelled, DiskFull, Reel2RigError
from ..errors import (
    WorkerEnvironmentBroken,
    WorkerError,
    WorkerOutOfMemory,
    WorkerProtocolError,
    is_disk_full,
)
from ..protocol import Bye, Cancel, Capture, Convert, Failure, Hello, Message, Result, Scan
from .meter import ProgressMeter
from .wire import Wire

# (video, settings as JSON, job folder, progress): writes the job's files, `result.json` last.
RunJob = Callable[[Path, dict[str, Any], Path, Callable[[str, int, int], None]], object]

IDLE_SECONDS = 600.0
ORPHAN_GRACE = 5.0  # seconds a running job gets to stop by itself once the client is gone


def serve(
    capture: RunJob,
    scan: RunJob | None = None,
    convert: RunJob | None = None,
    *,
    describe: Callable[[], Hello],
    idle_seconds: float = IDLE_SECONDS,
    stages: Callable[[], Sequence[tuple[str, float]]] = tuple,
) -> int:
    """Serve jobs over stdin and stdout until the end; returns the exit code.

    Args:
        capture, scan, convert: run one job; they raise `Reel2RigError` for the user and `Cancelled` when
            their progress callback did.
        describe: says who this worker is; may import heavy packages, and fails when they are broken.
        idle_seconds: leave after so long without a job; 0 or less never does.
        stages: see `ProgressMeter`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's business: it cancels in order
    offered = {Capture.type: capture, Scan.type: scan, Convert.type: convert}
    jobs = {name: run for name, run in offered.items() if run is not None}
    wire = Wire.take_standard_streams()
    worker = _Worker(wire, jobs)
    try:
        try:
            hello, worker.stages = describe(), stages()
        except Exception as error:
            traceback.print_exc()
            wire.send(_failure("", WorkerEnvironmentBroken(_broken(error))))
            return WorkerEnvironmentBroken.exit_code
        worker.device = hello.device
        wire.send(hello)
        return worker.run(idle_seconds)
    except OSError:
        return 0  # writing failed: the client is gone, and nobody is left to be told


class _Worker:
    device = "cpu"
    stages: Sequence[tuple[str, float]] = ()

    def __init__(self, wire: Wire, jobs: dict[str, RunJob]) -> None:
        self._wire, self._jobs = wire, jobs
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._cancelled: set[str] = set()
        self._gone = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, idle_seconds: float) -> int:
        while True:
            try:
                request = self._inbox.get(timeout=idle_seconds if idle_seconds > 0 else None)
            except queue.Empty:
                self._wire.send(Bye("idle"))
                return 0
            if request is None:
                return 0
            if isinstance(request, Bye):
                self._wire.send(Bye("asked"))
                return 0
            if isinstance(request, Capture | Scan | Convert):
                self._wire.send(self._answer(request))

    def _listen(self) -> None:
        """Reads requests beside the running job, so that a cancel is heard at once."""
        while True:
            try:
                message = self._wire.receive()
            except WorkerProtocolError as error:
                self._wire.send(_failure("", error))
                continue
            except (OSError, ValueError):
                message = None
            if message is None:
                self._gone.set()
                self._inbox.put(None)
                time.sleep(ORPHAN_GRACE)
                os._exit(0)  # the job is inside a long call; this thread is a daemon and may end it all
            if isinstance(message, Cancel):
                self._cancelled.add(message.job)
            else:
                self._inbox.put(message)

    def _answer(self, request: Capture | Scan | Convert) -> Message:
        run = self._jobs.get(request.type)
        if run is None:
            return _failure(request.job, WorkerProtocolError(f"This worker cannot do '{request.type}'."))
        chosen = request.settings.get("device")
        meter = ProgressMeter(
            self._wire.send,
            request.job,
            chosen if chosen in ("cpu", "cuda", "mps") else self.device,
            stages=self.stages,
            cancelled=lambda: self._gone.is_set() or request.job in self._cancelled,
        )
        try:
            with meter:
                meter("starting", 0, 0)  # a job cancelled while it waited ends here
                run(Path(request.video), request.settings, Path(request.folder), meter)
            return Result(request.job)
        except Reel2RigError as error:
            if not isinstance(error, Cancelled):
                traceback.print_exc()
            return _failure(request.job, error)
        except Exception as error:
            traceback.print_exc()
            return _failure(request.job, _explained(error))


def _explained(error: Exception) -> Reel2RigError:
    """An unexpected exception as a sentence; the traceback is already in the log."""
    if isinstance(error, OSError) and is_disk_full(error):
        return DiskFull("The disk is full: free some space for the job's working files and try again.")
    if isinstance(error, MemoryError):
        return WorkerOutOfMemory("The memory is not enough for this clip; trim it, or close other programs.")
    if type(error).__name__ == "OutOfMemoryError":  # torch's, without importing torch here
        return WorkerOutOfMemory("The graphics memory is not enough for this clip; choose the device cpu.")
    return WorkerError(
        f"Something unexpected happened in the worker ({type(error).__name__}: {_one_line(error)}); "
        "the log has the details."
    )


def _broken(error: Exception) -> str:
    return (
        f"The worker's environment is broken ({type(error).__name__}: {_one_line(error)}); "
        "repair it with 'reel2rig setup --repair' or the panel's Repair button."
    )


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:200] + "…"


def _failure(job: str, error: Reel2RigError) -> Failure:
    return Failure(job, error.code, error.message, error.exit_code)
