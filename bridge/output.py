"""Where a capture's result goes: every reason to refuse is found before the capture, not after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import DiskFull, OutputFolderMissing, OutputNotWritable, UnknownFormat
from .errors import OutputIsFolder, OutputIsInput, writing

# Written without Blender: motion alone.
MOTION_FORMATS = ("npz", "amass", "smpl", "csv")
FORMATS = ("blend", "glb", "fbx", "bvh", "usdc", "abc", *MOTION_FORMATS)
PER_PERSON = ("bvh", *MOTION_FORMATS)  # these hold one person, so several people give several files
# AMASS files are .npz too: their format has to be named.
SUFFIXES = {"amass": "npz"}
# Bytes that must be free: motion alone is small, a long clip with its mesh is not.
LEAST_FREE = {"bvh": 10_000_000} | dict.fromkeys(MOTION_FORMATS, 5_000_000)
LEAST_FREE_WITH_MESH = 50_000_000


@dataclass(frozen=True)
class OutputPlan:
    """A destination that passed every check. `path` is absolute."""

    path: Path
    format: str

    @property
    def needs_blender(self) -> bool:
        return self.format not in MOTION_FORMATS

    @property
    def suffix(self) -> str:
        """How a writer wants the file's name to end, without the point."""
        return SUFFIXES.get(self.format, self.format)

    def files(self, tracks: Sequence[str]) -> list[Path]:
        """The files to write: `path`, or `OUT_p01` and so on, numbered by track, for several people."""
        if self.format not in PER_PERSON or len(tracks) == 1:
            return [self.path]
        numbers = [f"{int(track):02d}" if track.isdecimal() else track for track in tracks]
        return [self.path.with_name(f"{self.path.stem}_p{number}{self.path.suffix}") for number in numbers]


def plan_output(out: str | Path, format: str | None = None, video: Path | None = None) -> OutputPlan:
    """Check a destination; nothing is left there.

    Args:
        out: the file to write, taken exactly as given.
        format: one of `FORMATS`; None takes it from the suffix.
        video: the input, which must not be overwritten.

    Raises:
        UnknownFormat, OutputFolderMissing, OutputNotWritable, OutputIsFolder, OutputIsInput, DiskFull.
    """
    path = Path(os.path.abspath(Path(out).expanduser()))
    chosen = _format(path, format)
    if path.is_dir():
        raise OutputIsFolder(
            f"{path} is a folder; give a file name such as {path / ('clip.' + SUFFIXES.get(chosen, chosen))}."
        )
    if not path.parent.exists():
        raise OutputFolderMissing(
            f"The folder {path.parent} does not exist; create it or choose another one."
        )
    if not path.parent.is_dir():
        raise OutputFolderMissing(f"{path.parent} is a file, not a folder; choose a folder for the result.")
    if video is not None and path.exists() and video.exists() and path.samefile(video):
        raise OutputIsInput(f"{path} is the video itself; choose another name for the result.")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputNotWritable(f"{path} exists and is read-only; choose another name or make it writable.")
    # Permission bits do not tell (network drives, Windows, read-only mounts): only writing does.
    with writing(path), tempfile.NamedTemporaryFile(dir=path.parent, prefix=".reel2rig-") as probe:
        probe.write(b"\0" * 4096)
        probe.flush()
    free, needed = shutil.disk_usage(path.parent).free, LEAST_FREE.get(chosen, LEAST_FREE_WITH_MESH)
    if free < needed:
        raise DiskFull(
            f"Only {free / 1e6:.0f} MB are free in {path.parent} and the result may need "
            f"{needed / 1e6:.0f} MB; free some space or choose another folder."
        )
    return OutputPlan(path, chosen)


def _format(path: Path, given: str | None) -> str:
    name = (given or path.suffix).lower().lstrip(".")
    if name in FORMATS:
        return name
    known = ", ".join("." + each for each in FORMATS)
    if not name:
        raise UnknownFormat(f"The output {path.name} has no ending; choose one of {known}, or give --format.")
    raise UnknownFormat(f"The output format '.{name}' is unknown; choose one of {known}.")
