"""InstaVariety as VIBE published it: one HDF5 file, too large for any memory (method section 7.1)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...optional_packages import need
from .database import Database, Rows
from .errors import DatabaseCorrupt, UnsafeFile
from .keys import KEYS
from .legacy import assemble


def read_hdf5(path: Path) -> Database:
    """Opens a database in HDF5; every read fetches only the rows asked for.

    Raises UnsafeFile, DatabaseCorrupt, MissingKey, RaggedArrays, BadShape; PackageMissing without h5py.
    """
    h5py = need("h5py")
    try:
        file = _opened(path)
        found: dict[str, Rows] = {}
        for key in ("vid_name", *KEYS):
            link = file.get(key, getlink=True)
            if link is None:
                continue
            if not isinstance(link, h5py.HardLink):
                raise _elsewhere(path, key)
            dataset = file[key]
            if isinstance(dataset, h5py.Dataset):
                if dataset.is_virtual or dataset.external:
                    raise _elsewhere(path, key)
                found[key] = Hdf5Rows(path, key, dataset)
    except (OSError, RuntimeError, KeyError) as error:
        raise DatabaseCorrupt(f"{path} is cut off or damaged ({error}): get it again.") from error
    return assemble(path, found)


def _elsewhere(path: Path, key: str) -> UnsafeFile:
    return UnsafeFile(
        f"{path}: {key} refers to another file, which was not opened; expected its own numbers."
    )


class Hdf5Rows:
    """One array of an HDF5 file as `Rows`; each process opens the file for itself."""

    def __init__(self, path: Path, key: str, dataset: Any) -> None:
        self.path, self.key = path.resolve(), key
        self.shape: tuple[int, ...] = dataset.shape or ()
        texts = need("h5py").check_string_dtype(dataset.dtype) is not None and dataset.dtype.hasobject
        # Texts of any length are objects to h5py; they are handed on as numpy's own texts.
        self.dtype = np.dtype("U") if texts else dataset.dtype
        self._texts = texts

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, frames: slice, /) -> NDArray[Any]:
        dataset = _opened(self.path)[self.key]
        try:
            return dataset.asstr()[frames].astype("U") if self._texts else dataset[frames]
        except (OSError, RuntimeError) as error:
            raise DatabaseCorrupt(
                f"{self.path}: {self.key} cannot be read ({error}): get the file again."
            ) from error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def _opened(path: Path) -> Any:
    """The open file: a child process does not use its parent's, and a file written anew is opened anew."""
    state = path.stat()
    return _handle(path, os.getpid(), state.st_ino, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _handle(path: Path, *_version: int) -> Any:
    return need("h5py").File(path, "r")
