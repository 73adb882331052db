"""Arrays out of a stranger's .npz: every size is known before memory is taken, and nothing is unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from .errors import MotionFileCorrupt, MotionFileMissing, MotionTooLarge

MOST_BYTES = 2 << 30


def array_names(path: Path) -> frozenset[str]:
    """The names of the arrays in an .npz. Raises MotionFileMissing, MotionFileCorrupt."""
    with _opened(path) as archive:
        return frozenset(name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy"))


def read_arrays(path: Path, wanted: Collection[str]) -> dict[str, NDArray[Any]]:
    """The wanted arrays that are there and hold plain numbers or text; all others are left out.

    Raises MotionFileMissing, MotionFileCorrupt for a damaged file, MotionTooLarge before memory is taken.
    """
    found: dict[str, NDArray[Any]] = {}
    room = MOST_BYTES
    with _opened(path) as archive:
        for name in wanted:
            try:
                info = archive.getinfo(f"{name}.npy")
                with archive.open(info) as stream:
                    shape, fortran, dtype = read_header(stream)
                    if dtype.hasobject:
                        continue
                    size = math.prod(shape) * dtype.itemsize
                    room -= size
                    if size > info.file_size:
                        raise _damaged(path, name, f"it claims to be {size} bytes and has {info.file_size}")
                    if room < 0:
                        raise MotionTooLarge(
                            f"{path.name} holds over {MOST_BYTES >> 30} GB of numbers: cut it into parts."
                        )
                    array = np.frombuffer(stream.read(size), dtype).reshape(
                        shape, order="F" if fortran else "C"
                    )
            except KeyError:
                continue
            except (MotionFileCorrupt, MotionTooLarge):
                raise
            except Exception as error:  # zip, zlib and array headers each raise their own kinds
                raise _damaged(path, name, "it cannot be read") from error
            found[name] = array
    return found


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type that the header of an .npy states; the stream then stands at the numbers.

    Raises ValueError for anything that is no such header.
    """
    version = npy_format.read_magic(stream)
    read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"an array of version {version}")
    shape, fortran, dtype = read(stream)
    if any(n < 0 for n in shape):
        raise ValueError(f"an array of shape {shape}")
    return shape, fortran, dtype


def _opened(path: Path) -> zipfile.ZipFile:
    if not path.is_file():
        raise MotionFileMissing(f"There is no motion file {path}: check the path.")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise MotionFileCorrupt(f"{path.name} is damaged or no .npz: export it again.") from error


def _damaged(path: Path, name: str, reason: str) -> MotionFileCorrupt:
    return MotionFileCorrupt(f"{path.name} is damaged at '{name}' ({reason}): export it again.")
