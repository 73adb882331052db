"""Writes databases of the project's own form, track by track, so that they may be larger than the memory
(method section 7.2).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import OutputFolderMissing
from .database import Database, Track
from .errors import DestinationTaken, MissingKey, RaggedArrays
from .folder import INDEX, index_of
from .joint_sets import JOINT_SETS
from .keys import KEYS, check_finite, check_form
from .npy_stream import NpyStream


@dataclass(frozen=True)
class Description:
    """What a database says of itself, as in `Database`."""

    name: str
    joint_set: str = "spin49"
    crop_scale: float = 1.2
    fps: float | None = None
    has_3d: bool = False
    has_smpl: bool = False


class DatabaseWriter:
    """Collects tracks in a temporary folder that `finish` renames; leaving a ``with`` block early removes it.

    Numbers are stored in float32, but features given in float16 stay so; the shape of every key is that of
    `keys.KEYS`. All tracks have the keys of the first. What `has_3d` and `has_smpl` promise must be there.

    Raises DestinationTaken, OutputFolderMissing.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        name: str,
        joint_set: str = "spin49",
        crop_scale: float = 1.2,
        fps: float | None = None,
        has_3d: bool = False,
        has_smpl: bool = False,
    ) -> None:
        if joint_set not in JOINT_SETS:
            raise ValueError(f"joint_set is {joint_set!r}; expected one of {', '.join(JOINT_SETS)}")
        self.folder = Path(folder)
        self.about = Description(name, joint_set, crop_scale, fps, has_3d, has_smpl)
        if self.folder.exists():
            raise DestinationTaken(f"{self.folder} exists already: choose another folder or remove it first.")
        if not self.folder.parent.is_dir():
            raise OutputFolderMissing(
                f"The folder {self.folder.parent} does not exist: create it or choose another one."
            )
        self.tracks: list[Track] = []
        self._streams: dict[str, NpyStream] = {}
        self._labels: dict[str, list[NDArray[Any]]] = {}
        self._temporary = self.folder.with_name(f".{self.folder.name}.{os.getpid()}.part")
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir()

    def __enter__(self) -> DatabaseWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def add_track(
        self, name: str, source: str, arrays: Mapping[str, ArrayLike], *, gender: str = "neutral"
    ) -> None:
        """Adds the frames of one track: arrays by the names of `keys.KEYS`, one row per frame.

        Raises MissingKey, RaggedArrays, BadShape, NotFinite, each naming database, track and key.
        """
        place = self.folder / name
        rows = {key: self._as_stored(place, key, value) for key, value in arrays.items()}
        self._check_keys(place, set(rows))
        frames = len(next(iter(rows.values())))
        if frames == 0:
            raise RaggedArrays(f"{place}: the track has no frames; leave it out.")
        for key, array in rows.items():
            check_form(place, key, array.shape, array.dtype, frames)
            check_finite(place, key, array, 0)
        for key, array in rows.items():
            if KEYS[key].kind == "label":
                self._labels.setdefault(key, []).append(array)
                continue
            if key not in self._streams:
                path = self._temporary / f"{key}.npy"
                self._streams[key] = NpyStream(path, array.shape[1:], array.dtype)
            elif self._streams[key].row != array.shape[1:]:
                raise RaggedArrays(
                    f"{place}: rows of {key} have shape {array.shape[1:]}; expected "
                    f"{self._streams[key].row}, as in the tracks before."
                )
        for key, stream in self._streams.items():
            stream.append(rows[key])
        start = self.tracks[-1].stop if self.tracks else 0
        self.tracks.append(Track(name, start, frames, source, gender))

    def finish(self) -> Path:
        """Puts the folder in place and returns it.

        Raises RaggedArrays (no frames at all), DestinationTaken.
        """
        if not self.tracks:
            raise RaggedArrays(f"{self.folder} would hold no frames: give at least one track.")
        for stream in self._streams.values():
            stream.finish()
        arrays: dict[str, Any] = {
            key: np.load(self._temporary / f"{key}.npy", mmap_mode="r") for key in self._streams
        }
        for key, parts in self._labels.items():
            arrays[key] = np.concatenate(parts)
            np.save(self._temporary / f"{key}.npy", arrays[key], allow_pickle=False)
        database = Database(**vars(self.about), path=self.folder, tracks=tuple(self.tracks), arrays=arrays)
        text = json.dumps(index_of(database), indent=1)
        (self._temporary / INDEX).write_text(text, encoding="utf-8")
        del arrays, database
        if self.folder.exists():
            raise DestinationTaken(f"{self.folder} appeared meanwhile: choose another folder or remove it.")
        os.replace(self._temporary, self.folder)
        return self.folder

    def abort(self) -> None:
        """Removes what is not finished; harmless after `finish`."""
        for stream in self._streams.values():
            stream.abort()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _as_stored(self, place: Path, key: str, value: ArrayLike) -> NDArray[Any]:
        if key not in KEYS:
            raise ValueError(f"{key!r} is none of the keys of a database: {', '.join(KEYS)}")
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise RaggedArrays(f"{place}: rows of {key} have different lengths ({error}).") from error
        if array.dtype.hasobject or array.ndim == 0:
            return array  # refused by check_form
        kind = KEYS[key].kind
        if kind == "flag":
            return array.reshape(len(array), -1)[:, 0] != 0 if array.size else array.astype(bool)
        if kind == "label":
            return np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array
        half = key == "features" and array.dtype == np.float16
        if half or array.dtype.kind not in "fiu":
            return array
        with np.errstate(over="ignore"):  # what becomes infinite is refused as such
            return array.astype(np.float32)

    def _check_keys(self, place: Path, keys: set[str]) -> None:
        wanted = {*self._streams, *self._labels} or keys
        promised = {*("joints3D",) * self.about.has_3d, *("pose", "shape") * self.about.has_smpl}
        for key in sorted((wanted | promised) - keys):
            raise MissingKey(f"{place}: {key} is missing; expected it in every track of this database.")
        for key in sorted(keys - wanted):
            raise MissingKey(f"{place}: {key} came although the tracks before have none of it.")
