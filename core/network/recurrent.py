"""The bidirectional GRU encoder that every branch of the network is made of."""

from __future__ import annotations

from torch import Tensor, nn

from .presets import GruConfig


class RecurrentEncoder(nn.Module):
    """GRU over time, ReLU, linear projection: (N, T, c_in) -> (N, T, c_out). Method section 4.0.

    There is no residual path by default: the lineage found that it brings the per-frame jitter back.
    """

    def __init__(self, c_in: int, c_out: int, hidden: int, config: GruConfig) -> None:
        super().__init__()
        self.gru = nn.GRU(c_in, hidden, config.layers, batch_first=True, bidirectional=config.bidirectional)
        self.project = nn.Linear(hidden * (2 if config.bidirectional else 1), c_out)
        self.residual = config.residual and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, c_in) -> (N, T, c_out); the recurrent state starts at zero."""
        states, _ = self.gru(x)
        y = self.project(states.relu())
        return x + y if self.residual else y
