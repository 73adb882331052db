"""What is done of a batch, kept so that a kill, a crash or a power cut loses at most the clip in hand.

One file of JSON lines, appended to and flushed to the disk after every clip; a line that was cut off is left
out when it is read. Batches that share an output folder (shards of one) write a file each and read all.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ..errors import writing
from ..files import read_json, write_json
from ..processes import pid_alive
from .inputs import stamp
from .keys import input_digest, settings_key
from .task import BadRecord, ClipOutcome, ClipTask

SCHEMA = 1
STATE_FOLDER = "reel2rig-batch"


class BatchBusy(InputError):
    code = "batch.busy"


class Manifest:
    """The finished clips of an output folder.

    Args:
        folder: `STATE_FOLDER` of the batch; made when it is missing.
        part: this process's own file, such as "" or "2of5".
    """

    def __init__(self, folder: Path, part: str = "") -> None:
        self._folder = folder
        self._file = folder / (f"manifest-{part}.jsonl" if part else "manifest.jsonl")
        self._done: dict[str, ClipOutcome] = {}

    def read(self) -> None:
        """Take in what all earlier and parallel runs have finished. Raises OutputError."""
        for path in sorted(self._folder.glob("manifest*.jsonl")):
            with writing(path):
                text = path.read_text(encoding="utf-8", errors="replace")
            for outcome in _outcomes(text):
                self._done[outcome.id] = outcome

    def begin(self, *, afresh: bool) -> None:
        """Make the file; `afresh` forgets what is in it. Raises OutputError and its kinds."""
        with writing(self._file):
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._file.open("w" if afresh else "a", encoding="utf-8") as file:
                # After a line that was cut off, the next one must begin anew.
                file.write(f"\n{json.dumps({'schema': SCHEMA})}\n")

    def add(self, outcome: ClipOutcome) -> None:
        """Write down how a clip ended; it is on the disk when this returns. Raises OutputError."""
        self._done[outcome.id] = outcome
        with writing(self._file), self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome.to_json()) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def names(self) -> dict[str, str]:
        """Input -> the id that it had; inputs keep theirs from run to run."""
        return {outcome.input: outcome.id for outcome in self._done.values()}

    def finished(self, task: ClipTask) -> ClipOutcome | None:
        """The outcome of just this work, when it is done and all that it made is still there."""
        outcome = self._done.get(task.id)
        if outcome is None or not outcome.ok or outcome.key != settings_key(task):
            return None
        made = [*outcome.files, *(action["file"] for action in outcome.actions)]
        if not all(Path(file).is_file() for file in made):
            return None
        try:
            same = tuple(stamp(task.input)) == outcome.stamp or input_digest(task) == outcome.digest
        except OSError:
            return None
        return outcome if same else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from running the same part of the same batch.

        Raises BatchBusy when one does, OutputError when the folder cannot be written.
        """
        lock = self._file.with_suffix(".lock")
        with writing(lock):
            self._folder.mkdir(parents=True, exist_ok=True)
        owner = read_json(lock) or {}
        if owner.get("host") == socket.gethostname() and _runs(owner.get("pid")):
            raise BatchBusy(
                f"Another batch (process {owner['pid']}) is writing to {self._folder.parent}; wait for it, "
                "or choose another folder."
            )
        with writing(lock):
            write_json(lock, {"host": socket.gethostname(), "pid": os.getpid()})
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _outcomes(text: str) -> Iterator[ClipOutcome]:
    for line in text.splitlines():
        try:
            data: Any = json.loads(line)
            if isinstance(data, dict) and "id" in data:
                yield ClipOutcome.from_json(data)
        except (ValueError, RecursionError, BadRecord):
            continue  # cut off by a kill, or of another version: that clip is done again


def _runs(pid: object) -> bool:
    return isinstance(pid, int) and pid != os.getpid() and pid_alive(pid)
