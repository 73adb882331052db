"""From a motion file of any kind to a file of any other: the one function behind `reel2rig convert`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..core.body.files import convert_smpl_file
from ..core.errors import InputError
from ..core.motion.body import load_body
from ..core.motion.clip import MotionClip
from ..core.motion.files.errors import MotionFileMissing
from ..core.results.job import write_job
from ..core.results.read import read_motion
from . import jobs
from .capture import ShouldCancel, write_outputs
from .errors import writing
from .headless_blender import find_blender
from .home import Home
from .output import plan_output


class UnknownPersonInFile(InputError):
    code = "motion.unknown_person"


@dataclass(frozen=True)
class ConvertOutcome:
    """What a conversion left behind: the files, complete, and sentences for the user."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def convert_file(
    source: str | Path,
    out: str | Path,
    *,
    fps: Fraction | None = None,
    person: str = "all",
    format: str | None = None,
    body: str = "free",
    options: dict[str, Any] | None = None,
    home: Home | None = None,
    say: Callable[[str], None] = lambda line: None,
    should_cancel: ShouldCancel = lambda: 0,
) -> ConvertOutcome:
    """Convert a motion file of any kind that `read_motion` reads into any format in `output.FORMATS`.

    Whatever can be refused is refused first. Results appear whole or not at all; several people give
    `OUT_p01`, ... where a file holds one person.

    Args:
        fps: frames per second instead of those that the file states.
        person: "all", "longest", or ids such as "1,3". body: "free", or the path of an SMPL file.
        options: for Blender: {"frame_start": 1}.

    Raises:
        Reel2RigError: one of many, each with a code and a sentence.
    """
    home, path = home or Home.find(), Path(source).expanduser().absolute()
    if not path.exists():
        raise MotionFileMissing(f"There is no motion file {path}: check the path.")
    plan = plan_output(out, format, path)
    blender = find_blender() if plan.needs_blender else None
    with writing(home.logs):
        home.logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        job = jobs.create_job(home.jobs, "convert", path, {})
        stack.callback(jobs.remove_job, job.folder)
        npz = None if body == "free" else convert_smpl_file(body, job.folder)
        say(f"Reading {path.name}")
        clips = chosen_people(read_motion(path, fps, body=npz and load_body(npz)), person, path.name)
        write_job(job.folder, clips, path, str(npz or "free"))
        say(f"Writing {plan.path.name}")
        files, _ = write_outputs(plan, job, blender, options or {}, home, should_cancel)
    return ConvertOutcome(tuple(files), tuple(dict.fromkeys(note for clip in clips for note in clip.notes)))


def chosen_people(clips: Sequence[MotionClip], person: str, name: str) -> tuple[MotionClip, ...]:
    """The clips that "all", "longest" or ids such as "1,3" name. Raises UnknownPersonInFile."""
    if person == "all":
        return tuple(clips)
    if person == "longest":
        return (max(clips, key=lambda clip: int(clip.valid.sum())),)
    known = {clip.track: clip for clip in clips}
    wanted = list(dict.fromkeys(track.strip() for track in person.split(",")))
    if missing := [track for track in wanted if track not in known]:
        raise UnknownPersonInFile(
            f"There is no person {', '.join(missing)} in {name}; there are {', '.join(known)}."
        )
    return tuple(known[track] for track in wanted)
