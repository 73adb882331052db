"""The default feature extractor: a small residual network from one frame's landmarks to one feature vector
(method section 3.2).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LandmarkEncoder(nn.Module):
    """Inputs (..., n) -> features (..., C). Inputs are standardised by the training data's own mean and
    spread.
    """

    def __init__(self, inputs: int, hidden: int, C: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, C)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("std", torch.ones(inputs))

    mean: Tensor
    std: Tensor

    def standardise_by(self, inputs: Tensor) -> None:
        """Takes mean and spread from a sample (..., n); the floor keeps constant inputs from exploding."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        self.mean.copy_(flat.mean(0))
        self.std.copy_(flat.std(0).clamp_min(0.02))

    def forward(self, x: Tensor) -> Tensor:
        """(..., n) -> (..., C). Values beyond six spreads say no more than six spreads."""
        h = nn.functional.gelu(self.first(((x - self.mean) / self.std).clamp(-6, 6)))
        h = h + nn.functional.gelu(self.second(h))
        return self.last(h)
