"""From a video to a file: the one function behind the command line, the demo and the Python API."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import FileCorrupt, Reel2RigError
from ..core.motion.clip import MotionClip
from ..core.motion.files.atomic import atomic_output
from ..core.motion.files.npz import read_clip
from ..core.motion.files.save import save_motion
from ..core.people.model_files import landmark_model_path
from ..core.pipeline.settings import CaptureSettings
from ..core.video.errors import VideoNotFound
from . import jobs
from .client.environment import Environment, find_environment
from .client.session import Session
from .errors import BlenderFailed, from_wire
from .headless_blender import BlenderProgram, find_blender, run_blender
from .home import Home
from .jobs import Job
from .output import OutputPlan, plan_output
from .protocol import Progress

OnProgress = Callable[[Progress], None]
ShouldCancel = Callable[[], int]
Prepare = Callable[[Home, CaptureSettings], Environment]


@dataclass(frozen=True)
class CaptureOutcome:
    """What a capture left behind.

    Attributes:
        files: the results, complete.
        notes: what the user should know (a moving camera, an unknown focal length, ...).
        result: the job's `result.json`.
        job: the job folder, when it was to be kept.
        report: what Blender reported, when it was needed.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...]
    result: dict[str, Any]
    job: Path | None
    report: dict[str, Any]


def run_capture(
    video: str | Path,
    out: str | Path,
    settings: CaptureSettings | None = None,
    *,
    format: str | None = None,
    options: dict[str, Any] | None = None,
    home: Home | None = None,
    session: Session | None = None,
    prepare: Prepare | None = None,
    on_progress: OnProgress = lambda progress: None,
    should_cancel: ShouldCancel = lambda: 0,
    keep_job: bool = False,
) -> CaptureOutcome:
    """Capture a video into a file of any format in `output.FORMATS`.

    Whatever can be refused is refused before the work begins. Results appear whole or not at all.

    Args:
        out: the file; several people give `OUT_p01`, ... where a file holds one person.
        format: overrides the ending of `out`.
        options: for Blender: {"frame_start": 1, "render": [...]}.
        session: a worker to use and leave running; None starts one and ends it.
        prepare: gives the environment once the output has passed; None is `ready_environment`, the command
            line's installs what is missing.
        should_cancel: asked all along; 1 cancels, 2 kills.
        keep_job: leave the job folder (stages, thumbnails, motion per person) and name it in the outcome.

    Raises:
        Reel2RigError: one of many, each with a code and a sentence.
    """
    home, settings = home or Home.find(), settings or CaptureSettings()
    source = existing_video(video)
    plan = plan_output(out, format, source)
    blender = find_blender(find_environment(home).python) if plan.needs_blender else None
    with ExitStack() as stack:
        worker = session or _start_worker(home, settings, prepare, stack)
        worker.capture(source, settings.to_json())
        job = worker.finish(on_progress=on_progress, should_cancel=should_cancel)
        if not keep_job:
            stack.callback(jobs.remove_job, job.folder)
        if last := worker.progress:
            on_progress(replace(last, stage="writing", done=0, total=1, fraction=1.0, eta=-1.0))
        files, report = write_outputs(plan, job, blender, options or {}, home, should_cancel)
        result = job.result()
    notes = tuple(map(str, result.get("notes") or ()))
    return CaptureOutcome(tuple(files), notes, result, job.folder if keep_job else None, report)


def scan_people(
    video: str | Path,
    settings: CaptureSettings | None = None,
    *,
    home: Home | None = None,
    prepare: Prepare | None = None,
    on_progress: OnProgress = lambda progress: None,
    should_cancel: ShouldCancel = lambda: 0,
) -> Job:
    """Find the people of a video and return the job, whose `people()` lists them and whose folder holds a
    thumbnail of each; the caller removes it with `jobs.remove_job`.

    Raises:
        Reel2RigError: as `run_capture`.
    """
    home, settings = home or Home.find(), settings or CaptureSettings()
    source = existing_video(video)
    with ExitStack() as stack:
        worker = _start_worker(home, settings, prepare, stack)
        worker.scan(source, settings.to_json())
        return worker.finish(on_progress=on_progress, should_cancel=should_cancel)


def capture_clips(
    video: str | Path,
    settings: CaptureSettings | None = None,
    *,
    home: Home | None = None,
    session: Session | None = None,
    on_progress: OnProgress = lambda progress: None,
    should_cancel: ShouldCancel = lambda: 0,
) -> tuple[MotionClip, ...]:
    """Capture a video and return one clip per person, in the "world_yup" space; writes no file of the user's.

    Raises:
        Reel2RigError: as `run_capture`.
    """
    with tempfile.TemporaryDirectory(prefix="reel2rig-") as folder:
        outcome = run_capture(
            video,
            Path(folder) / "motion.npz",
            settings,
            home=home,
            session=session,
            on_progress=on_progress,
            should_cancel=should_cancel,
        )
        return tuple(map(read_clip, outcome.files))


def existing_video(video: str | Path) -> Path:
    """The absolute path of the input. Raises `VideoNotFound` before anything is started."""
    path = Path(video).expanduser().absolute()
    if path.is_dir():
        raise VideoNotFound(f"{path} is a folder; give a video file.")
    if not path.exists():
        raise VideoNotFound(f"There is no video {path}; check the path.")
    return path


def ready_environment(home: Home, settings: CaptureSettings) -> Environment:
    """The environment a worker will run in, with the landmark model it will need.

    Raises:
        WorkerEnvironmentMissing, WorkerEnvironmentBroken, people.model_missing and its kin.
    """
    environment = find_environment(home)
    environment.require()
    landmark_model_path(home.models, settings.landmark_model)
    return environment


def _start_worker(
    home: Home, settings: CaptureSettings, prepare: Prepare | None, stack: ExitStack
) -> Session:
    environment = (prepare or ready_environment)(home, settings)
    return stack.enter_context(Session(environment.python, home))


def clip_files(job: Job) -> list[Path]:
    """The motion files of a finished job, one per person.

    Raises:
        FileCorrupt: the result names none, or one that is not there.
    """
    files = [job.folder / str(name) for name in job.result().get("clips") or ()]
    if not files or not all(file.is_file() for file in files):
        raise FileCorrupt(f"The job in {job.folder} lacks its motion files; run the capture again.")
    return files


def write_outputs(
    plan: OutputPlan,
    job: Job,
    blender: BlenderProgram | None,
    options: dict[str, Any],
    home: Home,
    should_cancel: ShouldCancel,
) -> tuple[list[Path], dict[str, Any]]:
    """Write a finished job as the planned files: all under temporary names first, so that all appear or none.

    Returns:
        The files, and what Blender reported about the last of them (empty when it was not needed).
    """
    clips = clip_files(job)
    tracks = [read_clip(clip).track for clip in clips]
    targets = plan.files(tracks)
    report: dict[str, Any] = {}
    with ExitStack() as stack:
        temporaries = [stack.enter_context(atomic_output(target)) for target in targets]
        if not plan.needs_blender or blender is None:
            for clip, temporary in zip(clips, temporaries, strict=True):
                _write_motion(clip, temporary, plan.format)
            return targets, report
        request = {"job": str(job.folder), "format": plan.format, "options": options}
        for track, temporary in zip(tracks, temporaries, strict=False):
            # Exporters insist on their own ending, whatever the user's file is called.
            written = temporary.with_name(f"{temporary.name}.{plan.suffix}")
            stack.callback(written.unlink, missing_ok=True)
            request["output"] = str(written)
            if len(targets) > 1:
                request["options"] = options | {"tracks": [track]}
            try:
                report = run_blender(blender, request, job.folder, home.logs / "blender.log", should_cancel)
            except Reel2RigError as error:
                # Blender knows only the temporary name; the user knows only the other one.
                message = error.message.replace(written.name, plan.path.name)
                raise from_wire(error.code, message, error.exit_code) from error
            if not written.is_file() or written.stat().st_size == 0:
                raise BlenderFailed(
                    f"Blender ended well but wrote no {plan.path.name}; try again, or use .npz."
                )
            written.replace(temporary)
    return targets, report


def _write_motion(clip: Path, out: Path, format: str) -> None:
    """A captured motion file as one of another kind that needs no Blender."""
    if format == "npz":
        shutil.copyfile(clip, out)
    else:
        save_motion(out, read_clip(clip), format)
