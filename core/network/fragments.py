"""Stage 2, inter-frame co-segmentation: time fragments, their superposition, one integration each (method
section 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .integration import DynamicIntegration, spread, weighted_sum
from .presets import NetworkConfig, Output
from .recurrent import RecurrentEncoder


@dataclass
class Stage2Signals:
    """Encoded fragments H x (N, T/H, C), and in each the step that `mid` output reads.

    Whoever reads only some steps gives only those; `nearest` counts among the given ones.
    """

    fragments: list[Tensor]
    nearest: list[int]


class TimeFragments(nn.Module):
    """Stage 2: contiguous fragments of the window, each through its own recurrent encoder (or one for
    all).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        C, H = config.C, config.stage2.fragments
        encoders = 1 if config.stage2.encoder == "shared" else H
        self.encoders = nn.ModuleList(
            RecurrentEncoder(C, C, config.gru.hidden, config.gru) for _ in range(encoders)
        )
        self.plain = DynamicIntegration([C] * H, config.dis)
        superposed = config.stage2.superpose != "none"
        self.superposed = DynamicIntegration([C] * H, config.dis) if superposed else None
        self.gain = nn.Parameter(torch.ones(())) if config.stage2.superpose == "learned" else None

    @property
    def branches(self) -> int:
        """How many vectors `integrate` returns: with or without the superposition branch."""
        return 1 if self.superposed is None else 2

    def forward(self, F: Tensor) -> Stage2Signals:
        """F (N, T, C) -> H encoded fragments (N, T/H, C)."""
        parts = F.chunk(self.config.stage2.fragments, 1)
        encoded = [self.encoders[j % len(self.encoders)](part) for j, part in enumerate(parts)]
        return Stage2Signals(encoded, nearest_steps(self.config))

    def superpose(self, Y: Sequence[Tensor]) -> list[Tensor]:
        """Fragments added to fragments: to themselves (``self``), to all before (``cumulative``), to their
        mirror (``cross``).

        ``gain1`` is the control of ``self``: the branch kept, nothing added.
        """
        mode = self.config.stage2.superpose
        if mode == "self":
            return [2 * y for y in Y]
        if mode == "gain1":
            return list(Y)
        if mode == "learned":
            return [(1 + self.gain) * y for y in Y]  # type: ignore[operator]
        if mode == "cross":
            return [y + z for y, z in zip(Y, reversed(Y), strict=True)]
        if mode == "cumulative":
            return list(torch.cumsum(torch.stack(list(Y)), 0))
        raise ValueError(f"superposition {mode!r} has no branch")

    def integrate(self, signals: Stage2Signals, output: Output) -> list[Tensor]:
        """Encoded fragments -> [branch 1, branch 2], each (N, C) for ``mid`` or (N, T, C) for
        ``sequence``.
        """
        Y, nearest = signals.fragments, signals.nearest
        results = [_merge(self.plain, Y, nearest, output)]
        if self.superposed is not None:
            results.append(_merge(self.superposed, self.superpose(Y), nearest, output))
        return results


def _merge(
    integration: DynamicIntegration, Y: Sequence[Tensor], nearest: Sequence[int], output: Output
) -> Tensor:
    if output == "mid":
        steps = [y[:, i] for y, i in zip(Y, nearest, strict=True)]
        return weighted_sum(integration(steps), steps)
    weights = spread(integration([y.mean(1) for y in Y]), Y[0])
    # The factor H keeps unit gain at uniform weights: here the weights re-weight each fragment in its place.
    return torch.cat([len(Y) * w * y for w, y in zip(weights, Y, strict=True)], 1)


def nearest_steps(config: NetworkConfig) -> list[int]:
    """For each fragment the step closest to the window's middle frame (method section 4.4)."""
    H, m = config.stage2.fragments, config.mid
    length = config.T // H
    return [min(max(m - j * length, 0), length - 1) for j in range(H)]
