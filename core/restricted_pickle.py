"""Reads pickles without ever running what they ask to be run.

A pickle names functions and classes and has them called. Here a name is answered only by a stand-in: a class
of this project that stores what it is given. Not even numpy's own constructors are called by the pickle; its
arrays are built afterwards, from stored bytes whose size is checked. Every other name ends the reading.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Names = Callable[[str, str], Any]
"""(module, name) -> the stand-in for it, or None for a name that is refused."""

_PLAIN_DTYPE = re.compile(r"\?|[biufcSUO]\d{0,9}")


class ForbiddenName(pickle.UnpicklingError):
    """The pickle asks for something that is not on the list; it was not run.

    Attributes:
        name: what it asked for, such as ``posix.system``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"it asks to run {name}, which was not run")
        self.name = name


class _Fixed(type):
    """Stand-ins that a pickle cannot change: its BUILD sets attributes on whatever it is aimed at."""

    def __setattr__(cls, name: str, value: Any) -> None:
        raise pickle.UnpicklingError(f"it sets {name} on {cls.__name__}")


class StandIn(metaclass=_Fixed):
    """What a pickle gets in place of a name: constructed from anything, stores its state, does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class PickledDtype(StandIn):
    """``numpy.dtype``."""

    def dtype(self) -> np.dtype[Any]:
        """The plain type it names: numbers, text, or objects. Raises UnpicklingError for any other."""
        text = self.arguments[0] if self.arguments else None
        state: tuple[Any, ...] = self.state if isinstance(self.state, tuple) else ()
        if not isinstance(text, str) or not _PLAIN_DTYPE.fullmatch(text) or any(state[2:5]):
            raise pickle.UnpicklingError(f"an array of {text!r} instead of plain numbers or text")
        dtype = np.dtype(text)
        return dtype.newbyteorder(state[1]) if state[1:2] in (("<",), (">",)) else dtype


class ArrayStandIn(StandIn):
    """A stand-in that `plain` replaces by the array it describes."""

    def array(self) -> NDArray[Any]:
        """The array. Raises UnpicklingError for arguments or a state that do not add up."""
        raise NotImplementedError


class PickledArray(ArrayStandIn):
    """An array under construction: ``_reconstruct`` makes it empty, its state fills it."""

    def array(self) -> NDArray[Any]:
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise pickle.UnpicklingError("an array without a plain state")
        _, shape, dtype, fortran, content = self.state
        return _filled(content, dtype, shape, "F" if fortran is True else "C")


class _Buffer(ArrayStandIn):
    """``_frombuffer``, numpy's constructor in pickles of protocol 5."""

    def array(self) -> NDArray[Any]:
        if len(self.arguments) != 4:
            raise pickle.UnpicklingError("an array without shape and type")
        content, dtype, shape, order = self.arguments
        return _filled(content, dtype, shape, order)


class _Scalar(StandIn):
    """``scalar``: one number of numpy."""

    def number(self) -> Any:
        if len(self.arguments) != 2:
            raise pickle.UnpicklingError("a number without its bytes")
        dtype, content = self.arguments
        return _filled(content, dtype, (), "C")[()]


class _Encode(metaclass=_Fixed):
    """``_codecs.encode``: how Python 3 writes bytes into old pickles."""

    def __new__(cls, text: str, encoding: str = "latin1") -> Any:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError(f"bytes in {encoding}")
        return text.encode("latin1")


class _NoBytes(metaclass=_Fixed):
    """``bytes()``: how protocols below 3 write the content of an empty array."""

    def __new__(cls) -> Any:
        return b""


_NUMPY: dict[str, dict[str, type]] = {
    "": {"ndarray": StandIn, "dtype": PickledDtype},
    "multiarray": {"_reconstruct": PickledArray, "scalar": _Scalar},
    "numeric": {"_frombuffer": _Buffer},
}


def numpy_names(module: str, name: str) -> Any:
    """The names that arrays, numbers and types of numpy 1 and 2 are pickled with."""
    if (module, name) == ("_codecs", "encode"):
        return _Encode
    if module in ("__builtin__", "builtins") and name == "bytes":
        return _NoBytes
    if module == "numpy":
        return _NUMPY[""].get(name)
    package, _, place = module.rpartition(".")
    return _NUMPY.get(place, {}).get(name) if package in ("numpy.core", "numpy._core") else None


class RestrictedUnpickler(pickle.Unpickler):
    """An unpickler that answers only `names`. Raises ForbiddenName for any other."""

    def __init__(self, stream: BinaryIO, names: Names = numpy_names) -> None:
        # Python 2 wrote byte strings; latin1 is the encoding in which numpy's arrays are stored in them.
        super().__init__(stream, encoding="latin1")
        self._names = names

    def find_class(self, module: str, name: str, /) -> Any:
        found = self._names(module, name)
        if found is None:
            raise ForbiddenName(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any, /) -> Any:
        raise ForbiddenName("an object outside the file")


def load_plain(stream: BinaryIO, names: Names = numpy_names) -> Any:
    """The content of a pickle as dicts, lists, tuples, text, numbers and numpy arrays.

    Raises ForbiddenName, or whatever a damaged pickle leads to (any Exception).
    """
    return plain(RestrictedUnpickler(stream, names).load())


def plain(value: Any) -> Any:
    """`value` with the stand-ins for arrays and numbers of numpy replaced by these, in containers too.

    Raises UnpicklingError for any other stand-in.
    """
    if isinstance(value, ArrayStandIn):
        return value.array()
    if isinstance(value, _Scalar):
        return value.number()
    if isinstance(value, StandIn | type):
        raise pickle.UnpicklingError(f"an object ({type(value).__name__}) instead of an array")
    if isinstance(value, dict):
        return {plain(key): plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(held) for held in value)
    return value


def _filled(content: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any]:
    """An array from its stored bytes, or from the list of its objects."""
    if not isinstance(dtype, PickledDtype) or not isinstance(shape, tuple):
        raise pickle.UnpicklingError("an array without shape and type")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise pickle.UnpicklingError(f"an array of shape {shape}")
    kind, count = dtype.dtype(), math.prod(shape)
    order = "F" if order == "F" else "C"
    if kind.hasobject:
        if not isinstance(content, list) or len(content) != count:
            raise pickle.UnpicklingError("an array of objects of another number than its shape")
        objects = np.empty(count, object)
        for i, held in enumerate(content):  # one by one: numpy would spread an array over its neighbours
            objects[i] = plain(held)
        return objects.reshape(shape, order=order)
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray) or len(content) != count * kind.itemsize:
        raise pickle.UnpicklingError("an array whose bytes do not fit its shape")
    if kind.itemsize == 0:
        return np.zeros(shape, kind)
    return np.frombuffer(content, kind).reshape(shape, order=order).copy(order)
