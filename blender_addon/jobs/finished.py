"""Captures that are finished and in no scene yet: job folders with a result and without a mark.

They outlive this Blender: what another session left is found in the home folder, until
`bridge.jobs.clean_jobs` takes it away as old.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ...bridge.files import read_json, write_json
from ...bridge.home import Home
from ...bridge.processes import pid_alive

RESULT = "result.json"
ASKED = "asked.json"  # what the panel wants to know of the capture when its result is imported
IMPORTED = "imported.json"  # the mark: this capture is in a scene


@dataclass(frozen=True)
class Finished:
    """One finished capture. `people`: how many were captured; `when`: seconds since the epoch."""

    folder: Path
    video: str
    people: int
    when: float

    @property
    def date(self) -> str:
        """The day and the time of day; the year goes without saying, old ones are cleaned away."""
        day = time.localtime(self.when)
        today = day[:3] == time.localtime()[:3]
        return time.strftime("Today %H:%M" if today else "%d %b %H:%M", day)


def read_finished(folder: Path) -> Finished | None:
    """The capture in a job folder; None when there is none that waits for this Blender."""
    result = folder / RESULT
    if not result.is_file() or is_imported(folder):
        return None
    owner = (read_json(folder / "owner.json") or {}).get("pid")
    if isinstance(owner, int) and owner != os.getpid() and pid_alive(owner):
        return None  # another program has just made it and is about to use it
    data = read_json(result)
    if data is None:
        return None
    path = str((data.get("video") or {}).get("path") or folder.name)
    clips = data.get("clips")
    people = len(clips) if isinstance(clips, list) else 0
    return Finished(folder, Path(path).name, people, result.stat().st_mtime)


def is_imported(folder: Path) -> bool:
    """Whether the mark says that a capture is in a scene."""
    return (folder / IMPORTED).exists()


def mark_imported(folder: Path, there: bool = True) -> None:
    """Write or take away the mark that a capture is in a scene; a folder that is no job is left alone."""
    mark = folder / IMPORTED
    if not there:
        mark.unlink(missing_ok=True)
    elif (folder / "job.json").is_file():
        write_json(mark, {"time": time.time()})


def smoothing_of(folder: Path) -> float | None:
    """The smoothing asked for when the capture began; None for one that the panel did not begin."""
    value = (read_json(folder / ASKED) or {}).get("smoothing")
    return float(value) if isinstance(value, int | float) else None


def read_all(home: Home) -> tuple[Finished, ...]:
    """The finished captures in a home folder that wait for this Blender, newest first."""
    entries = []
    for folder in home.jobs.iterdir() if home.jobs.is_dir() else ():
        try:
            entries.append(read_finished(folder))
        except OSError:
            continue  # another process is just removing it
    return tuple(sorted((entry for entry in entries if entry), key=lambda entry: -entry.when))
