"""TRAM: ``hps/hps_track_<k>.npy``, tensors of one person each, longest first, and ``camera.npy``.

    pred_rotmat (T, 24, 3, 3); pred_shape (T, 10); pred_trans (T, 1, 3) before the camera; frame (T,)
    camera.npy: pred_cam_R (N, 3, 3), pred_cam_T (N, 3): camera -> world of each frame of the video

The people of one folder belong to one video. The world is the first camera's, so that which way is up is
found as for a capture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..motion.files.errors import MotionFileMissing
from ..restricted_pickle import plain
from .files import load_result
from .people import (
    MOST_PEOPLE,
    Fields,
    Floats,
    Found,
    Person,
    View,
    frame_numbers,
    one_shape,
    turns_of_matrices,
)


def is_tram(content: Fields) -> bool:
    """Whether a dictionary is a person of TRAM."""
    return "pred_rotmat" in content and "pred_trans" in content


def read_tram(path: Path, content: Fields) -> Found:
    """The person of a TRAM file, the others in its folder, and the camera beside that folder."""
    tracks = (
        sorted(path.parent.glob("hps_track_*.npy"), key=_number) if path.name.startswith("hps_track_") else []
    )
    files = tracks[:MOST_PEOPLE] or [path]
    camera = path.parent.parent / "camera.npy"
    moves = open_dictionary(camera) if camera.is_file() else None
    people = tuple(
        _person(_number(file), content if file == path else open_dictionary(file), moves) for file in files
    )
    note = f"The folder's {len(files)} people were read." if len(files) > 1 else ""
    lost = "" if moves else "There is no camera.npy in the folder above: a moving camera moves the people."
    return Found("TRAM", people, notes=tuple(filter(None, (note, lost))))


def open_dictionary(path: Path) -> Fields:
    """The dictionary in an .npy of TRAM. Raises what `load_result` raises."""
    if not path.is_file():
        raise MotionFileMissing(f"There is no motion file {path}: check the path.")
    holder = plain(load_result(path))
    return Fields(path.name, holder.item() if isinstance(holder, np.ndarray) and holder.size == 1 else holder)


def _number(path: Path) -> str:
    digits = path.stem.removeprefix("hps_track_")
    return digits.zfill(4) if digits.isdecimal() else path.stem


def _person(track: str, one: Fields, moves: Fields | None) -> Person:
    turns = turns_of_matrices(one.numbers("pred_rotmat", None, 24, 3, 3))
    count = len(turns)
    place = one.numbers("pred_trans", count, None, 3)[:, 0]
    frames = frame_numbers(one, "frame", count)
    view = View("camera_cv", turns[:, 0], place, camera=None if moves is None else _poses(moves, frames))
    seen = np.ones(count, bool)
    betas = one_shape(one.numbers("pred_shape", count, None), seen)
    return Person(track.lstrip("0") or "0", frames, turns, (view,), betas, seen)


def _poses(moves: Fields, frames: NDArray[np.int64]) -> Floats:
    """(T, 3, 4) of the camera in each of the frames."""
    turns = moves.numbers("pred_cam_R", None, 3, 3)
    shifts = moves.numbers("pred_cam_T", len(turns), 3)
    if frames.min() < 0 or frames.max() >= len(turns):
        raise moves.wrong("pred_cam_R", f"it has {len(turns)} frames, and people are seen in others")
    return np.concatenate([turns, shifts[..., None]], axis=-1)[frames]
