"""One whole clip through the network: a body for every frame."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState
from .windows import run_windows

Progress = Callable[[str, int, int], None]
Edge = Literal["replicate", "static"]

CHUNK, CONTEXT = 960, 32  # frames at once, and what each chunk sees of its neighbours


def run_clip(
    model: BodyNetwork,
    inputs: Tensor,
    output: Output | None = None,
    *,
    edge: Edge = "replicate",
    look_ahead: int | None = None,
    progress: Progress | None = None,
) -> BodyState:
    """Per-frame inputs (F, n) of one clip -> one body per frame, (F, ...), on the CPU."""
    frames = len(inputs)
    # Folded where double precision exists: not every accelerator has it.
    M, k = copy.deepcopy(model.regressor).cpu().fold()
    folded = (M.float(), k.float())
    parts: list[BodyState] = []
    for first in range(0, frames, CHUNK):
        last = min(first + CHUNK, frames)
        low, high = max(first - CONTEXT, 0), min(last + CONTEXT, frames)
        part = run_windows(model, inputs[low:high], folded, output, edge=edge)
        keep = slice(first - low, last - low)
        parts.append(BodyState(part.rotations[keep], part.betas[keep], part.cam[keep]))
        if progress is not None:
            progress("network", last, frames)
    return BodyState(
        *(torch.cat([getattr(p, name) for p in parts]) for name in ("rotations", "betas", "cam"))
    )
