"""The state that an interrupted training goes on from: one file, replaced as a whole, never executed (method
section 6).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from ..errors import FileCorrupt
from .settings import BadTrainSettings

STATE = "training.pt"


class NothingToResume(BadTrainSettings):
    code = "train.nothing_to_resume"


class StateCorrupt(FileCorrupt):
    code = "train.state_corrupt"


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Writes `state` (tensors and plain values) into `folder`; an interruption leaves the old one."""
    temporary = folder / (STATE + ".part")
    torch.save(state, temporary)
    os.replace(temporary, folder / STATE)


def read_state(folder: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Inverse of `write_state`.

    Raises:
        NothingToResume: the folder holds no state.
        StateCorrupt: the file is cut off or not ours; nothing in it was executed.
    """
    path = folder / STATE
    try:
        return torch.load(path, weights_only=True, map_location=device)
    except FileNotFoundError:
        raise NothingToResume(f"Start without resume: {folder} holds no training to continue.") from None
    except Exception as error:  # torch raises whatever the damage makes it stumble over
        raise StateCorrupt(
            f"Delete {path} and start without resume: it cannot be read ({type(error).__name__})."
        ) from error
