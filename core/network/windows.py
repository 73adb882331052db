"""A whole clip through a network that sees T frames at a time: overlapping windows, cross-faded."""

from __future__ import annotations

import torch
from torch import Tensor

from .model import BodyNetwork
from .presets import Output
from .regressor import BodyState
from .rotations import orthonormal

STRIDE = 4  # frames between windows in `sequence` output: each frame is answered four times
BATCH = 64


def window_starts(frames: int, T: int, stride: int) -> list[int]:
    """First frames of the windows that cover `frames` (at least T) frames; the last window ends on the
    last frame.
    """
    return sorted({*range(0, frames - T + 1, stride), frames - T})


@torch.inference_mode()
def run_windows(
    model: BodyNetwork,
    inputs: Tensor,
    folded: tuple[Tensor, Tensor],
    output: Output | None = None,
    stride: int = STRIDE,
    *,
    edge: str = "replicate",
) -> BodyState:
    """Inputs (F, n) of one clip at the network's rate -> one body per frame, (F, ...), on the CPU.

    ``sequence``: windows every `stride` frames, blended by a raised cosine (rotations as matrices, made
    orthonormal again). ``mid``: one window per frame, its indices clamped to the clip. Clips shorter than a
    window are continued by their last frame.
    """
    output = output or model.config.output
    device = next(model.parameters()).device
    folded = (folded[0].to(device), folded[1].to(device))
    features = model.features(inputs.to(device))
    if output == "mid":
        return _middle_frames(model, features, folded, edge)
    T, frames = model.config.T, len(features)
    padded = features[torch.arange(max(frames, T)).clamp_max(frames - 1)]
    starts = torch.tensor(window_starts(len(padded), T, stride))
    fade = torch.hann_window(T + 2, periodic=False, device=device)[1:-1] + 1e-3
    total = torch.zeros(len(padded), 24 * 9 + 10 + 3, device=device)
    weight = torch.zeros(len(padded), 1, device=device)
    for chunk in starts.split(BATCH):
        index = (chunk[:, None] + torch.arange(T)).to(device)
        body = model.predict(padded[index], folded, "sequence")
        flat = torch.cat([body.rotations.flatten(-3), body.betas, body.cam], -1)
        total.index_add_(0, index.flatten(), (fade[:, None] * flat).flatten(0, 1))
        weight.index_add_(0, index.flatten(), fade[:, None].repeat(len(chunk), 1))
    rotations, betas, cam = (total / weight)[:frames].cpu().split([24 * 9, 10, 3], -1)
    rotations = rotations.reshape(frames, 24, 3, 3)
    return BodyState(orthonormal(rotations[..., 0], rotations[..., 1]), betas, cam)


def _middle_frames(
    model: BodyNetwork, features: Tensor, folded: tuple[Tensor, Tensor], edge: str
) -> BodyState:
    T, mid, frames = model.config.T, model.config.mid, len(features)
    index = torch.arange(frames)[:, None] + torch.arange(T) - mid
    if edge == "static":  # the first `mid` and the last T - 1 - mid frames see only themselves
        outside = (index < 0).any(1) | (index >= frames).any(1)
        index[outside] = torch.arange(frames)[outside, None].expand(-1, T)
    index = index.clamp(0, frames - 1)
    parts = [model.predict(features[rows], folded, "mid") for rows in index.split(BATCH)]
    return BodyState(
        *(torch.cat([getattr(p, name).cpu() for p in parts]) for name in ("rotations", "betas", "cam"))
    )
