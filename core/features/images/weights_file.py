"""Reads somebody else's weights file into plain tensors, without running anything the file may ask for
(method section 3.1).
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...errors import FileCorrupt, InputError


class BackboneMissing(InputError):
    code = "features.backbone_missing"
    exit_code = 5


class BackboneCorrupt(FileCorrupt):
    code = "features.backbone_corrupt"


class BackboneUnsafe(InputError):
    """The file wants something run; it was not."""

    code = "features.backbone_unsafe"
    exit_code = 5


# What checkpoints hold beside tensors and plain Python values: counters and scores that are numpy scalars.
# Their constructor bears two names, because its module moved with numpy 2; files of both ages exist.
_SCALAR = np.float64(0).__reduce__()[0]
_ALLOWED: list[Any] = [
    (_SCALAR, "numpy.core.multiarray.scalar"),
    (_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("bool", "int32", "int64", "float32", "float64")),
]


def read_state(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The state dict in a `.safetensors` file or in one of `torch.save`, old or new format.

    A training checkpoint is entered through its key ``model``; the prefix ``module.`` of parallel training is
    taken off.

    Returns:
        Tensors by name, and the names of what lay beside them (the optimizer's state, counters), not read.

    Raises:
        BackboneMissing: there is no such file.
        BackboneUnsafe: its pickle names anything but tensors and numbers; nothing of it was run.
        BackboneCorrupt: it is no weights file, is cut off, or holds no state dict.
    """
    path = Path(path)
    if not path.is_file():
        raise BackboneMissing(f"Point to an existing backbone file: {path} does not exist.")
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    beside: tuple[str, ...] = ()
    if isinstance(content, Mapping) and isinstance(content.get("model"), Mapping):
        beside = tuple(sorted(str(key) for key in content if key != "model"))
        content = content["model"]
    if not isinstance(content, Mapping) or not any(isinstance(value, Tensor) for value in content.values()):
        raise BackboneCorrupt(
            f"{path.name} holds no weights: expected a dictionary of tensors, or one under the key 'model'."
        )
    state = {str(name).removeprefix("module."): value for name, value in content.items()}
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise BackboneCorrupt(f"{path.name}: '{name}' is a {type(value).__name__}; expected a tensor.")
    return state, beside


def _safetensors(path: Path) -> object:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _pickled(path: Path) -> object:
    try:
        with torch.serialization.safe_globals(_ALLOWED):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "global" in str(error).lower():
            raise BackboneUnsafe(
                f"{path.name} asks for {_wanted(error)}, which no weights need; nothing of it was run. "
                "Use the file that the authors published."
            ) from error
        raise _unreadable(path, error) from error
    except Exception as error:  # a damaged pickle can raise anything
        raise _unreadable(path, error) from error


def _wanted(error: Exception) -> str:
    """The name that torch refused, out of its long advice."""
    words = str(error).replace(",", " ").split()
    after = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "GLOBAL"]
    return after[0].strip("`'\"") if after else "something to be run"


def _unreadable(path: Path, error: Exception) -> BackboneCorrupt:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return BackboneCorrupt(f"Get the backbone file again: {path.name} cannot be read ({reason}).")
