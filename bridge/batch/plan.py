"""From what a user asks of a batch to its tasks; whatever can be refused is refused here, before any work."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.errors import InputError, OutputFolderMissing, UnknownFormat
from ...core.motion.cleanup import settings as cleanup_settings
from ...core.motion.files.rates import parse_rate
from ...core.motion.retarget.options import BadRetarget
from ..errors import OutputIsInput, writing
from ..output import FORMATS, SUFFIXES
from .choices import BatchChoices
from .inputs import find_inputs
from .manifest import STATE_FOLDER
from .naming import check_pattern, clip_names
from .task import ClipTask


class BadOutput(InputError):
    code = "batch.output_is_input"


class RigMissing(InputError):
    code = "batch.rig_missing"


@dataclass(frozen=True)
class Batch:
    """A batch that passed every check.

    Attributes:
        tasks: one for each clip. out: folder of the results, which exists. library: absolute, or None.
    """

    tasks: tuple[ClipTask, ...]
    out: Path
    library: Path | None = None

    @property
    def state(self) -> Path:
        """What the batch keeps for itself."""
        return self.out / STATE_FOLDER


def plan_batch(
    inputs: Sequence[str | Path],
    out: str | Path,
    choices: BatchChoices | None = None,
    names: Callable[[Path], Mapping[str, str]] = lambda state: {},
) -> Batch:
    """Find the clips, check everything, make the output folder, and give each clip its task.

    Args:
        names: asked with the state folder for the names that inputs had in an earlier run.

    Raises:
        Reel2RigError: of many kinds, each with a sentence.
    """
    choices = choices or BatchChoices()
    folder = Path(out).expanduser().absolute()
    check_pattern(choices.name)
    _check_formats(choices.formats)
    # Results must never be taken for inputs, nor written over them.
    if any(Path(each).expanduser().absolute() == folder for each in inputs):
        raise BadOutput(f"{folder} is the folder of the clips; choose another one, such as {folder / 'out'}.")
    clips = find_inputs(inputs, outside=folder)
    _check_apart(clips, folder, choices)
    library = None if choices.library is None else _checked_library(choices.library)
    onto = _onto(choices)
    rate = None if choices.fps is None else parse_rate(choices.fps)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".reel2rig-"):
            pass
    state = folder / STATE_FOLDER
    tasks = [
        ClipTask(
            id=name,
            input=str(clip),
            folder=str(folder),
            name=choices.name.replace("{clip}", name),
            formats=choices.formats,
            # Smoothing belongs to the clean-up, as in the panel, where it can be changed later.
            settings=replace(choices.settings, smoothing=0.0).to_json(),
            cleanup=cleanup_settings.to_json(choices.cleanup),
            state=str(state),
            retarget=onto,
            frame_start=choices.frame_start,
            fps=None if rate is None else f"{rate.numerator}/{rate.denominator}",
            export=dict(choices.export),
            library=library is not None,
        )
        for clip, name in zip(clips, clip_names(clips, names(state)), strict=True)
    ]
    return Batch(tuple(tasks), folder, library)


def _check_formats(formats: Sequence[str]) -> None:
    for name in formats:
        if name not in FORMATS:
            raise UnknownFormat(f"The format '{name}' is unknown; choose one of {', '.join(FORMATS)}.")
    if not formats:
        raise UnknownFormat(f"No format is given; choose one or several of {', '.join(FORMATS)}.")
    if twice := [name for name, count in Counter(formats).items() if count > 1]:
        raise UnknownFormat(f"The format '{twice[0]}' is given twice; give each once.")


def _check_apart(clips: Sequence[Path], folder: Path, choices: BatchChoices) -> None:
    endings = {f".{SUFFIXES.get(name, name)}" for name in choices.formats}
    for clip in clips:
        if clip.parent == folder and clip.suffix.lower() in endings:
            raise BadOutput(f"{clip} lies where the results go; choose another folder for them.")


def _checked_library(library: Path) -> Path:
    path = library.expanduser().absolute()
    if path.suffix.lower() != ".blend":
        raise UnknownFormat(f"The library {path.name} has to be a .blend; give it that ending.")
    if not path.parent.is_dir():
        raise OutputFolderMissing(
            f"The folder {path.parent} does not exist; create it or choose another one."
        )
    return path


def _onto(choices: BatchChoices) -> dict[str, Any] | None:
    """The `retarget` of every task."""
    if choices.rig is None:
        if choices.armature or choices.rig_map:
            raise BadRetarget(
                "A rig's armature or map is named, but no rig; give its .blend with --retarget."
            )
        return None
    rig = choices.rig.expanduser().absolute()
    if not rig.is_file():
        raise RigMissing(f"There is no rig file {rig}; check the path.")
    if choices.library is not None and choices.library.expanduser().absolute() == rig:
        raise OutputIsInput(f"{rig} is the rig itself; choose another file for the library.")
    chart = None if choices.rig_map is None else choices.rig_map.expanduser().absolute()
    if chart is not None and not chart.is_file():
        raise RigMissing(f"There is no rig map {chart}; check the path.")
    return {
        "rig": str(rig),
        "name": choices.armature,
        "map": None if chart is None else str(chart),
        "options": vars(choices.retarget),
    }
