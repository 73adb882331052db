"""One whole clip through the network: a body for every frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from .inputs import check_inputs
from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState
from .stream import ClipFlow
from .windows import Edge

Progress = Callable[[str, int, int], None]


def run_clip(
    model: BodyNetwork,
    inputs: Tensor,
    output: Output | None = None,
    *,
    edge: Edge = "replicate",
    look_ahead: int | None = None,
    progress: Progress | None = None,
    plain: bool = False,
    source: str | Path | None = None,
) -> BodyState:
    """Per-frame inputs (F, n) of one clip -> one body per frame, (F, ...), on the CPU.

    Args:
        inputs: image features (F, C), or what the model's encoder takes; any F from 1.
        output: ``mid`` or ``sequence``; by default the model's own.
        edge: what stands beyond the ends: ``replicate`` the first and last frame; ``static`` (``mid`` only)
            reproduces the published tables (method section 8).
        look_ahead: for results that equal a `BodyStream` of that look-ahead; by default all there is.
        progress: called as ("network", frames done, frames in all); may raise `Cancelled`.
        plain: every window through the network by itself instead of by shared per-frame projections. Equal
            within 1e-5 and several times slower: the reference.
        source: the file of the inputs, for error messages.

    Raises:
        WrongFeatures, FeaturesNotFinite: of the inputs.
        BadWindowRule: the output has no such edge or look-ahead.
    """
    check_inputs(inputs, model.config, source=source)
    flow = ClipFlow(model, output, edge=edge, look_ahead=look_ahead, longest=len(inputs), plain=plain)
    parts, done = [], 0
    for chunk in inputs.split(flow.chunk):
        parts.append(flow.feed(chunk))
        done += len(chunk)
        if progress is not None:
            progress("network", done, len(inputs))
    parts.append(flow.finish())
    return BodyState(
        *(torch.cat([getattr(part, name) for part in parts]) for name in ("rotations", "betas", "cam"))
    )
