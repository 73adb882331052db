"""Random numbers for the simulator: everything is decided by one seed, so that a resumed training sees the
same batches (method section 6.2).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Draw:
    """Draws of one torch generator."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""
        return torch.randn(*shape, generator=self.generator)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Uniform in [low, high)."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Uniform in the logarithm."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def chance(self, p: float, *shape: int) -> Tensor:
        """Booleans, true with probability p."""
        return torch.rand(*shape, generator=self.generator) < p

    def pick(self, n: int, *shape: int) -> Tensor:
        """Integers in [0, n)."""
        return torch.randint(0, n, shape, generator=self.generator)

    def drift(self, B: int, T: int, *shape: int, knots: int) -> Tensor:
        """Smooth series (B, T, *shape) of unit variance: `knots` normal values per 16 frames, joined
        linearly.
        """
        K = max(knots, round(knots * T / 16), 2)
        x = torch.linspace(0, K - 1, T) if T > 1 else torch.zeros(1)
        i = x.floor().long().clamp_max(K - 2)
        w = (x - i).view(1, T, *[1] * len(shape))
        n = self.normal(B, K, *shape)
        return (n[:, i] * (1 - w) + n[:, i + 1] * w) / ((1 - w) ** 2 + w**2).sqrt()

    def run(self, B: int, T: int, p: float) -> Tensor:
        """Masks (B, T) in {0, 1}: with probability p (per 16 frames) one contiguous run of frames, else
        nothing.
        """
        length = self.uniform(B) * 16 + 2
        first = self.uniform(B) * T * 1.2 - 0.1 * T
        t = torch.arange(T)[None]
        inside = (t >= first[:, None]) & (t < (first + length)[:, None])
        return (inside & self.chance(1 - (1 - p) ** max(T / 16, 1), B, 1)).float()
