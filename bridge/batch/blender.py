"""A Blender without a window that stays open from request to request.

It reads the paths of request files from its stdin, one a line, and answers each with a line that begins
with `MARK`; all else that it prints goes to the log of the clip. It ends when its stdin does, so that none
outlives the batch.
"""

from __future__ import annotations

import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...core.errors import Cancelled
from ..errors import BlenderFailed, exit_sentence
from ..files import read_json, write_json
from ..headless_blender import SERVE, BlenderProgram, report_error
from ..processes import pump, python_environment, spawn, stop_tree

MARK = "reel2rig:done"
CLIPS = 25  # requests after which a fresh Blender is started: what it leaks then goes with it
SILENT_SECONDS = 1800.0  # one request may take so long; longer means that it hangs
_GRACE = 3.0

Say = Callable[[str], None]


class WarmBlender:
    """One Blender process, started with the first request and again after `clips` of them or a crash.

    Args:
        clips: see `CLIPS`. seconds: see `SILENT_SECONDS`. variables: of the environment, for this one alone.

    Attributes:
        started: how often a process was started.
    """

    def __init__(
        self,
        program: BlenderProgram,
        clips: int = CLIPS,
        seconds: float = SILENT_SECONDS,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.program = program
        self._variables = dict(variables or {})
        self.started = 0
        self._clips, self._seconds = clips, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._served = 0
        self._code = 0

    @property
    def pid(self) -> int | None:
        """The process id, or None while there is no process."""
        return self._process.pid if self._process else None

    def run(
        self,
        request: dict[str, Any],
        log: Path,
        say: Say = lambda line: None,
        should_cancel: Callable[[], int] = lambda: 0,
    ) -> dict[str, Any]:
        """Have one request of `blender_addon.headless` done and return its report.

        A crash may come from what earlier requests left behind: then it is tried once more in a fresh one.

        Args:
            log: the clip's, to be named in errors. say: takes each line that Blender prints.

        Raises:
            BlenderFailed or the error that the report names; Cancelled, when no process is left.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="reel2rig-") as folder:
                file = Path(folder) / "blender.request.json"
                write_json(file, request)
                used = self._served > 0
                report = self._ask(file, say, should_cancel)
                if report is None and used:
                    say("Blender ended in mid-clip; trying once more in a fresh one.")
                    report = self._ask(file, say, should_cancel)
        except BaseException:
            self.close(kill=True)
            raise
        if report is None:
            raise BlenderFailed(f"Blender {exit_sentence(self._code)} in mid-clip; the log is {log}.")
        if error := report_error(report, log):
            raise error
        return report

    def close(self, *, kill: bool = False) -> None:
        """End the process: it is told, then terminated, then killed."""
        if self._process is None:
            return
        process, self._process = self._process, None
        self._served = 0
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()
        for rude in (kill, True):
            if rude:
                stop_tree(process, kill=True)
            with suppress(subprocess.TimeoutExpired):
                self._code = process.wait(_GRACE)
                return
        self._code = process.wait()

    def __enter__(self) -> WarmBlender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, file: Path, say: Say, should_cancel: Callable[[], int]) -> dict[str, Any] | None:
        """The report on a request, or None when the process ended over it."""
        if self._served >= self._clips:
            self.close()
        process = self._process or self._start()
        self._served += 1
        assert process.stdin is not None
        with suppress(OSError):  # of its death the end of its stdout tells
            process.stdin.write(f"{file}\n".encode())
            process.stdin.flush()
        limit = time.monotonic() + self._seconds
        while True:
            if should_cancel():
                raise Cancelled("Cancelled; Blender was stopped.")
            if time.monotonic() > limit:
                raise BlenderFailed(
                    f"Blender did not end within {self._seconds / 60:.0f} minutes and was stopped; "
                    "check this clip and its rig alone."
                )
            with suppress(queue.Empty):
                line = self._lines.get(timeout=0.2)
                if line is None:
                    self.close()
                    return None
                if line.startswith(MARK):
                    return read_json(file.with_name(f"{file.stem}.report.json"))
                if line:
                    say(line)

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            process = spawn(
                self.program.command(SERVE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=python_environment(self.program.path) | self._variables,
            )
        except OSError as error:
            raise BlenderFailed(
                f"{self.program.path} cannot be started ({error.strerror or error})."
            ) from error
        self._process, self._served, self._lines = process, 0, queue.Queue()
        self.started += 1
        threading.Thread(target=pump, args=(process, self._lines), daemon=True).start()
        return process
