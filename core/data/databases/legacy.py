"""The databases that TCMR, VIBE and their heirs published: joblib dumps and one HDF5 file (method section
7.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .database import Database, Rows, Track
from .errors import BadShape, MissingKey, RaggedArrays
from .joblib_dump import read_dump
from .joint_sets import joint_set_of
from .keys import KEYS, check_form

LEGACY_SCALE = 1.2
"""Crop scale of the keypoints in the published training, whatever the features were made with (method
section 3, ``compat.kp_scale``): the features of 3DPW and PoseTrack saw crops of 1.3.
"""

_NEEDED = ("vid_name", "features", "joints2D")
_AT_ONCE = 1 << 16  # rows of names compared at a time
_PROBES = 512  # rows looked at to tell truths from placeholders


def read_joblib(path: Path) -> Database:
    """Opens a joblib dump. Where it is not compressed its arrays stay on disk.

    Raises UnsafeFile, DatabaseUnknown, DatabaseCorrupt, MissingKey, RaggedArrays, BadShape.
    """
    found = read_dump(path)
    return assemble(
        path, {key: _as_rows(path, key, found[key]) for key in ("vid_name", *KEYS) if key in found}
    )


def assemble(path: Path, found: Mapping[str, Rows]) -> Database:
    """A database from the arrays of a published file, checked for what must be there and in which form.

    Tracks are the stretches of equal ``vid_name``. The joint set follows from the number of keypoints. Pose,
    shape and joints3D that are zero throughout stand for unknown ones.

    Raises MissingKey, RaggedArrays, BadShape.
    """
    for key in _NEEDED:
        if key not in found:
            raise MissingKey(
                f"{path}: {key} is missing (it has {', '.join(found) or 'none of the known keys'}); expected "
                f"a database with {', '.join(_NEEDED)}."
            )
    names = found["vid_name"]
    if names.dtype.kind not in "US" or len(names.shape) != 1:
        raise BadShape(
            f"{path}: vid_name is {names.dtype} of shape {names.shape}; expected one text per frame."
        )
    if len(names) == 0:
        raise RaggedArrays(f"{path}: vid_name has no rows; expected one text per frame.")
    arrays = {
        key: _flat(rows) if KEYS[key].kind == "flag" else rows for key, rows in found.items() if key in KEYS
    }
    for key, rows in arrays.items():
        check_form(path, key, rows.shape, rows.dtype, len(names))
    joint_set = joint_set_of(arrays["joints2D"].shape[1])
    assert joint_set is not None  # checked by check_form
    if joint_set != "insta25" and "bbox" not in arrays:
        raise MissingKey(f"{path}: bbox is missing; expected ({len(names)}, 4) beside keypoints in px.")
    return Database(
        name=path.stem.removesuffix("_db"),
        path=path,
        tracks=_tracks(names),
        joint_set=joint_set,
        crop_scale=LEGACY_SCALE,
        fps=_fps(path.stem),
        has_3d="joints3D" in arrays and _known(arrays["joints3D"]),
        has_smpl={"pose", "shape"} <= arrays.keys() and _known(arrays["pose"]),
        arrays=arrays,
    )


def _as_rows(path: Path, key: str, value: Any) -> NDArray[Any]:
    """An array under a key; lists and arrays of plain texts or numbers become one."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value
    held = value.tolist() if isinstance(value, np.ndarray) else value
    try:
        return np.asarray(held)
    except ValueError as error:
        raise RaggedArrays(
            f"{path}: {key} holds rows of different lengths; expected one array with a row per frame."
        ) from error


def _flat(rows: Rows) -> Rows:
    """Flags of shape (n, 1) as (n,): they are published both ways."""
    return np.asarray(rows[:])[:, 0] if rows.shape[1:] == (1,) else rows


def _tracks(names: Rows) -> tuple[Track, ...]:
    """Stretches of equal names; `names` (n,) is read piece by piece."""
    starts = [0]
    for first in range(0, len(names) - 1, _AT_ONCE):
        some = np.asarray(names[first : first + _AT_ONCE + 1])
        starts.extend((first + 1 + np.flatnonzero(some[1:] != some[:-1])).tolist())
    stops = [*starts[1:], len(names)]
    return tuple(
        Track(name, start, stop - start, name)
        for name, start, stop in zip((_text(names[s : s + 1]) for s in starts), starts, stops, strict=True)
    )


def _text(one: NDArray[Any]) -> str:
    value = one[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _known(rows: Rows) -> bool:
    step = max(1, len(rows) // _PROBES)
    return any(np.any(rows[i : i + 1]) for i in range(0, len(rows), step))


def _fps(stem: str) -> float | None:
    """What the published names tell: Human3.6M was halved to 25; 3DPW was filmed at 30."""
    return 25.0 if "25fps" in stem else 30.0 if stem.startswith("3dpw") else None
