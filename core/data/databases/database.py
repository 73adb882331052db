"""One split of a dataset: tracks of consecutive frames and one array per key (method section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import DatabaseMissing, DatabaseUnknown, MissingKey
from .keys import check_finite


@dataclass(frozen=True)
class Track:
    """One person in one video without a cut: frames `start` to `start + length` of its database.

    `source` says which raw file it was made from; `gender` whose body the pose and shape belong to, where a
    dataset knows it.
    """

    name: str
    start: int
    length: int
    source: str = ""
    gender: str = "neutral"

    @property
    def stop(self) -> int:
        return self.start + self.length


class Rows(Protocol):
    """An array on disk: numpy's, memory-mapped, or one inside an HDF5 file."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, frames: slice, /) -> NDArray[Any]: ...


@dataclass(frozen=True, eq=False)
class Database:
    """What is known of a split; the numbers stay on disk until they are read.

    **Convention**: camera axes x right, y down, z forward, metres; keypoints in px of the full image, or of
    a 224 px crop where there is no ``bbox``; `crop_scale` times the box's side is the crop that the features
    saw.

    Attributes:
        joint_set: of ``joints2D``: "spin49", "common14" or "insta25" (`joint_sets.JOINT_SETS`).
        fps: frames per second, None where unknown.
        has_3d, has_smpl: whether joints3D, or pose and shape, are known (they may be present as zeros).
        arrays: the keys of `keys.KEYS` that are there.
    """

    name: str
    path: Path
    tracks: tuple[Track, ...]
    joint_set: str
    crop_scale: float
    fps: float | None
    has_3d: bool
    has_smpl: bool
    arrays: Mapping[str, Rows]

    def __len__(self) -> int:
        """Frames."""
        return self.tracks[-1].stop if self.tracks else 0

    def __reduce__(self) -> tuple[Any, ...]:
        # A memory map pickles as a copy of all its numbers; another process opens the files itself.
        return _reopened, (self.path, self.crop_scale)

    @property
    def C(self) -> int:  # noqa: N802 (the width's name everywhere)
        """Width of the features; 0 for a database prepared without them."""
        return self.arrays["features"].shape[1] if "features" in self.arrays else 0

    def array(self, key: str) -> Any:
        """The whole array under `key`, not read yet, or None. Rows of text are of numpy's kind "U" or "S"."""
        return self.arrays.get(key)

    def need(self, key: str) -> Rows:
        """The array under `key`.

        Raises MissingKey.
        """
        if key not in self.arrays:
            raise MissingKey(
                f"{self.path}: {key} is missing (it has {', '.join(self.arrays)}); prepare the database "
                f"'{self.name}' again with it."
            )
        return self.arrays[key]

    def read(self, key: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows `start` to `stop` of a key of numbers, in float32.

        Raises MissingKey, NotFinite.
        """
        rows = np.asarray(self.need(key)[start:stop])
        check_finite(self.path, key, rows, start)
        return rows.astype(np.float32)


def open_database(path: str | Path) -> Database:
    """Opens a database of any readable form, told apart by content.

    Our folder form (`folder`), a joblib dump (`legacy`) or an HDF5 file (`legacy_hdf5`).

    Raises:
        DatabaseMissing, DatabaseUnknown, DatabaseCorrupt, UnsafeFile: the file as a whole.
        MissingKey, RaggedArrays, BadShape, NotFinite: one of its arrays.
    """
    path = Path(path)
    if path.is_dir():
        from .folder import read_folder

        return read_folder(path)
    if not path.is_file():
        raise DatabaseMissing(f"Point to an existing database: {path} does not exist.")
    with open(path, "rb") as stream:
        start = stream.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        from .legacy_hdf5 import read_hdf5

        return read_hdf5(path)
    from .joblib_dump import is_joblib
    from .legacy import read_joblib

    if is_joblib(start):
        return read_joblib(path)
    raise DatabaseUnknown(
        f"{path} is no database: expected a folder with index.json, a joblib dump (.pt) or an "
        "HDF5 file (.h5)."
    )


def _reopened(path: Path, crop_scale: float) -> Database:
    return replace(open_database(path), crop_scale=crop_scale)
