"""What result files of other systems may name: arrays, tensors and plain containers, all as stand-ins."""

from __future__ import annotations

from typing import Any

from ..restricted_pickle import StandIn, numpy_names
from .torch_tensors import torch_names


class _PlainDict(metaclass=type(StandIn)):
    """``OrderedDict`` and ``defaultdict``: a plain dict, whatever it was made with."""

    def __new__(cls, *_: Any) -> Any:
        return {}


class _Factory(StandIn):
    """What a ``defaultdict`` would have made: named in the file, never made."""


def result_names(module: str, name: str) -> Any:
    """The names of numpy, of tensors and of containers; None for any other."""
    if (module, name) in (("collections", "OrderedDict"), ("collections", "defaultdict")):
        return _PlainDict
    if module in ("builtins", "__builtin__") and name in ("dict", "list"):
        return _Factory
    return torch_names(module, name) or numpy_names(module, name)
