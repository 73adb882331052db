"""Rig maps as JSON files, to be shared."""

from __future__ import annotations

from pathlib import Path

from ..files.atomic import atomic_output
from .rig_map import BadRigMap, RigMap, map_text, parse_map

_MOST_BYTES = 400_000


def read_map(path: str | Path) -> RigMap:
    """A map out of a file. Raises BadRigMap with a sentence that names what is wrong."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRigMap(f"{path} cannot be read; choose a rig map in JSON.") from error
    if len(data) > _MOST_BYTES:
        raise BadRigMap(f"{path} is too large for a rig map; choose another file.")
    return parse_map(text)


def write_map(path: str | Path, rig_map: RigMap) -> None:
    """Write a map so that `read_map` and other computers read it. Raises OutputError."""
    with atomic_output(path) as part:
        part.write_text(map_text(rig_map) + "\n", encoding="utf-8")
