"""The worker's log file: its stderr, turned over before it grows without end."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import IO

LIMIT = 1_000_000  # bytes after which a new worker starts a new file
KEPT = 3  # worker.log, worker.1.log, worker.2.log


def open_log(folder: Path, name: str = "worker") -> IO[bytes]:
    """Open `<folder>/<name>.log` for appending; when it is full, older files move up by one.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / f"{name}.log"
    if current.exists() and current.stat().st_size > LIMIT:
        files = [current, *(folder / f"{name}.{number}.log" for number in range(1, KEPT))]
        with suppress(OSError):  # Windows refuses while another worker writes; then the file grows on
            for older, newer in zip(reversed(files[1:]), reversed(files[:-1]), strict=True):
                if newer.exists():
                    newer.replace(older)
    return current.open("ab")
