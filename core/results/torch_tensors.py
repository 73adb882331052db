"""Tensors as torch pickles them, turned into arrays without torch.

A tensor is pickled as a call that builds a view (offset, size, stride) of a storage; the storage is a
persistent id in torch's own files, and a whole little file of torch in any other pickle. Nothing is called:
views are checked against the numbers that are really there.
"""

from __future__ import annotations

import io
import math
import pickle
import types
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..restricted_pickle import ArrayStandIn, ForbiddenName, RestrictedUnpickler, StandIn

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_MOST_BYTES = 1 << 30
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _StorageType(StandIn):
    """A class of storages, such as ``FloatStorage``."""

    @classmethod
    def numbers(cls) -> np.dtype[Any]:
        """The type that the name of the class says."""
        return np.dtype(_TYPES[cls.__name__])


_STORAGES = {name: types.new_class(name, (_StorageType,)) for name in _TYPES}


class Storage:
    """Numbers that tensors are views of; `read` gives their bytes when they are needed."""

    __slots__ = ("_kind", "_read")

    def __init__(self, kind: type[_StorageType], read: Callable[[], bytes]) -> None:
        self._kind, self._read = kind, read

    def values(self) -> NDArray[Any]:
        """(N,) all of them."""
        content = self._read()
        whole = len(content) - len(content) % self._kind.numbers().itemsize
        numbers = np.frombuffer(content[:whole], self._kind.numbers())
        if self._kind.__name__ == "BFloat16Storage":
            return (numbers.astype(np.uint32) << 16).view(np.float32)
        return numbers


class _FromBytes(StandIn):
    """``_load_from_bytes``: a storage as a file of torch inside another pickle."""

    def values(self) -> NDArray[Any]:
        if len(self.arguments) != 1 or not isinstance(self.arguments[0], bytes):
            raise pickle.UnpicklingError("a storage without its bytes")
        storage = load_legacy(io.BytesIO(self.arguments[0]))
        if not isinstance(storage, Storage):
            raise pickle.UnpicklingError("something else in place of a storage")
        return storage.values()


class _Tensor(ArrayStandIn):
    """``_rebuild_tensor_v2``: (storage, offset, size, stride, ...)."""

    def array(self) -> NDArray[Any]:
        if len(self.arguments) < 4 or not isinstance(self.arguments[0], Storage | _FromBytes):
            raise pickle.UnpicklingError("a tensor without a storage")
        storage, offset, size, stride = self.arguments[:4]
        size, stride = _whole_numbers(size), _whole_numbers(stride)
        if len(size) != len(stride) or type(offset) is not int or offset < 0:
            raise pickle.UnpicklingError("a tensor whose size and stride do not add up")
        values = storage.values()
        if math.prod(size) * values.itemsize > _MOST_BYTES:
            raise pickle.UnpicklingError(f"a tensor of size {size}")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if math.prod(size) and last >= len(values):
            raise pickle.UnpicklingError("a tensor larger than its storage")
        steps = tuple(step * values.itemsize for step in stride)
        return np.lib.stride_tricks.as_strided(values[offset:], size, steps, writeable=False).copy()


class _Size(metaclass=type(StandIn)):
    """``torch.Size``: a tuple."""

    def __new__(cls, sizes: Any = ()) -> Any:
        return _whole_numbers(sizes)


def torch_names(module: str, name: str) -> Any:
    """The names that tensors are pickled with; None for any other."""
    if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")):
        return _Tensor
    if (module, name) == ("torch.storage", "_load_from_bytes"):
        return _FromBytes
    if (module, name) == ("torch", "Size"):
        return _Size
    return _STORAGES.get(name) if module == "torch" else None


class TorchUnpickler(RestrictedUnpickler):
    """Answers the persistent ids of torch's own files with storages.

    Args:
        names: as for `RestrictedUnpickler`. read: (key, bytes wanted) -> the bytes of a storage.
    """

    def __init__(self, stream: BinaryIO, names: Any, read: Callable[[str, int], bytes]) -> None:
        super().__init__(stream, names)
        self._read = read

    def persistent_load(self, pid: Any, /) -> Any:
        word, kind, key, _, count = pid[:5] if isinstance(pid, tuple) and len(pid) >= 5 else [None] * 5
        if word != "storage" or not (isinstance(kind, type) and issubclass(kind, _StorageType)):
            raise ForbiddenName("an object outside the file")
        if not isinstance(key, str) or type(count) is not int or count < 0:
            raise pickle.UnpicklingError("a storage without key and length")
        return Storage(kind, lambda: self._read(key, count * kind.numbers().itemsize))


def load_legacy(stream: BinaryIO, names: Any = torch_names) -> Any:
    """The content, with stand-ins, of a file as torch wrote them before 1.6: pickles, then the storages.

    Raises ForbiddenName, or whatever a damaged pickle leads to (any Exception).
    """
    for expected in (_MAGIC, _PROTOCOL):
        if RestrictedUnpickler(stream).load() != expected:
            raise pickle.UnpicklingError("no file of torch")
    RestrictedUnpickler(stream).load()  # of the machine that wrote it
    parts: dict[str, bytes] = {}

    wanted: dict[str, int] = {}

    class Unpickler(TorchUnpickler):
        def persistent_load(self, pid: Any, /) -> Any:
            storage = super().persistent_load(pid)
            wanted[pid[2]] = pid[4] * pid[1].numbers().itemsize
            return storage

    content = Unpickler(stream, names, lambda key, _: parts[key]).load()
    keys = RestrictedUnpickler(stream).load()
    if not isinstance(keys, list) or set(map(str, keys)) != wanted.keys():
        raise pickle.UnpicklingError("storages that nothing is in")
    rest = memoryview(stream.read())
    for key in keys:
        size, rest = wanted[key], rest[8:]  # the count stands before the numbers
        if len(rest) < size:
            raise pickle.UnpicklingError("the file ends inside a storage")
        parts[key], rest = bytes(rest[:size]), rest[size:]
    return content


def _whole_numbers(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(n) is int and n >= 0 for n in values):
        raise pickle.UnpicklingError(f"sizes {values!r}")
    return tuple(values)
