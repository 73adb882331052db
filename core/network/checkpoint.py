"""Weights on disk: safetensors, float16, the configuration as JSON in the header. Nothing in the file is
ever executed.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..errors import FileCorrupt, InputError
from .model import BodyNetwork
from .presets import BadModelConfig, NetworkConfig

SCHEMA = "1"
FULL_PRECISION = (
    "encoder.mean",
    "encoder.std",
    "regressor.initial",
)  # small, and the scale of everything hangs on them


class CheckpointCorrupt(FileCorrupt):
    code = "model.checkpoint_corrupt"


class CheckpointMissing(InputError):
    code = "model.checkpoint_missing"
    exit_code = 5


def save(model: BodyNetwork, path: str | Path, notes: dict[str, Any] | None = None) -> None:
    """Writes `model` (all of its state in float16 but for a few small buffers) to `path`, atomically."""
    path = Path(path)
    tensors = {
        name: value.detach().to(torch.float32 if name in FULL_PRECISION else torch.float16).contiguous()
        for name, value in model.state_dict().items()
    }
    header = {
        "schema": SCHEMA,
        "config": json.dumps(model.config.to_dict()),
        "notes": json.dumps(notes or {}),
    }
    temporary = path.with_name(path.name + ".part")
    save_file(tensors, temporary, metadata=header)
    os.replace(temporary, path)


def load(path: str | Path, device: str | torch.device = "cpu") -> BodyNetwork:
    """Reads a model for inference (float32, eval).

    Raises:
        CheckpointMissing: there is no such file.
        CheckpointCorrupt: it is not a checkpoint of this project, is cut off, or does not fit its own
        configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointMissing(f"Point to an existing checkpoint: {path} does not exist.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            header = file.metadata() or {}
            if header.get("schema") != SCHEMA:
                raise CheckpointCorrupt(
                    f"Use a checkpoint made by this version: {path.name} has no schema {SCHEMA}."
                )
            config = NetworkConfig.from_dict(json.loads(header["config"]))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a dict)
        model = BodyNetwork(config)
        model.load_state_dict(tensors)
    except (SafetensorError, KeyError, RuntimeError, TypeError, ValueError, BadModelConfig, OSError) as error:
        raise CheckpointCorrupt(
            f"Fetch or train the checkpoint again: {path.name} cannot be read ({_first_line(error)})."
        ) from error
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise CheckpointCorrupt(
            f"Fetch or train the checkpoint again: {path.name} holds values that are not finite."
        )
    return model.to(device).eval().requires_grad_(False)


def notes(path: str | Path) -> dict[str, Any]:
    """What training wrote beside the weights: steps, errors on validation, seed."""
    with safe_open(Path(path), framework="pt") as file:
        return json.loads((file.metadata() or {}).get("notes", "{}"))


def default_path() -> Path:
    """Where the shipped weights lie."""
    return Path(__file__).with_name("weights") / "default.safetensors"


@cache
def load_default(device: str = "cpu") -> BodyNetwork:
    """The shipped model, loaded once per process."""
    return load(default_path(), device)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
