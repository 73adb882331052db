"""One clip of a batch, from its input to its files: what every way to run a batch calls for every clip."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Cancelled, InputError, OutputError, Reel2RigError
from ...core.motion.files.npz import read_clip
from ..capture import clip_files
from ..client.session import Session
from ..errors import writing
from ..protocol import Progress
from .blender import WarmBlender
from .captures import Captured, captured
from .clip_log import ClipLog
from .inputs import stamp
from .keys import input_digest, settings_key
from .naming import output_files, person_name, unfinished_files
from .task import CANCELLED, DONE, FAILED, ClipOutcome, ClipTask


class InputUnreadable(InputError):
    code = "batch.input_unreadable"


@dataclass(frozen=True)
class ClipTools:
    """What clips are made with: kept warm by the caller from clip to clip, and used by one thread.

    Attributes:
        session: the worker. blender: the Blender that builds and exports.
        on_progress: told how far the worker is. should_cancel: 0 to go on, 1 to cancel, 2 to kill.
    """

    session: Session
    blender: WarmBlender
    on_progress: Callable[[Progress], None] = lambda progress: None
    should_cancel: Callable[[], int] = lambda: 0


def run_clip(task: ClipTask, tools: ClipTools) -> ClipOutcome:
    """Capture a clip unless that was kept, build it, clean it up, put it onto the rig and write its files.

    Never raises for what goes wrong with a clip: the outcome tells it, with the code and the sentence.
    """
    started = time.monotonic()
    log = ClipLog(task.log)
    facts: dict[str, Any] = {}
    try:
        with writing(task.log):
            log.begin(task)
        _run(task, tools, log, facts)
        facts["state"] = DONE
    except Cancelled as error:
        facts |= {"state": CANCELLED, "code": error.code, "message": error.message}
        facts["exit_code"] = error.exit_code
    except Reel2RigError as error:
        facts |= {"state": FAILED, "code": error.code, "message": error.message}
        facts["exit_code"] = error.exit_code
    except Exception as error:
        log.say(traceback.format_exc())
        message = f"Something unexpected happened ({type(error).__name__}: {error}); the log is {task.log}."
        facts |= {"state": FAILED, "code": Reel2RigError.code, "message": message, "exit_code": 1}
    if facts["state"] != DONE:
        sweep(task)  # after a Blender that crashed or was stopped
    outcome = ClipOutcome(
        task.id, task.input, seconds=round(time.monotonic() - started, 3), log=str(task.log), **facts
    )
    log.end(outcome)
    return outcome


def _run(task: ClipTask, tools: ClipTools, log: ClipLog, facts: dict[str, Any]) -> None:
    """The steps; `facts` fills up on the way, so that a failure leaves behind what was finished."""
    try:
        facts |= {"stamp": tuple(stamp(task.input)), "digest": input_digest(task), "key": settings_key(task)}
    except OSError as error:
        raise InputUnreadable(
            f"{task.input} cannot be read ({error.strerror or error}); check it."
        ) from error

    sweep(task)  # after a run that was killed, here or on a node that was lost

    def on_progress(progress: Progress) -> None:
        log.progress(progress)
        tools.on_progress(progress)

    capture = captured(task, tools.session, on_progress, tools.should_cancel)
    log.say(_about(capture))
    facts |= {"captured": capture.fresh, "capture_seconds": round(capture.seconds, 3)}
    facts["notes"] = tuple(map(str, capture.job.result().get("notes") or ()))
    tracks = tuple(read_clip(path).track for path in clip_files(capture.job))
    facts["people"] = tracks
    request, files, actions = _request(task, capture, tracks)
    report = tools.blender.run(request, task.log, log.say, tools.should_cancel)
    facts |= {"files": tuple(file for file in files if _is_there(file)), "actions": actions}
    facts["frames"] = tuple(report.get("frames") or ())
    facts["notes"] = tuple(dict.fromkeys([*facts["notes"], *map(str, report.get("notes") or ())]))
    if missing := [file for file in files if file not in facts["files"]]:
        raise OutputError(f"Blender ended well but wrote no {Path(missing[0]).name}; the log is {task.log}.")


def sweep(task: ClipTask) -> None:
    """Remove what was left half-written beside the results."""
    with suppress(OSError):
        for left in unfinished_files(task):
            left.unlink(missing_ok=True)


def _request(
    task: ClipTask, capture: Captured, tracks: tuple[str, ...]
) -> tuple[dict[str, Any], list[str], tuple[dict[str, str], ...]]:
    """What Blender is asked for, the files it will write, and the actions it will keep for the library."""
    outputs = [
        {"path": str(path), "format": name, "tracks": list(group)}
        for path, name, group in output_files(task, tracks)
    ]
    actions = []
    for track in tracks if task.library else ():
        person = person_name(track)
        name = task.name.replace("{person}", person)
        file = Path(task.state) / "actions" / f"{task.id}_{person}.blend"
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        actions.append({"file": str(file), "name": name, "track": track})
    request = {
        "job": str(capture.job.folder),
        "outputs": outputs,
        "actions": actions,
        "cleanup": task.cleanup,
        "fps": task.fps,
        "retarget": task.retarget,
        "export": task.export,
        "options": {} if task.frame_start is None else {"frame_start": task.frame_start},
    }
    return request, [each["path"] for each in outputs], tuple(actions)


def _about(capture: Captured) -> str:
    if capture.fresh:
        return f"Captured in {capture.seconds:.1f} s; kept in {capture.job.folder}"
    return f"The capture was there already: {capture.job.folder}"


def _is_there(file: str) -> bool:
    path = Path(file)
    return path.is_file() and path.stat().st_size > 0
