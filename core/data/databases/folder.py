"""The project's own form of a database: a folder with ``index.json`` and one memory-mapped .npy per key
(method section 7.2).
"""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from .database import Database, Rows, Track
from .errors import DatabaseCorrupt, DatabaseUnknown, MissingKey, RaggedArrays
from .joint_sets import JOINT_SETS
from .keys import KEYS, check_form

INDEX = "index.json"
SCHEMA = 1


def read_folder(folder: Path) -> Database:
    """Opens a database folder; its arrays stay on disk.

    Raises DatabaseUnknown, DatabaseCorrupt, MissingKey, RaggedArrays, BadShape.
    """
    index = _read_index(folder)
    try:
        tracks = tuple(
            Track(str(name), int(start), int(length), str(source), str(gender))
            for name, start, length, source, gender in index["tracks"]
        )
        keys = [key for key in KEYS if key in index["keys"]]
        database = Database(
            name=str(index["name"]),
            path=folder,
            tracks=tracks,
            joint_set=str(index["joint_set"]),
            crop_scale=float(index["crop_scale"]),
            fps=None if index["fps"] is None else float(index["fps"]),
            has_3d=bool(index["has_3d"]),
            has_smpl=bool(index["has_smpl"]),
            arrays={key: _map(folder / f"{key}.npy") for key in keys},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatabaseCorrupt(
            f"{folder / INDEX} does not hold what a database's index must ({error!r}): prepare it again."
        ) from error
    ends = [0, *(track.stop for track in tracks)]
    if [track.start for track in tracks] != ends[:-1] or database.joint_set not in JOINT_SETS:
        raise DatabaseCorrupt(
            f"{folder / INDEX}: its tracks do not follow each other, or joint_set is none of "
            f"{', '.join(JOINT_SETS)}: prepare the database again."
        )
    for key, array in database.arrays.items():
        check_form(folder / f"{key}.npy", key, array.shape, array.dtype, len(database))
    return database


def index_of(database: Database) -> dict[str, Any]:
    """What stands in ``index.json``."""
    sets_3d = {len(places): name for name, places in JOINT_SETS.items()}
    joints_3d = database.array("joints3D")
    return {
        "schema": SCHEMA,
        "name": database.name,
        "joint_set": database.joint_set,
        "joint_set_3d": None if joints_3d is None else sets_3d[joints_3d.shape[1]],
        "crop_scale": database.crop_scale,
        "fps": database.fps,
        "has_3d": database.has_3d,
        "has_smpl": database.has_smpl,
        "keys": {key: [str(array.dtype), *array.shape] for key, array in database.arrays.items()},
        "tracks": [astuple(track) for track in database.tracks],
    }


def _read_index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    if not path.is_file():
        raise DatabaseUnknown(f"{folder} is no database: expected {INDEX} in it.")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DatabaseCorrupt(
            f"{path} is not readable JSON ({error}): prepare the database again."
        ) from error
    if not isinstance(index, dict) or index.get("schema") != SCHEMA:
        found = index.get("schema") if isinstance(index, dict) else None
        raise DatabaseUnknown(
            f"{path} has schema {found}, this version reads {SCHEMA}: prepare the database with this version."
        )
    return index


def _map(path: Path) -> Rows:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise MissingKey(
            f"{path} is missing although the database's index names the key {path.stem}: prepare it again."
        ) from None
    except ValueError as error:
        if "Object arrays" in str(error) or "Python objects" in str(error):
            raise RaggedArrays(f"{path}: holds objects; expected one array of numbers.") from error
        raise DatabaseCorrupt(
            f"{path} is cut off or damaged ({error}): prepare the database again."
        ) from error
    except (OSError, EOFError) as error:
        raise DatabaseCorrupt(f"{path} cannot be read ({error}): prepare the database again.") from error
