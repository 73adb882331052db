"""Dynamic integration: one learned weight per input and sample, softmax-normalised (method section 4.0,
DIS).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .presets import DisConfig


class DynamicIntegration(nn.Module):
    """Weights for n semantic inputs of widths `dims`, computed from one summary vector of each.

    With `final_tanh` every logit stays in [-1, 1], so that no branch can be silenced altogether.
    With `shared_reduce` inputs of equal width share one reduction.
    """

    def __init__(self, dims: Sequence[int], config: DisConfig) -> None:
        super().__init__()
        hidden, n = config.hidden, len(dims)
        widths = sorted(set(dims)) if config.shared_reduce else list(dims)
        self.slots = [widths.index(d) for d in dims] if config.shared_reduce else list(range(n))
        self.reduce = nn.ModuleList(nn.Linear(d, hidden) for d in widths)
        layers: list[nn.Module] = [
            nn.Linear(hidden * n, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, n),
        ]
        self.score = nn.Sequential(*layers, nn.Tanh()) if config.final_tanh else nn.Sequential(*layers)

    def forward(self, summaries: Sequence[Tensor]) -> Tensor:
        """n summaries (N, d_i) -> weights (N, n) that sum to one."""
        reduced = [self.reduce[slot](x) for slot, x in zip(self.slots, summaries, strict=True)]
        return torch.softmax(self.score(torch.cat(reduced, -1)).float(), -1)


def spread(weights: Tensor, like: Tensor) -> list[Tensor]:
    """Weights (N, n) -> n tensors that broadcast against `like` (N, C) or (N, T, C)."""
    shape = (weights.shape[0],) + (1,) * (like.dim() - 1)
    return [w.reshape(shape).to(like.dtype) for w in weights.unbind(1)]


def weighted_sum(weights: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Sum of a_i x_i for inputs of one shape, (N, C) or (N, T, C)."""
    return sum(
        (w * x for w, x in zip(spread(weights, inputs[0]), inputs, strict=True)), torch.zeros_like(inputs[0])
    )
