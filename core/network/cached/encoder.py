"""A recurrent encoder of which the frame's share is computed once and only the wanted steps are taken
(method section 9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ..recurrent import RecurrentEncoder
from .gru import Direction, directions
from .time_mixing import TimeMixing


class CachedEncoder:
    """`RecurrentEncoder` in two halves: `project` per frame, `read` per window (method section 9, a to c).

    With several GRU layers the first is cached; the others read the states of the layer below and are
    projected per window, and only of the last one steps can be left out.
    """

    def __init__(self, encoder: nn.Module, mixing: TimeMixing | None = None) -> None:
        assert isinstance(encoder, RecurrentEncoder)  # a ModuleList knows its members as modules only
        self.encoder, self.mixing = encoder, mixing
        self.layers = [directions(encoder.gru, layer) for layer in range(encoder.gru.num_layers)]

    def project(self, x: Tensor) -> list[Tensor]:
        """Frames (n, c_in) -> what windows need of each, (n, ...): projections, and the input of a residual
        path.
        """
        parts = [map_(x) for map_ in self.mixing.maps] if self.mixing else [x]
        rows = [direction.project(part) for direction in self.layers[0] for part in parts]
        return rows + parts if self.encoder.residual else rows

    def read(self, rows: list[Tensor], index: Tensor, steps: Sequence[int]) -> Tensor:
        """Windows whose k-th frame is row `index[:, k]` -> the encoder's output at `steps`, (N, len(steps),
        c_out).
        """
        length = index.shape[1]
        parts = len(self.mixing.maps) if self.mixing else 1
        groups = [rows[i : i + parts] for i in range(0, len(rows), parts)]
        last = len(self.layers) - 1
        found: Tensor | None = None
        for depth, layer in enumerate(self.layers):
            wanted = steps if depth == last else range(length)
            states = []
            for direction, group in zip(layer, groups, strict=False):
                if found is None:
                    projected = self._frames(group, index, needed(direction, wanted, length))
                else:
                    projected = _steps(direction.project(found))
                kept = direction.states(projected, wanted, length)
                states.append(torch.stack([kept[k] for k in wanted], 1))
            found = torch.cat(states, -1)
        assert found is not None
        y = self.encoder.project(found.relu())
        if not self.encoder.residual:
            return y
        x = self._frames(groups[-1], index, slice(0, length))
        return torch.stack([x(k) for k in steps], 1) + y

    def _frames(self, group: list[Tensor], index: Tensor, steps: slice) -> Callable[[int], Tensor]:
        """One window step (N, c) at a time, mixed over the window where the encoder's input is."""
        if self.mixing is None:
            return lambda k: group[0][index[:, k]]
        mixed = self.mixing.mix([rows[index] for rows in group], steps)
        return lambda k: mixed[:, k - steps.start]


def needed(direction: Direction, steps: Sequence[int], length: int) -> slice:
    """The steps of a sequence of `length` that `direction` takes to reach the wanted ones."""
    return slice(min(steps), length) if direction.backward else slice(0, max(steps) + 1)


def _steps(x: Tensor) -> Callable[[int], Tensor]:
    return lambda k: x[:, k]
