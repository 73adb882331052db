"""Weights on disk: safetensors, float16, the configuration as JSON in the header. Nothing in the file is
ever executed (method section 8b).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..errors import FileCorrupt, InputError
from .model import BodyNetwork
from .presets import BadModelConfig, NetworkConfig, preset

SCHEMA = "1"
FULL_PRECISION = (
    "encoder.mean",
    "encoder.std",
    "regressor.initial",
)  # small, and the scale of everything hangs on them


class CheckpointCorrupt(FileCorrupt):
    code = "model.checkpoint_corrupt"


class CheckpointOfAnotherNetwork(InputError):
    code = "model.checkpoint_of_another_network"
    exit_code = 5


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


def load(
    path: str | Path, device: str | torch.device = "cpu", *, expect: NetworkConfig | str | None = None
) -> BodyNetwork:
    """Reads a model for inference (float32, eval).

    Args:
        expect: the configuration, or the name of the preset, that the file must hold. The output mode may
            differ: every network answers both.

    Raises:
        UnknownPreset: `expect` names none.
        CheckpointOfAnotherNetwork: the file holds a good network, but not the expected one.
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
            _check_expected(path, config, expect)
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


def _check_expected(path: Path, config: NetworkConfig, expect: NetworkConfig | str | None) -> None:
    if expect is None:
        return
    asked = f"the preset {expect}" if isinstance(expect, str) else "the configuration asked for"
    wanted = preset(expect) if isinstance(expect, str) else expect
    for (key, held), (_, value) in zip(_leaves(config.to_dict()), _leaves(wanted.to_dict()), strict=True):
        if held != value and key != "output":
            raise CheckpointOfAnotherNetwork(
                f"Choose a checkpoint of {asked}: {path.name} has {key} = {held}, not {value}."
            )


def _leaves(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield above + key, value


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
