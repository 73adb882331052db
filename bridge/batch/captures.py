"""Captures that a batch keeps: what took longest is not done again for another rig, format or clean-up."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import FileCorrupt, InputError
from ...core.motion.clip import MotionClip
from ...core.motion.files.npz import read_clip, write_clip
from .. import jobs
from ..capture import clip_files, existing_video
from ..client.session import Session
from ..errors import writing
from ..files import write_json
from ..jobs import Job, open_job
from ..protocol import Progress
from .inputs import is_motion
from .keys import capture_key
from .task import ClipTask


class PersonMissing(InputError):
    code = "batch.person_missing"


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
    with writing(Path(task.state)):
        folder = captures_of(task) / capture_key(task)[:32]
    kept = _kept(folder)
    if kept is not None:
        return Captured(kept, False, 0.0)
    started = time.monotonic()
    if is_motion(source):
        job = _motion_job(task, source, session.home.jobs)
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


def _motion_job(task: ClipTask, source: Path, folder: Path) -> Job:
    """A job folder around the motions of a file, as a capture would have left it."""
    clips = _chosen((read_clip(source),), str(task.settings.get("person", "all")), source)
    job = jobs.create_job(folder, "capture", source, task.settings)
    with writing(job.folder):
        for clip in clips:
            write_clip(job.folder / f"result-{clip.track}.npz", clip)
        write_json(job.folder / "result.json", _result(clips, source))
    return job


def _chosen(clips: tuple[MotionClip, ...], person: str, source: Path) -> tuple[MotionClip, ...]:
    """The wanted people of a file: all, the one seen longest, or those with the given ids."""
    if person == "all":
        return clips
    if person == "longest":
        return (max(clips, key=lambda clip: int(clip.valid.sum())),)
    by_track = {clip.track: clip for clip in clips}
    wanted = [track.strip() for track in person.split(",")]
    if missing := [track for track in wanted if track not in by_track]:
        raise PersonMissing(
            f"There is no person {missing[0]} in {source.name}; it holds {', '.join(by_track)}."
        )
    return tuple(by_track[track] for track in wanted)


def _result(clips: tuple[MotionClip, ...], source: Path) -> dict[str, Any]:
    camera = next((clip.camera for clip in clips if clip.camera), None)
    width, height = (camera.width, camera.height) if camera else (1920, 1080)
    first = min(int(clip.frames[0]) for clip in clips)
    last = max(int(clip.frames[-1]) for clip in clips)
    rate = clips[0].fps
    video = {
        "path": str(source),
        "width": width,
        "height": height,
        "fps": [rate.numerator, rate.denominator],
        "frame_count": last + 1,
    }
    return {
        "schema": jobs.SCHEMA,
        "video": video,
        "trim": [first, last + 1],
        "clips": [f"result-{clip.track}.npz" for clip in clips],
        "notes": list(dict.fromkeys(note for clip in clips for note in clip.notes)),
        "settings": {},
    }
