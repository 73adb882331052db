"""What results are called: names that no two clips share, whatever folders they come from."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...core.errors import InputError
from ..output import PER_PERSON, SUFFIXES
from .task import ClipTask

PATTERN = "{clip}_{person}"
FIELDS = ("clip", "person")
_LONGEST = 120  # characters of a clip's name: endings, persons and temporary names must fit into 255 bytes
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


class BadName(InputError):
    code = "batch.name_invalid"


def check_pattern(pattern: str) -> str:
    """The pattern, if files can be called by it. Raises BadName."""
    try:
        fields = [field for _, field, spec, way in string.Formatter().parse(pattern) if field is not None]
        plain = not any(spec or way for _, _, spec, way in string.Formatter().parse(pattern))
    except ValueError:
        fields, plain = ["?"], False
    if not plain or not set(fields) <= set(FIELDS):
        raise BadName(
            f"The name '{pattern}' is not understood; use {{clip}} and {{person}}, as in '{PATTERN}'."
        )
    if "clip" not in fields:
        raise BadName(f"The name '{pattern}' is the same for all clips; put {{clip}} into it.")
    if _FORBIDDEN.search(pattern) or pattern.startswith("."):
        raise BadName(f"The name '{pattern}' cannot be a file name; leave out slashes and a leading dot.")
    return pattern


def clip_names(inputs: Sequence[Path], given: Mapping[str, str] | None = None) -> list[str]:
    """A name for each input, unique without regard to case, that can be a file name on every system.

    It is the file's own name without the ending; where two share it, folders are put before it, the nearest
    first, and in the same folder the ending behind it.

    Args:
        given: absolute path -> the name it had in an earlier run of this batch, which it keeps.
    """
    given = given or {}
    names = [given.get(str(path), "") for path in inputs]
    parts = [_choices(path) for path in inputs]
    level = [0] * len(inputs)
    while True:
        wanted = [names[row] or parts[row][level[row]] for row in range(len(inputs))]
        counts = Counter(name.casefold() for name in wanted)
        again = [
            row
            for row, name in enumerate(wanted)
            if not names[row] and counts[name.casefold()] > 1 and level[row] + 1 < len(parts[row])
        ]
        if not again:
            return _numbered(wanted)
        for row in again:
            level[row] += 1


def output_files(task: ClipTask, tracks: Iterable[str]) -> list[tuple[Path, str, tuple[str, ...]]]:
    """Every file of a clip as (path, format, tracks in it), in the order of the formats.

    Args:
        tracks: of the people of the clip.
    """
    everyone = tuple(tracks)
    endings = Counter(SUFFIXES.get(name, name) for name in task.formats)
    files = []
    for name in task.formats:
        ending = SUFFIXES.get(name, name)
        suffix = f"_{name}.{ending}" if endings[ending] > 1 and name != ending else f".{ending}"
        each = "{person}" in task.name or name in PER_PERSON or task.retarget is not None
        if not each:
            files.append((Path(task.folder) / f"{task.name}{suffix}", name, everyone))
        for track in everyone if each else ():
            stem = task.name.replace("{person}", person_name(track))
            if len(everyone) > 1 and "{person}" not in task.name:
                stem = f"{stem}_{person_name(track)}"
            files.append((Path(task.folder) / f"{stem}{suffix}", name, (track,)))
    return files


def unfinished_files(task: ClipTask) -> list[Path]:
    """Files of a clip as `atomic_output` calls them before they are whole: what a kill leaves behind."""
    stem = re.escape(task.name).replace(re.escape("{person}"), r"p\d+")
    endings = "|".join(map(re.escape, task.formats))
    unfinished = re.compile(rf"\.{stem}(_p\d+)?(_({endings}))?\.[0-9a-f]{{8}}\.part(\..+)?")
    return [path for path in Path(task.folder).iterdir() if unfinished.fullmatch(path.name)]


def person_name(track: str) -> str:
    """How files name a person: p01, p02, ..."""
    return f"p{int(track):02d}" if track.isdecimal() else f"p{safe_name(track)}"


def safe_name(text: str) -> str:
    """The text as a file name that every system takes; letters of all scripts stay as they are."""
    text = text.encode("utf-8", "replace").decode("utf-8")  # names on Linux need not be any text
    name = _FORBIDDEN.sub("_", text).strip(" .")[:_LONGEST].rstrip(" .")
    while len(name.encode()) > 2 * _LONGEST - 60:  # a limit of bytes, not of letters
        name = name[:-1]
    return f"{name}_" if not name or _DEVICES.match(name) else name


def _choices(path: Path) -> list[str]:
    """Names for an input, from the shortest to one that says all."""
    stem, folders = path.stem, [part for part in reversed(path.parent.parts) if part != path.anchor]
    before = [safe_name("_".join([*reversed(folders[:depth]), stem])) for depth in range(len(folders) + 1)]
    return [*before[:2], safe_name(f"{stem}_{path.suffix[1:]}"), *before[2:]]


def _numbered(names: list[str]) -> list[str]:
    """What no folder tells apart (it was cut, or differs in forbidden letters) gets a number."""
    seen: Counter[str] = Counter()
    taken = {name.casefold() for name in names}
    result = []
    for name in names:
        seen[name.casefold()] += 1
        number, chosen = seen[name.casefold()], name
        while number > 1 and (chosen := f"{name} {number}").casefold() in taken:
            number += 1
        taken.add(chosen.casefold())
        result.append(chosen)
    return result
