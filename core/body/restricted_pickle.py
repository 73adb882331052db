"""Reads the legacy pickles in which SMPL was published, without ever running what a pickle asks to be run
(method section 4.6).

To what `core.restricted_pickle` reads, arrays, it adds inert stand-ins for the two packages whose objects the
official files hold. Everything else, and every stand-in used in a way these files do not, ends the reading.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..motion.body import BodyFileCorrupt
from ..restricted_pickle import ForbiddenName, RestrictedUnpickler, StandIn, numpy_names, plain


class BodyFileUnsafe(InputError):
    """The pickle wants something run; it was not."""

    code = "body.file_unsafe"
    exit_code = 5


class _Record(StandIn):
    """Stands in for an object of a package that is not loaded: keeps its state, does nothing."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
            state = state[0]
        if not isinstance(state, dict):
            raise pickle.UnpicklingError("an object without a plain state")
        self.state = state


class _Chumpy(_Record):
    """An expression of the package chumpy: a constant (``x``), or a selection of another one's numbers."""

    def array(self) -> NDArray[Any]:
        if "x" in self.state:
            return as_array(self.state["x"])
        if {"a", "idxs", "preferred_shape"} <= self.state.keys():
            chosen = as_array(self.state["a"]).ravel()[as_array(self.state["idxs"]).astype(np.int64)]
            return chosen.reshape([int(n) for n in plain(self.state["preferred_shape"])])
        raise pickle.UnpicklingError(f"a chumpy expression with {sorted(self.state)}")


class _Sparse(_Record):
    """A compressed sparse matrix of scipy, of columns or of rows."""

    by_column = True

    def array(self) -> NDArray[Any]:
        shape = self.state.get("_shape", self.state.get("shape"))
        if not isinstance(shape, tuple) or len(shape) != 2:
            raise pickle.UnpicklingError("a sparse matrix without a shape")
        rows, columns = (int(n) for n in plain(shape))
        data, indices, starts = (as_array(self.state[key]) for key in ("data", "indices", "indptr"))
        lines = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        dense = np.zeros((rows, columns), data.dtype)
        place = (indices, lines) if self.by_column else (lines, indices)
        np.add.at(dense, place, data)
        return dense


class _SparseRows(_Sparse):
    by_column = False


class _Rebuilt(StandIn):
    """``_reconstructor``: Python 2's way to make an instance of a plain class; here only of a stand-in."""

    def __new__(cls, kind: Any, _base: Any, _state: Any) -> Any:
        if not (isinstance(kind, type) and issubclass(kind, _Record)):
            raise pickle.UnpicklingError("an instance of something else than an array")
        return kind()


def _names(module: str, name: str) -> Any:
    """What official SMPL files are made of."""
    package = module.partition(".")[0]
    if package == "chumpy":
        return _Chumpy
    if package == "scipy" and ".sparse" in module and name in ("csc_matrix", "csr_matrix"):
        return _Sparse if name == "csc_matrix" else _SparseRows
    if (module, name) in (("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")):
        return _Rebuilt
    if (module, name) in (("__builtin__", "object"), ("builtins", "object")):
        return _Record
    return numpy_names(module, name)


def as_array(value: Any) -> NDArray[Any]:
    """What a file holds under one key, as a plain array: arrays, sparse matrices, chumpy constants."""
    if isinstance(value, (_Chumpy, _Sparse)):
        return value.array()
    if isinstance(value, _Record):
        raise pickle.UnpicklingError("an object instead of an array")
    array = np.asarray(plain(value))
    if array.dtype.hasobject:
        raise pickle.UnpicklingError("an array of objects instead of numbers")
    return array


def read_pickled_dict(path: Path) -> dict[str, Any]:
    """The top dictionary of a pickle; pass its values through `as_array`.

    Raises:
        BodyFileUnsafe: it names anything but arrays; nothing of it was run.
        BodyFileCorrupt: it is not a pickle, is cut off, or does not hold a dictionary.
    """
    try:
        with open(path, "rb") as stream:
            content = RestrictedUnpickler(stream, _names).load()
    except ForbiddenName as error:
        raise BodyFileUnsafe(
            f"This file asks to run {error.name}, which no SMPL body needs; it was not run. "
            "Use the file from the SMPL website."
        ) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise BodyFileCorrupt(
            f"{path.name} is not a readable SMPL file ({error}): download it again from the SMPL website."
        ) from error
    if not isinstance(content, dict):
        raise BodyFileCorrupt(f"{path.name} does not hold a body: choose the SMPL model file.")
    return {str(key): value for key, value in content.items()}
