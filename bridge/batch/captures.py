"""Captures that a batch keeps: what took longest is not done again for another rig, format or clean-up."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import FileCorrupt
from ...core.motion.files.npz import read_clip
from ...core.motion.files.open import open_motion
from ...core.results.job import write_job
from .. import jobs
from ..capture import clip_files, existing_video
from ..client.session import Session
from ..convert import chosen_people
from ..errors import writing
from ..jobs import Job, open_job
from ..protocol import Progress
from .inputs import is_motion, needs_worker
from .keys import capture_key
from .task import ClipTask


@dataclass(frozen=True)
class Captured:
    """A capture that is there. `fresh`: the worker made it now; `seconds`: how long that took."""

    job: Job
    fresh: bool
    seconds: float


def captured(
    task: ClipTask,
    session: Session,
    on_progress: Callable[[Progress], None],
    should_cancel: Callable[[], int],
) -> Captured:
    """The capture of a clip: one that was kept, else a new one, which is kept from now on.

    Raises what capturing or reading a motion file raises, and Cancelled.
    """
    source = existing_video(task.input)
    folder = captures_of(task) / capture_key(task)[:32]
    kept = _kept(folder)
    if kept is not None:
        return Captured(kept, False, 0.0)
    started = time.monotonic()
    if is_motion(source):
        job = _motion_job(task, source, session, should_cancel)
    else:
        session.capture(source, task.settings)
        job = session.finish(on_progress=on_progress, should_cancel=should_cancel)
    try:
        clip_files(job)
        _keep(job.folder, folder)
    finally:
        jobs.remove_job(job.folder)
    return Captured(open_job(folder), not is_motion(source), time.monotonic() - started)


def captures_of(task: ClipTask) -> Path:
    """Where the captures of a clip are kept, one folder each."""
    return Path(task.state) / "captures" / task.id


def forget_captures(task: ClipTask) -> None:
    """Remove what earlier runs kept of a clip."""
    shutil.rmtree(captures_of(task), ignore_errors=True)


def _kept(folder: Path) -> Job | None:
    try:
        job = open_job(folder)
        clip_files(job)
    except FileCorrupt:
        return None
    return job


def _keep(job: Path, folder: Path) -> None:
    """Copy what building needs out of a job folder; it appears under its name whole or not at all."""
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
        try:
            for path in job.iterdir():
                if path.name in ("job.json", "result.json") or path.suffix in (".npz", ".mp4"):
                    shutil.copyfile(path, part / path.name)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _motion_job(task: ClipTask, source: Path, session: Session, should_cancel: Callable[[], int]) -> Job:
    """A job folder around the wanted people of a motion file, as a capture would have left it."""
    body = str(task.settings.get("body", "free"))
    if needs_worker(source) or body != "free":
        session.convert(source, {"fps": None, "body": body})
        job = session.finish(should_cancel=should_cancel)
        body = str(job.result().get("body", "free"))
        clips = tuple(read_clip(path) for path in clip_files(job))
    else:
        clips = open_motion(source)
        job = jobs.create_job(session.home.jobs, "convert", source, {})
    try:
        people = chosen_people(clips, str(task.settings.get("person", "all")), source.name)
        with writing(job.folder):
            write_job(job.folder, people, source, body)
    except BaseException:
        jobs.remove_job(job.folder)
        raise
    return job
