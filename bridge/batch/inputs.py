"""Which clips a batch is about: files, folders and patterns, in an order that people expect."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import InputError

VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".wmv"}
VIDEOS |= {".flv", ".3gp", ".mxf", ".ogv"}
_PICKLED = {".pkl", ".pt", ".npy"}
MOTIONS = {".npz", ".smpl", ".bvh"} | _PICKLED
_FOUND_IN_FOLDERS = VIDEOS | MOTIONS - _PICKLED  # those are anything, and seldom motion


class InputMissing(InputError):
    code = "batch.input_missing"


class NothingToDo(InputError):
    code = "batch.nothing_to_do"


def find_inputs(given: Sequence[str | Path], outside: Path | None = None) -> list[Path]:
    """The clips meant by files, folders (with all below them) and patterns such as ``takes/**/*.mov``.

    Args:
        outside: a folder whose files are results, never inputs, unless they are named one by one.

    Returns:
        Absolute paths, each once; what a folder or pattern gives is in natural order (take2 before take10).

    Raises:
        InputMissing: a file is not there, or a pattern fits none. NothingToDo: a folder holds no clip.
    """
    found: dict[Path, None] = {}
    for each in given:
        path = Path(os.path.abspath(Path(each).expanduser()))
        if path.is_dir():
            files = _in_folder(path, outside)
            if not files:
                raise NothingToDo(f"There is no video and no motion file in {path}; choose another folder.")
        elif path.exists():
            files = [path]
        elif glob.has_magic(str(each)):
            fitting = glob.iglob(str(path), recursive=True)
            files = _natural(Path(name) for name in fitting if _is_clip(Path(name), outside))
            if not files:
                raise InputMissing(f"No video or motion file fits '{each}'; check the pattern.")
        else:
            raise InputMissing(f"There is no file or folder {path}; check the path.")
        found.update(dict.fromkeys(files))
    if not found:
        raise NothingToDo("Nothing was given to do; name videos, folders of videos or patterns.")
    return list(found)


def is_motion(path: str | Path) -> bool:
    """Whether a file holds motion already, so that there is nothing to capture."""
    return Path(path).suffix.lower() in MOTIONS


def needs_worker(path: str | Path) -> bool:
    """Whether a file can be read with the worker's packages only: videos, and what holds pickled data."""
    return not is_motion(path) or Path(path).suffix.lower() in _PICKLED


def stamp(path: str | Path) -> list[int]:
    """Size and time of change, by which an unchanged file is known without reading it. Raises OSError."""
    facts = Path(path).stat()
    return [facts.st_size, facts.st_mtime_ns]


def digest(path: str | Path) -> str:
    """SHA-256 of a file's content. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_folder(folder: Path, outside: Path | None) -> list[Path]:
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [path for name in names if _is_clip(path := Path(place, name), outside)]
    return _natural(files)


def _is_clip(path: Path, outside: Path | None) -> bool:
    hidden = path.name.startswith(".")  # macOS leaves such files beside every file on foreign disks
    inside = outside is not None and path.is_relative_to(outside)
    return not hidden and not inside and path.suffix.lower() in _FOUND_IN_FOLDERS and path.is_file()


def _natural(paths: Iterable[Path]) -> list[Path]:
    def key(path: Path) -> list[list[Any]]:
        return [
            [(int(piece), "") if piece.isdecimal() else (-1, piece.casefold()) for piece in
             re.split(r"(\d+)", part)]
            for part in path.parts
        ]  # fmt: skip

    return sorted(paths, key=key)
