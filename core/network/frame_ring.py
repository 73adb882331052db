"""The last frames of a clip that has no end: per-frame tensors in a ring of fixed size (method section 9)."""

from __future__ import annotations

import torch
from torch import Tensor

from .engine import Rows


class FrameRing:
    """Holds the newest `capacity` frames; memory does not grow with the clip."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.frames = 0  # seen so far
        self.rows: Rows = {}

    def append(self, rows: Rows, count: int) -> None:
        """Adds `count` (at most `capacity`) frames given as tensors (count, ...)."""
        places = torch.arange(self.frames, self.frames + count) % self.capacity
        for name, tensors in rows.items():
            if name not in self.rows:
                self.rows[name] = [x.new_zeros((self.capacity, *x.shape[1:])) for x in tensors]
            for held, x in zip(self.rows[name], tensors, strict=True):
                held[places.to(x.device)] = x
        self.frames += count

    def places(self, frames: Tensor) -> Tensor:
        """Frame numbers, all among the newest `capacity` -> their rows."""
        return frames % self.capacity
