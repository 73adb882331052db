"""Frequency enhancement along time (method section 4.3): parameter-free, applied before a recurrent
encoder.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .presets import FdeConfig


def enhance(F: Tensor, config: FdeConfig) -> Tensor:
    """F (N, T, C) -> F_k (N, T, C) according to ``config.mode``.

    ``boost`` adds the moving part once more (with k_c = 1 and gamma = 1 that is exactly 2F - mean),
    ``highpass`` keeps it alone, ``identity`` is the control, ``even`` and ``fnet`` are the two readings of an
    implementation that drops the imaginary part or the inverse. ``off`` has no result: the branch does not
    exist then.
    """
    if config.mode == "identity":
        return F
    if config.mode == "boost":
        return F + config.gamma * moving_part(F, config.k_c)
    if config.mode == "highpass":
        return moving_part(F, config.k_c)
    if config.mode == "even":
        # (F_t + F_{-t mod T}) / 2 is what the inverse of the real part alone gives.
        return 0.5 * (F + torch.roll(F.flip(1), 1, dims=1))
    if config.mode == "fnet":
        return torch.fft.fft2(F.float(), dim=(1, 2)).real.to(F.dtype)
    raise ValueError(f"frequency mode {config.mode!r} has no transform")


def moving_part(F: Tensor, k_c: int) -> Tensor:
    """F (N, T, C) without the temporal frequency bins below `k_c`."""
    if k_c == 1:  # mean removal, exactly, and without leaving the working precision
        return F - F.mean(1, keepdim=True)
    Z = torch.fft.rfft(F.float(), dim=1)
    Z = Z * (torch.arange(Z.shape[1], device=F.device) >= k_c)[None, :, None]
    return torch.fft.irfft(Z, n=F.shape[1], dim=1).to(F.dtype)
