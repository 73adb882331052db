"""Which device to compute on."""

from __future__ import annotations

import torch


def choose_device(name: str) -> torch.device:
    """ "auto" is the first of CUDA (ROCm counts as CUDA), MPS and CPU that torch can see."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
