"""The job folder: where one capture leaves its files, private to the user, and how it is tidied away.

    jobs/<id>/           mode 0700
        job.json         schema, kind, video, settings: written once by the client
        owner.json       the process that still needs the folder
        stages/          the worker's cache
        scan.json        written last by a scan;    person-<track>.png beside it
        result.json      written last by a capture; result-<track>.npz, proxy.mp4 beside it

Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import FileCorrupt
from .errors import writing
from .files import read_json, write_json
from .processes import pid_alive
from .version import VERSION

SCHEMA = 1
KEEP_DAYS = 7.0


@dataclass(frozen=True)
class Job:
    """One job and its folder. `kind` is "capture", "scan" or "convert"."""

    id: str
    kind: str
    folder: Path
    video: str
    settings: dict[str, Any]

    def result(self) -> dict[str, Any]:
        """The worker's `result.json`.

        Raises:
            FileCorrupt: the file is missing or is not of this schema.
        """
        return self._read("result.json")

    def people(self) -> dict[str, Any]:
        """The worker's `scan.json`: the video and every person found. Raises as `result`."""
        return self._read("scan.json")

    def _read(self, name: str) -> dict[str, Any]:
        data = read_json(self.folder / name)
        if data is None or data.get("schema") != SCHEMA:
            raise FileCorrupt(f"{self.folder / name} cannot be read; run the job again.")
        return data


def create_job(
    jobs: Path, kind: str, video: str | Path, settings: dict[str, Any], after: Job | None = None
) -> Job:
    """Make a new private job folder below `jobs`, owned by this process.

    Args:
        after: an earlier job whose finished stages the new one takes along.

    Raises:
        OutputError: the folder cannot be made.
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(video).stem).strip("-")[:40] or "video"
    identity = f"{time.strftime('%Y%m%d-%H%M%S')}-{stem}-{uuid.uuid4().hex[:6]}"
    job = Job(identity, kind, jobs / identity, os.fspath(video), dict(settings))
    with writing(job.folder):
        jobs.mkdir(parents=True, exist_ok=True)
        job.folder.mkdir(mode=0o700)
        (job.folder / "stages").mkdir(mode=0o700)
        description = {"schema": SCHEMA, "version": VERSION, "kind": kind, "video": job.video}
        write_json(job.folder / "job.json", {**description, "settings": job.settings})
        write_json(job.folder / "owner.json", {"pid": os.getpid()})
        if after:
            _take_stages(after.folder / "stages", job.folder / "stages")
    return job


def _take_stages(source: Path, target: Path) -> None:
    # Stages are never changed once written, so two jobs may share one file where the disk can do that.
    for stage in source.glob("*.npz"):
        try:
            os.link(stage, target / stage.name)
        except OSError:
            shutil.copyfile(stage, target / stage.name)


def open_job(folder: Path) -> Job:
    """The job that lies in a folder.

    Raises:
        FileCorrupt: it is no job folder, or one of another schema.
    """
    data = read_json(folder / "job.json")
    if data is None or data.get("schema") != SCHEMA:
        raise FileCorrupt(f"{folder} is not a Reel2Rig job folder; capture the video again.")
    return Job(folder.name, str(data.get("kind")), folder, str(data.get("video")), data.get("settings") or {})


def remove_job(folder: Path) -> None:
    """Remove a job folder and all in it. A folder that is no job folder is left alone."""
    if (folder / "job.json").is_file() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def clean_jobs(jobs: Path, days: float = KEEP_DAYS) -> list[Path]:
    """Remove the job folders older than `days` whose owner no longer runs; returns the removed ones."""
    removed = []
    for folder in sorted(jobs.iterdir()) if jobs.is_dir() else []:
        try:
            age = time.time() - (folder / "job.json").stat().st_mtime
        except OSError:
            continue  # not a job, or another process is just removing it
        owner = (read_json(folder / "owner.json") or {}).get("pid")
        if age > days * 86400 and not (isinstance(owner, int) and pid_alive(owner)):
            remove_job(folder)
            removed.append(folder)
    return removed
