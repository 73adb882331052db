"""The arrays of a database: names, shapes and number types (method section 7.1), checked in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import BadShape, NotFinite, RaggedArrays
from .joint_sets import JOINT_SETS, joint_set_of


@dataclass(frozen=True)
class Key:
    """One array: `row` is the shape of a frame, None standing for any length."""

    row: tuple[int | None, ...]
    kind: Literal["number", "flag", "label"] = "number"


KEYS: dict[str, Key] = {
    "features": Key((None,)),  # C numbers of the backbone
    "joints2D": Key((None, 3)),  # px, px, confidence
    "joints3D": Key((None, 3)),  # m, camera axes
    "pose": Key((72,)),  # axis-angle in radians, the root in the camera
    "shape": Key((10,)),
    "bbox": Key((4,)),  # px: centre x, centre y, width, height, without the crop's scale
    "valid": Key((), "flag"),  # 3DPW: the camera's pose is known
    "valid_i": Key((), "flag"),  # MPI-INF-3DHP: the frame counts in the test
    "frame_id": Key((), "label"),
    "img_name": Key((), "label"),
}


def check_form(source: Path, key: str, shape: tuple[int, ...], dtype: np.dtype[Any], frames: int) -> None:
    """Whether an array under `key` of the database `source` has the form that the key asks for.

    Raises:
        RaggedArrays: not one row per frame, or rows of different lengths (an array of objects).
        BadShape: rows of another size, or another kind of number.
    """
    want = KEYS[key]
    if dtype.hasobject:
        raise RaggedArrays(
            f"{source}: {key} holds objects, because its rows differ in length or kind; expected one array "
            f"of shape {_shown(key, frames)}."
        )
    if not shape or shape[0] != frames:
        rows = shape[0] if shape else "no"
        raise RaggedArrays(
            f"{source}: {key} has {rows} rows where the tracks have {frames} frames; expected one per frame."
        )
    fits = len(shape) == 1 + len(want.row) and all(
        b in (None, a) for a, b in zip(shape[1:], want.row, strict=True)
    )
    if key.startswith("joints") and fits:
        fits = joint_set_of(shape[1]) is not None
    if not fits:
        raise BadShape(f"{source}: {key} has shape {shape}; expected {_shown(key, frames)}.")
    if dtype.kind not in {"number": "fiu", "flag": "biuf", "label": "iuUS"}[want.kind]:
        raise BadShape(
            f"{source}: {key} holds {dtype}; expected {want.kind}s of shape {_shown(key, frames)}."
        )


def check_finite(source: Path, key: str, rows: NDArray[Any], frames: int | NDArray[np.int64]) -> None:
    """Whether `rows` are all finite numbers.

    `frames` are their numbers in the database, or that of the first of consecutive ones.

    Raises NotFinite, which names the first frame that is not.
    """
    if rows.dtype.kind != "f" or np.isfinite(rows).all():
        return
    row = int(np.flatnonzero(~np.isfinite(rows).reshape(len(rows), -1).all(1))[0])
    bad = frames + row if isinstance(frames, int) else int(frames[row])
    raise NotFinite(
        f"{source}: {key} is not finite in frame {bad} (counted from 0); expected finite numbers: "
        "prepare the database again or remove that frame."
    )


def _shown(key: str, frames: int) -> str:
    wide = {"features": "C", "joints2D": "J", "joints3D": "J"}.get(key, "")
    sizes = [str(frames), *(str(n) if n is not None else wide for n in KEYS[key].row)]
    joints = " with J one of " + ", ".join(str(len(s)) for s in JOINT_SETS.values()) if wide == "J" else ""
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''}){joints}"
