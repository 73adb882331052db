"""Reads what joblib dumped, without running anything and, where it is not compressed, without copying it.

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
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from .restricted_pickle import (
    ArrayStandIn,
    ForbiddenName,
    Names,
    PickledDtype,
    RestrictedUnpickler,
    load_plain,
    numpy_names,
)

_PICKLE, _OLD = b"\x80", b"ZF"
_CHUNK = 16 << 20
# A file of zeros shrinks a thousandfold; more than this, beyond a floor, is made to fill the memory.
_MOST_GROWTH, _FLOOR = 400, 256 << 20


class OldJoblib(pickle.UnpicklingError):
    """A dump of a joblib before 0.10, which kept its arrays in files of their own."""


class _Zlib(io.RawIOBase):
    """The bytes inside a zlib stream."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._inflate = file, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        content = b""
        while not content and not self._inflate.eof:
            more = self._inflate.unconsumed_tail or self._file.read(1 << 16)
            if not more:
                raise EOFError("the file ends inside its compressed content")
            content = self._inflate.decompress(more, len(buffer))
        buffer[: len(content)] = content
        return len(content)


_COMPRESSED: dict[bytes, Callable[[Any], Any]] = {
    b"\x78": _Zlib,
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZ": bz2.BZ2File,
    b"\x5d\x00": lzma.LZMAFile,
    b"\xfd7zXZ": lzma.LZMAFile,
}


def is_joblib(start: bytes) -> bool:
    """Whether a file that begins so may be a dump of joblib; every pickle may."""
    return start.startswith((_PICKLE, _OLD, *_COMPRESSED))


def load_joblib(path: Path, names: Names = numpy_names) -> Any:
    """The content of a dump or of any other pickle, with stand-ins for arrays: see `restricted_pickle.plain`.

    Raises ForbiddenName, OldJoblib, or whatever a damaged pickle leads to (any Exception).
    """
    with open(path, "rb") as file:
        start = file.read(8)
        file.seek(0)
        if start.startswith(_OLD):
            raise OldJoblib("a dump of a joblib before 0.10")
        opener = next((opener for magic, opener in _COMPRESSED.items() if start.startswith(magic)), None)
        stream = file if opener is None else io.BufferedReader(opener(file), _CHUNK)
        source = _Source(path, stream, names, mapped=opener is None)
        try:
            content = RestrictedUnpickler(cast(BinaryIO, source), source.names).load()
        except ForbiddenName as error:
            if "NDArrayWrapper" in error.name:
                raise OldJoblib("a dump of a joblib before 0.10") from error
            raise
        stream.read(1)  # a compressed stream checks at its end what was read
    return content


class _Source:
    """The stream of a dump. It has no `peek`, so that the unpickler stops exactly where an array begins."""

    def __init__(self, path: Path, stream: IO[bytes], names: Names, mapped: bool) -> None:
        self.path, self.stream, self.mapped = path, stream, mapped
        self.size = path.stat().st_size
        self.room = self.size if mapped else max(_MOST_GROWTH * self.size, _FLOOR)
        self._names = names

    def read(self, count: int) -> bytes:
        # What a pickle claims of its next bytes would be allocated at once.
        if count > self.room:
            raise pickle.UnpicklingError("the file ends inside a value")
        return self.stream.read(count)

    def readline(self) -> bytes:
        return self.stream.readline()

    def names(self, module: str, name: str) -> Any:
        """The names of a dump."""
        if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            return self._wrapper()
        return self._names(module, name)

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
            return load_plain(cast(BinaryIO, self), self._names)
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
