"""A GRU taken apart: its input projection, which depends on one frame only, and its recurrent step (method
section 9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Direction:
    """One direction of one layer: how a step goes once the input is projected (method section 9, a and c).

    With p = W_i x + bias, a step is r, z = sigmoid(p_rz + W_rz h), n = tanh(p_n + r (W_n h + new_bias)),
    h' = n + z (h - n): torch's own GRU, whose two biases of r and z are joined in `bias`.
    """

    input_weight: Tensor  # (3h, c)
    hidden_weight: Tensor  # (h, 3h), turned for rows from the left
    bias: Tensor  # (3h,)
    new_bias: Tensor  # (h,) stays inside the reset gate
    backward: bool

    def project(self, x: Tensor) -> Tensor:
        """(..., c) -> (..., 3h), without the bias: that is added after what is mixed over time is mixed."""
        return functional.linear(x, self.input_weight)

    def states(
        self, projected: Callable[[int], Tensor], steps: Sequence[int], length: int
    ) -> dict[int, Tensor]:
        """Hidden states (N, h) after the wanted `steps` of a sequence of `length`, starting from zero.

        No step is taken that none of the wanted ones needs. `projected` gives (N, 3h) for one step.
        """
        order = range(length - 1, min(steps) - 1, -1) if self.backward else range(max(steps) + 1)
        wanted, kept = set(steps), {}
        h = None
        for k in order:
            h = self._step(projected(k), h)
            if k in wanted:
                kept[k] = h
        return kept

    def _step(self, p: Tensor, h: Tensor | None) -> Tensor:
        p = p + self.bias
        size = len(self.new_bias)
        if h is None:  # from the zero state there is nothing to multiply
            r, z = p[:, : 2 * size].sigmoid().chunk(2, -1)
            n = torch.addcmul(p[:, 2 * size :], r, self.new_bias).tanh()
            return n - z * n
        g = h @ self.hidden_weight
        r, z = g[:, : 2 * size].add_(p[:, : 2 * size]).sigmoid_().chunk(2, -1)
        n = torch.addcmul(p[:, 2 * size :], r, g[:, 2 * size :].add_(self.new_bias)).tanh_()
        return torch.addcmul(n, z, h - n)


def directions(gru: nn.GRU, layer: int) -> list[Direction]:
    """The directions of one layer, forward first; they share the module's weights."""
    found = []
    for suffix in ("", "_reverse") if gru.bidirectional else ("",):
        weight_ih, weight_hh, bias_ih, bias_hh = (
            getattr(gru, f"{name}_l{layer}{suffix}").detach()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h = gru.hidden_size
        joined = torch.cat([bias_ih[: 2 * h] + bias_hh[: 2 * h], bias_ih[2 * h :]])
        found.append(Direction(weight_ih, weight_hh.t(), joined, bias_hh[2 * h :], bool(suffix)))
    return found
