"""Reads what joblib dumped, without running anything and, where it is not compressed, without copying it
(method section 7.1).

A dump is a pickle in which each array is announced by a ``NumpyArrayWrapper`` (shape, type, order) and its
bytes follow in the same stream. joblib's own reader answers every name that a pickle asks for; here the
wrapper is a stand-in that maps the bytes from the file, or reads them from a compressed stream.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ...optional_packages import need
from ...restricted_pickle import (
    ArrayStandIn,
    ForbiddenName,
    PickledDtype,
    RestrictedUnpickler,
    load_plain,
    numpy_names,
    plain,
)
from .errors import DatabaseCorrupt, DatabaseUnknown, UnsafeFile

_PICKLE, _OLD = b"\x80", b"ZF"
_COMPRESSED: dict[bytes, Callable[[Any], Any]] = {
    b"\x78": lambda file: need("joblib.compressor").BinaryZlibFile(file, "rb"),
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZ": bz2.BZ2File,
    b"\x5d\x00": lzma.LZMAFile,
    b"\xfd7zXZ": lzma.LZMAFile,
}
_CHUNK = 16 << 20
# A file of zeros shrinks a thousandfold; more than this, beyond a floor, is made to fill the memory.
_MOST_GROWTH, _FLOOR = 400, 256 << 20


def is_joblib(start: bytes) -> bool:
    """Whether a file that begins so may be a dump of joblib."""
    return start.startswith((_PICKLE, _OLD, *_COMPRESSED))


def read_dump(path: Path) -> dict[str, Any]:
    """The dictionary in a dump: arrays (memory-mapped where it is not compressed), lists, text, numbers.

    Raises:
        UnsafeFile: it names anything but arrays; nothing of it was run.
        DatabaseUnknown: a dump of a joblib before 0.10, or of something else than a dictionary.
        DatabaseCorrupt: it is cut off or damaged.
    """
    with open(path, "rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(_OLD):
            raise _too_old(path)
        opener = next((opener for magic, opener in _COMPRESSED.items() if start.startswith(magic)), None)
        stream = file if opener is None else io.BufferedReader(opener(file), _CHUNK)
        source = _Source(path, stream, mapped=opener is None)
        try:
            content = plain(RestrictedUnpickler(cast(BinaryIO, source), source.names).load())
            stream.read(1)  # a compressed stream checks at its end what was read
        except ForbiddenName as error:
            if "NDArrayWrapper" in error.name:
                raise _too_old(path) from error
            raise UnsafeFile(
                f"{path} asks to run {error.name}, which no database needs; it was not run, and no key was "
                "read: expected a dictionary of numpy arrays. Get the file from its publisher again."
            ) from error
        except Exception as error:  # a damaged pickle can raise anything
            raise DatabaseCorrupt(
                f"{path} is no whole joblib dump of arrays ({str(error) or type(error).__name__}): get the "
                "file again."
            ) from error
    if not isinstance(content, dict):
        raise DatabaseUnknown(
            f"{path} holds no dictionary; expected one with vid_name, features, joints2D and other arrays."
        )
    return {str(key): value for key, value in content.items()}


def _too_old(path: Path) -> DatabaseUnknown:
    return DatabaseUnknown(
        f"{path} was written by a joblib before 0.10: load it with that version and dump it with a new one."
    )


class _Source:
    """The stream of a dump. It has no `peek`, so that the unpickler stops exactly where an array begins."""

    def __init__(self, path: Path, stream: IO[bytes], mapped: bool) -> None:
        self.path, self.stream, self.mapped = path, stream, mapped
        self.size = path.stat().st_size
        self.room = max(_MOST_GROWTH * self.size, _FLOOR)

    def read(self, count: int) -> bytes:
        return self.stream.read(count)

    def readline(self) -> bytes:
        return self.stream.readline()

    def names(self, module: str, name: str) -> Any:
        """The names of a dump."""
        if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            return self._wrapper()
        return numpy_names(module, name)

    def _wrapper(self) -> type[ArrayStandIn]:
        source = self

        class Wrapper(ArrayStandIn):
            def __setstate__(self, state: Any) -> None:
                # Setting the state ends the announcement: what follows in the stream are the bytes.
                self.state = source.array(state)

            def array(self) -> NDArray[Any]:
                if self.state is None:
                    raise pickle.UnpicklingError("an array without its bytes")
                return self.state

        return Wrapper

    def array(self, state: Any) -> NDArray[Any]:
        """The array that a wrapper of this state announces; the stream stands at its bytes."""
        if not isinstance(state, dict) or not isinstance(state.get("dtype"), PickledDtype):
            raise pickle.UnpicklingError("an array without shape and type")
        dtype, shape = state["dtype"].dtype(), state.get("shape")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise pickle.UnpicklingError(f"an array of shape {shape}")
        if dtype.hasobject:
            return load_plain(cast(BinaryIO, self))
        if state.get("numpy_array_alignment_bytes") is not None:
            self._exactly(self._exactly(1)[0])
        order = "F" if state.get("order") == "F" else "C"
        size = math.prod(shape) * dtype.itemsize
        if size == 0:
            return np.zeros(shape, dtype)
        return self._map(shape, dtype, order, size) if self.mapped else self._copy(shape, dtype, order, size)

    def _map(self, shape: tuple[int, ...], dtype: np.dtype[Any], order: Any, size: int) -> NDArray[Any]:
        start = self.stream.tell()
        if size > self.size - start:
            raise pickle.UnpicklingError("the file ends inside an array")
        self.stream.seek(start + size)
        return np.memmap(self.path, dtype, "r", start, shape, order)

    def _copy(self, shape: tuple[int, ...], dtype: np.dtype[Any], order: Any, size: int) -> NDArray[Any]:
        self.room -= size
        if self.room < 0:
            raise pickle.UnpicklingError("its arrays are far larger than such a file can hold")
        array = np.empty(math.prod(shape), dtype)
        content = array.view(np.uint8)
        for start in range(0, size, _CHUNK):
            part = self._exactly(min(_CHUNK, size - start))
            content[start : start + len(part)] = np.frombuffer(part, np.uint8)
        return array.reshape(shape, order=order)

    def _exactly(self, count: int) -> bytes:
        content = self.stream.read(count)
        if len(content) != count:
            raise pickle.UnpicklingError("the file ends inside an array")
        return content
