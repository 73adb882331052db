"""The channel gate of a window without its attention output: only the mean over time is ever used."""

from __future__ import annotations

import torch
from torch import Tensor

from ..attention_excitation import DualExcitation


class CachedExcitation:
    """`DualExcitation` in two halves: queries, keys and values per frame, the gate per window.

    The motion's mean over time is (w A) V - v F with row weights w and v that its definition fixes: a vector
    times the attention instead of the whole T x T product (method section 9 d).
    """

    def __init__(self, excitation: DualExcitation, T: int) -> None:
        self.excitation = excitation
        attended, seen = torch.zeros(T), torch.zeros(T)
        if excitation.motion == "same":  # mean of SE_t - F_t
            attended += 1
            seen += 1
        else:  # mean of next_t+1 - F_t, nothing for the last frame
            seen[:-1] += 1
            following = attended if excitation.motion == "adjacent" else seen
            following[1:] += 1 if excitation.motion == "adjacent" else -1
        like = excitation.value.weight
        self.attended, self.seen = attended.to(like) / T, seen.to(like) / T

    def project(self, x: Tensor) -> list[Tensor]:
        """Frames (n, C) -> [F, and where attention matters Q, K, V]."""
        if not self.attended.any():
            return [x]
        e = self.excitation
        return [x, e.query(x) / e.query.out_features**0.5, e.key(x), e.value(x)]

    def read(self, rows: list[Tensor], index: Tensor) -> Tensor:
        """Windows -> gate (N, 1, C) in (0, 1)."""
        motion = -(self.seen @ rows[0][index])
        if len(rows) > 1:
            Q, K, V = (x[index] for x in rows[1:])
            A = torch.softmax(Q @ K.transpose(1, 2), -1)
            motion = motion + (self.attended @ A)[:, None].to(V.dtype).matmul(V)[:, 0]
        return torch.sigmoid(motion)[:, None]
