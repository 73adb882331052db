"""A warm worker and the one job it may be running, driven without ever blocking.

Blender's modal operator calls `poll()` on a timer; the command line and batch call `wait()` or `finish()`,
which sleep on the same queue. Standard library only.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core import errors as core_errors
from ...core.errors import Reel2RigError
from .. import jobs
from ..errors import (
    WorkerEnvironmentBroken,
    WorkerError,
    WorkerKilled,
    WorkerSilent,
    WorkerVersionMismatch,
    exit_sentence,
    from_wire,
    writing,
)
from ..home import Home
from ..jobs import Job
from ..protocol import (
    PROTOCOL_VERSION,
    Bye,
    Cancel,
    Capture,
    Convert,
    Failure,
    Hello,
    Progress,
    Result,
    Scan,
)
from ..version import VERSION
from .events import Advanced, Cancelled, Event, Failed, Finished, Ready, Stopped
from .worker_process import Incoming, WorkerProcess

WORKER_MODULE = "reel2rig.bridge.worker"  # as installed there, whatever name this copy has inside Blender

_REQUESTS = {kind.type: kind for kind in (Capture, Scan, Convert)}
_HOW = {
    "asked": "Cancelled; the worker stopped when asked.",
    "terminated": "Cancelled; the worker did not answer in time and was terminated.",
    "killed": "Cancelled; the worker did not stop by itself and was killed.",
}


@dataclass(frozen=True)
class Patience:
    """Seconds granted before the next, ruder step."""

    hello: float = 180.0  # a cold disk needs a minute for torch
    cancel: float = 5.0
    terminate: float = 3.0


# For a user who presses Cancel and looks at the button: all steps together stay below a second.
PROMPT = Patience(cancel=0.4, terminate=0.25)


class Session:
    """One worker process and at most one job.

    Args:
        python: the environment's Python; `Environment.python`.
        home: where the job folders, logs and models are.
        idle_seconds: the worker leaves by itself after so long without a job.
        command: replaces the worker's command line (tests run other workers with it).
        variables: of the environment, for this worker alone.

    Attributes:
        state: "stopped", "starting", "ready", "busy" or "cancelling".
        progress: the running job's last `Progress`, for a panel that draws at its own pace.
        hello: the worker's introduction, once it has spoken.
        heard: `time.monotonic()` of its last message; while busy it speaks at least every two seconds.
        log: the worker's log file.
    """

    def __init__(
        self,
        python: str | Path,
        home: Home,
        *,
        idle_seconds: float = 600.0,
        command: Sequence[str | Path] | None = None,
        patience: Patience | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.log = home.logs / "worker.log"
        self.state = "stopped"
        self.progress: Progress | None = None
        self.hello: Hello | None = None
        self.heard = 0.0
        self._python = Path(python)
        arguments = ["-m", WORKER_MODULE, "--home", home.root, "--idle", str(idle_seconds)]
        self._command = list(command) if command else [python, *arguments]
        self._patience = patience or Patience()
        self._variables = variables
        self._worker: WorkerProcess | None = None
        self._job: Job | None = None
        self._events: list[Event] = []
        self._deadline: float | None = None
        self._bye: str | None = None
        self._complaint: Reel2RigError | None = None
        self._how = "asked"

    # ---- what a caller can do ----

    @property
    def pid(self) -> int | None:
        """The worker's process id, or None while there is no process."""
        return self._worker.pid if self._worker else None

    def start(self) -> None:
        """Start the worker unless it runs; returns at once, `Ready` follows.

        Raises:
            WorkerEnvironmentMissing, WorkerEnvironmentBroken: there is no Python to start, or it cannot run.
        """
        if self._worker is None:
            self.hello, self._bye, self._complaint = None, None, None
            grace = self._patience.terminate
            self._worker = WorkerProcess(self._python, self._command, self.home, grace, self._variables)
            self.state = "starting"
            self._deadline = time.monotonic() + self._patience.hello

    def capture(self, video: str | Path, settings: dict[str, Any], after: Job | None = None) -> Job:
        """Begin a capture and return at once; `settings` is `CaptureSettings.to_json()`.

        Args:
            after: a finished scan of the same video, whose work is used again; its folder stays as it is.

        Raises:
            WorkerError: the worker is busy with another job, or cannot be started.
            OutputError: the job folder cannot be made.
        """
        return self._begin(Capture.type, video, settings, after)

    def scan(self, video: str | Path, settings: dict[str, Any]) -> Job:
        """Begin to list the people of a video; otherwise as `capture`."""
        return self._begin(Scan.type, video, settings)

    def convert(self, file: str | Path, settings: dict[str, Any]) -> Job:
        """Begin to read a motion file of another system; what comes of it is a finished capture.

        Args:
            settings: {"fps": a text or None, "body": "free" or a path}. Raises as `capture`.
        """
        return self._begin(Convert.type, file, settings)

    def cancel(self) -> None:
        """Stop the job: ask, after a grace period terminate, after another kill. Returns at once.

        `poll` carries it through and reports `Cancelled` when neither process nor job folder is left.
        """
        if self._job is None or self._worker is None or self.state == "cancelling":
            return
        self.state, self._how = "cancelling", "asked"
        self._deadline = time.monotonic() + self._patience.cancel
        self._worker.send(Cancel(self._job.id))
        self._worker.send(Bye("asked"))

    def kill(self) -> None:
        """Cancel without any grace."""
        self.cancel()
        if self._worker and self.state == "cancelling":
            self._how, self._deadline = "killed", None
            self._worker.stop(kill=True)

    def poll(self) -> list[Event]:
        """What happened since the last call; never blocks."""
        with suppress(queue.Empty):
            while self._worker:
                self._take(self._worker.receive())
        self._check_deadline()
        events, self._events = self._events, []
        return events

    def wait(self, timeout: float = 0.5) -> list[Event]:
        """`poll`, but sleep up to `timeout` seconds for something to happen."""
        if self._deadline is not None:
            timeout = min(timeout, max(self._deadline - time.monotonic(), 0.01))
        if self._worker and not self._events:
            with suppress(queue.Empty):
                self._take(self._worker.receive(timeout))
        return self.poll()

    def finish(
        self,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        should_cancel: Callable[[], int] = lambda: 0,
    ) -> Job:
        """Block until the job just begun ends, and return it.

        Args:
            should_cancel: 0 to go on, 1 to cancel, 2 to kill.

        Raises:
            core.errors.Cancelled: with the sentence that says how it stopped.
            Reel2RigError: whatever made the job fail.
        """
        while self._job or self._events:
            wish = should_cancel()
            if wish:
                self.cancel() if wish == 1 else self.kill()
            for event in self.wait(0.2):
                if isinstance(event, Advanced):
                    on_progress(event.progress)
                elif isinstance(event, Finished):
                    return event.job
                elif isinstance(event, Failed):
                    raise event.error
                elif isinstance(event, Cancelled):
                    raise core_errors.Cancelled(event.sentence)
        raise WorkerError("There is no job to wait for.")

    def close(self) -> None:
        """End the worker, with the job if there is one; blocks for the grace periods at most."""
        self.cancel()
        while self._job and self._worker:
            self.wait(0.1)
        if self._worker:
            self._worker.send(Bye("asked"))
            self._worker.reap()
        self._worker, self.state, self._deadline = None, "stopped", None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the steps ----

    def _begin(self, kind: str, video: str | Path, settings: dict[str, Any], after: Job | None = None) -> Job:
        self._events = self.poll()  # a worker that has left meanwhile is noticed here
        if self._job:
            raise WorkerError("The worker is busy with another video; wait for it or cancel it first.")
        with writing(self.home.root):
            self.home.root.mkdir(parents=True, exist_ok=True)
        self.start()
        # Beside the caller, which may be a window that has to be drawn: old jobs can hold whole videos.
        threading.Thread(target=jobs.clean_jobs, args=(self.home.jobs,), daemon=True).start()
        self.progress = None
        source = Path(video).absolute()  # the worker runs in another folder
        self._job = jobs.create_job(self.home.jobs, kind, source, settings, after)
        if self.state == "ready":
            self._send_job()
        return self._job

    def _send_job(self) -> None:
        if self._job and self._worker:
            job, kind = self._job, _REQUESTS[self._job.kind]
            self.state = "busy"
            self._worker.send(kind(job.id, str(job.folder), job.video, job.settings))

    def _take(self, message: Incoming) -> None:
        self.heard = time.monotonic()
        if message is None:
            self._on_end()
        elif isinstance(message, Reel2RigError):  # a line that was no message: trust nothing after it
            self._give_up(message)
        elif isinstance(message, Hello):
            self._on_hello(message)
        elif isinstance(message, Bye):
            self._bye = message.reason
        elif isinstance(message, Failure) and not message.job:
            self._complaint = from_wire(message.code, message.message, message.exit_code)
        elif self.state == "busy" and self._job and getattr(message, "job", None) == self._job.id:
            if isinstance(message, Progress):
                self.progress = message
                self._events.append(Advanced(message))
            elif isinstance(message, Result):
                self._events.append(Finished(self._release()))
            elif isinstance(message, Failure):
                self._fail(from_wire(message.code, message.message, message.exit_code))

    def _on_hello(self, hello: Hello) -> None:
        if (hello.protocol, hello.version) != (PROTOCOL_VERSION, VERSION):
            self._give_up(
                WorkerVersionMismatch(
                    f"The worker's environment holds version {hello.version} and this is version {VERSION}; "
                    "press Update the Worker in the panel or run 'reel2rig setup'."
                )
            )
            return
        self.hello = hello
        if self.state == "starting":
            self.state, self._deadline = "ready", None
            self._events.append(Ready(hello))
            self._send_job()

    def _on_end(self) -> None:
        """The worker's stdout has ended: it is dead or dying."""
        assert self._worker is not None
        returncode = self._worker.returncode or 0
        was, self.state = self.state, "stopped"
        self._worker, self._deadline = None, None
        if was == "cancelling":
            self._discard()
            self._events.append(Cancelled(self._how, _HOW[self._how]))
        elif self._bye == "idle" and self._job and self.progress is None:
            self._restart()  # the request met a worker that was just leaving
        elif self._bye is not None and self._job is None:
            self._events.append(Stopped(self._bye))
        else:
            error = self._complaint or self._obituary(was, returncode)
            self._fail(error) if self._job else self._events.append(Stopped("died", error))

    def _restart(self) -> None:
        try:
            self.start()
        except Reel2RigError as error:
            self._fail(error)

    def _obituary(self, was: str, returncode: int) -> Reel2RigError:
        if was == "starting":
            return WorkerEnvironmentBroken(
                f"The worker {exit_sentence(returncode)} before it was ready; run 'reel2rig setup --repair' "
                f"or press Repair in the panel (log: {self.log})."
            )
        worker = "In mid-job the worker" if was == "busy" else "The worker"
        return WorkerKilled(
            f"{worker} {exit_sentence(returncode)}; close other programs or trim the clip, and try again "
            f"(log: {self.log})."
        )

    def _give_up(self, error: Reel2RigError) -> None:
        """The worker cannot be talked to: end it; its end then reports `error`."""
        self._complaint, self._deadline = error, None
        if self._worker:
            self._worker.stop(kill=True)

    def _check_deadline(self) -> None:
        if self._deadline is None or self._worker is None or time.monotonic() < self._deadline:
            return
        if self.state == "starting":
            seconds = f"{self._patience.hello:.0f} s"
            self._give_up(WorkerSilent(f"The worker did not answer within {seconds} (log: {self.log})."))
        elif self._how == "asked":
            self._how, self._deadline = "terminated", time.monotonic() + self._patience.terminate
            self._worker.stop()
        else:
            self._how, self._deadline = "killed", None
            self._worker.stop(kill=True)

    def _fail(self, error: Reel2RigError) -> None:
        self._discard()
        if error.code == WorkerError.code:  # the unexpected kind, whose details only the log has
            error = WorkerError(f"{error.message.rstrip('.')} ({self.log}).")
        self._events.append(Failed(error))

    def _discard(self) -> None:
        jobs.remove_job(self._release().folder)

    def _release(self) -> Job:
        assert self._job is not None
        job, self._job = self._job, None
        if self.state == "busy":
            self.state = "ready"
        return job
