"""Opening the annotation files of datasets: every failure names the file and says what was expected (method
section 7.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.io import loadmat

from ...optional_packages import need
from .errors import RawDataInvalid, RawDataMissing


def folder(path: Path, holds: str) -> Path:
    """`path`, if it is a folder. Raises RawDataMissing saying what it must hold."""
    if not path.is_dir():
        raise RawDataMissing(f"The folder {path} is missing: it must hold {holds}.")
    return path


def file(path: Path, holds: str) -> Path:
    """`path`, if it is a file. Raises RawDataMissing saying what it must hold."""
    if not path.is_file():
        raise RawDataMissing(f"The file {path} is missing: it must hold {holds}.")
    return path


def read_json(path: Path, holds: str) -> Any:
    """The content of a JSON file. Raises RawDataMissing, RawDataInvalid."""
    try:
        return json.loads(file(path, holds).read_bytes())
    except (ValueError, RecursionError) as error:
        raise RawDataInvalid(f"{path} is not readable JSON ({error}): fetch it again.") from error


def read_mat(path: Path, holds: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Those of the variables `keys` that a MATLAB file of version 5 has.

    Raises RawDataMissing, RawDataInvalid.
    """
    try:
        return loadmat(file(path, holds), variable_names=keys)
    except RawDataMissing:
        raise
    except Exception as error:  # a damaged file can raise anything
        raise RawDataInvalid(f"{path} is not a readable MATLAB file ({error}): fetch it again.") from error


def read_mat73(path: Path, holds: str, keys: tuple[str, ...]) -> dict[str, NDArray]:
    """Variables of a MATLAB file of version 7.3, which is HDF5 with the axes reversed.

    Raises RawDataMissing, RawDataInvalid; PackageMissing without h5py.
    """
    h5py = need("h5py")
    try:
        with h5py.File(file(path, holds), "r") as content:
            absent = next((key for key in keys if key not in content), None)
            if absent is None:
                return {key: np.asarray(content[key][()]) for key in keys}
    except OSError as error:
        raise RawDataInvalid(
            f"{path} is not a readable MATLAB 7.3 file ({error}): fetch it again."
        ) from error
    raise RawDataInvalid(f"{path} has no '{absent}': expected {holds}.")


def entry(content: Mapping[Any, Any], key: str, path: Path) -> Any:
    """content[key]. Raises RawDataInvalid naming the file."""
    if not isinstance(content, Mapping) or key not in content:
        raise RawDataInvalid(f"{path} has no '{key}': fetch the dataset's own file again.")
    return content[key]


def numbers(value: ArrayLike, shape: tuple[int | None, ...], where: str) -> NDArray[np.float64]:
    """`value` as an array of `shape`, None standing for any length.

    Raises RawDataInvalid naming `where` (a file and a key), the shape found and the one expected.
    """
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise RawDataInvalid(f"{where} does not hold numbers ({error}): fetch the file again.") from error
    fits = array.ndim == len(shape) and all(
        want in (None, have) for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("n" if length is None else str(length) for length in shape)
        raise RawDataInvalid(f"{where} has shape {array.shape}: expected ({wanted}).")
    if not np.isfinite(array).all():
        raise RawDataInvalid(f"{where} holds numbers that are not finite: fetch the file again.")
    return array
