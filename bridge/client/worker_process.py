"""The worker as a child process: messages in, messages out, and its end."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ...core.errors import Reel2RigError
from ..errors import WorkerEnvironmentBroken, WorkerEnvironmentMissing, WorkerProtocolError, writing
from ..home import Home
from ..processes import python_environment, spawn, stop_tree
from ..protocol import Message, encode, read_message
from .worker_log import open_log

Incoming = Message | Reel2RigError | None  # None: its stdout has ended, nothing more will come


class WorkerProcess:
    """A running worker. A thread reads what it says into a queue, so that nobody waits for a pipe.

    The same thread waits for its end, terminating and killing it after `grace` seconds each once its stdout
    has ended; `returncode` is known when `receive` gives None.

    Raises (on creation):
        WorkerEnvironmentMissing: there is no such Python.
        WorkerEnvironmentBroken: the system cannot run it.
        OutputError: the log cannot be written.
    """

    def __init__(
        self,
        python: Path,
        command: Sequence[str | Path],
        home: Home,
        grace: float,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        if not python.exists():
            raise WorkerEnvironmentMissing(
                f"The worker's environment is not installed ({python} does not exist); "
                "run 'reel2rig setup' or press Install in the panel."
            )
        with writing(home.logs):
            log = open_log(home.logs)
        try:
            with log:
                self._process = spawn(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=home.root,
                    env=python_environment(python) | dict(variables or {}),
                )
        except OSError as error:
            raise WorkerEnvironmentBroken(
                f"The worker's Python {python} cannot be started ({error.strerror or error}); "
                "run 'reel2rig setup --repair' or press Repair in the panel."
            ) from error
        self._grace = grace
        self._inbox: queue.Queue[Incoming] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def send(self, message: Message) -> None:
        """Write to the worker; when it is dead, the end of its stdout tells, not this call."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()

    def receive(self, timeout: float = 0.0) -> Incoming:
        """The next thing it said, waiting up to `timeout` seconds; raises `queue.Empty` without one."""
        return self._inbox.get(timeout=timeout) if timeout > 0 else self._inbox.get_nowait()

    def stop(self, *, kill: bool = False) -> None:
        """Terminate or kill it and its children; returns at once."""
        stop_tree(self._process, kill=kill)

    def reap(self) -> None:
        """Wait for its end, terminating and killing it after the grace period each."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        for kill in (False, True):
            try:
                self._process.wait(self._grace)
                return
            except subprocess.TimeoutExpired:
                self.stop(kill=kill)
        self._process.wait()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with stream, suppress(OSError, ValueError):
            try:
                while message := read_message(stream):
                    self._inbox.put(message)
            except WorkerProtocolError as error:
                self._inbox.put(error)
                while stream.read(65536):  # keep the pipe empty until the process is gone
                    pass
        self.reap()
        self._inbox.put(None)
