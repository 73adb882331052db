"""The frequency enhancement as what it is: per-frame channel maps, mixed over the window by fixed matrices.

Because mixing over time and projecting channels commute, the recurrent encoder's projection is done once per
frame and only its result is mixed in each window (method section 9 b).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..frequency import enhance
from ..presets import FdeConfig


@dataclass(frozen=True)
class TimeMixing:
    """F_k = sum_i matrices[i] maps[i](F): maps act on one frame's channels, matrices (T, T) on the window."""

    maps: tuple[Callable[[Tensor], Tensor], ...]
    matrices: tuple[Tensor, ...]

    def mix(self, parts: list[Tensor], steps: slice) -> Tensor:
        """Windows of every part (N, T, c) -> the mixed rows of `steps`, (N, len, c)."""
        return sum(
            (L[steps] @ part for L, part in zip(self.matrices[1:], parts[1:], strict=True)),
            self.matrices[0][steps] @ parts[0],
        )


def time_mixing(config: FdeConfig, like: Tensor, T: int) -> TimeMixing | None:
    """The mixing of one mode on the device and in the precision of `like`; None where nothing is mixed."""
    if config.mode in ("identity", "off"):
        return None
    if config.mode == "fnet":
        # Re(DFT_t(G)) of the complex per-frame spectrum G = DFT_c(F) is cos Re(G) + sin Im(G).
        angle = 2 * torch.pi / T * torch.outer(torch.arange(T), torch.arange(T)).double()
        matrices = (angle.cos(), angle.sin())
        maps = (lambda x: torch.fft.fft(x.float()).real, lambda x: torch.fft.fft(x.float()).imag)
        maps = tuple(_in_precision_of(map_, like) for map_ in maps)
    else:  # linear over time and blind to channels: what it does to the unit windows is its matrix
        matrices, maps = (enhance(torch.eye(T)[None], config)[0],), (lambda x: x,)
    return TimeMixing(maps, tuple(L.float().to(like) for L in matrices))


def _in_precision_of(map_: Callable[[Tensor], Tensor], like: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: map_(x).to(like.dtype)
