"""The three containers in which other systems leave results, opened without running anything in them."""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..motion.files.errors import MotionFileCorrupt
from ..motion.files.safe_npz import read_header
from ..restricted_joblib import OldJoblib, load_joblib
from ..restricted_pickle import ForbiddenName, RestrictedUnpickler
from .names import result_names
from .torch_tensors import TorchUnpickler, load_legacy

_LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


class MotionFileUnsafe(InputError):
    """The file wants something run; nothing was."""

    code = "motion.file_unsafe"
    exit_code = 5


def load_result(path: Path) -> Any:
    """The content of a result file, in which arrays and tensors are still stand-ins: see `plain`.

    Reads joblib dumps and pickles, files of torch, and .npy files that hold an object.

    Raises MotionFileUnsafe, MotionFileCorrupt.
    """
    with open(path, "rb") as stream:
        start = stream.read(16)
    try:
        if start.startswith(b"PK"):
            return _load_torch(path)
        if start.startswith(b"\x93NUMPY"):
            return _load_npy(path)
        if start.startswith(_LEGACY_TORCH):
            return load_legacy(io.BytesIO(path.read_bytes()), result_names)
        return load_joblib(path, result_names)
    except ForbiddenName as error:
        raise MotionFileUnsafe(
            f"{path.name} asks to run {error.name}, which no motion needs; it was not run. Get the file from "
            "who made it again."
        ) from error
    except OldJoblib as error:
        raise MotionFileCorrupt(
            f"{path.name} was written by a joblib before 0.10: load it with that version and dump it again."
        ) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> MotionFileCorrupt:
    reason = str(error) or type(error).__name__
    return MotionFileCorrupt(f"{path.name} is damaged ({reason}): make or copy it again.")


def _load_torch(path: Path) -> Any:
    """A file of torch since 1.6: a .zip, uncompressed, with one pickle and a record for each storage."""
    with zipfile.ZipFile(path) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        size = path.stat().st_size
        if any(info.compress_type != zipfile.ZIP_STORED or info.file_size > size for info in infos.values()):
            raise pickle.UnpicklingError("it is compressed, which files of torch never are")
        place = next(name for name in infos if name.endswith("data.pkl")).removesuffix("data.pkl")

        def read(key: str, count: int) -> bytes:
            name = f"{place}data/{key}"
            if name not in infos or infos[name].file_size < count:
                raise pickle.UnpicklingError("the file ends inside a storage")
            with zipfile.ZipFile(path) as again, again.open(name) as stream:
                return stream.read(count)

        return TorchUnpickler(io.BytesIO(archive.read(f"{place}data.pkl")), result_names, read).load()


def _load_npy(path: Path) -> Any:
    """The one object that ``numpy.save`` pickled, as some systems keep dictionaries."""
    with open(path, "rb") as stream:
        shape, _, dtype = read_header(stream)
        if not dtype.hasobject or math.prod(shape) != 1:
            raise pickle.UnpicklingError("it holds numbers without names")
        # From memory: a pickle's claim about its next bytes would be allocated at once when read from a file.
        return RestrictedUnpickler(io.BytesIO(stream.read()), result_names).load()
