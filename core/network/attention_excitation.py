"""Stage 1, intra-frame co-segmentation: channel patches, self and motion excitation, frequency branch
(method section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .frequency import enhance
from .integration import DynamicIntegration, spread, weighted_sum
from .presets import NetworkConfig, Output
from .recurrent import RecurrentEncoder


class DualExcitation(nn.Module):
    """Attention over the window (self excitation) and the channel gate made from what moves (motion
    excitation).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.motion = config.stage1.motion
        self.query = nn.Linear(config.C, config.stage1.d_k, bias=False)
        self.key = nn.Linear(config.C, config.stage1.d_k, bias=False)
        self.value = nn.Linear(config.C, config.C, bias=False)

    def attend(self, F: Tensor) -> Tensor:
        """F (N, T, C) -> SE (N, T, C): scaled dot-product attention of the T frames on one another."""
        Q, K = self.query(F), self.key(F)
        A = torch.softmax(Q @ K.transpose(1, 2) / Q.shape[-1] ** 0.5, -1)
        return A.to(F.dtype) @ self.value(F)

    def forward(self, F: Tensor) -> Tensor:
        """F (N, T, C) -> gate (N, 1, C) in (0, 1): sigmoid of the time-mean of the motion."""
        SE = self.attend(F)
        if self.motion == "same":
            MO = SE - F
        else:  # the last frame has no successor: its motion is zero, and it still counts in the mean
            ahead = SE if self.motion == "adjacent" else F
            MO = nn.functional.pad(ahead[:, 1:] - F[:, :-1], (0, 0, 0, 1))
        return torch.sigmoid(MO.mean(1, keepdim=True))


@dataclass
class Stage1Signals:
    """The inputs of the stage's integration: patches P x (N, T, C/P) and the frequency branch (N, T, C) or
    None.

    Whoever reads only some frames gives only those, and says with `middle` which of them is the window's
    middle frame.
    """

    patches: list[Tensor]
    frequency: Tensor | None
    middle: int


class AttentionExcitation(nn.Module):
    """Stage 1: gated, separately encoded channel patches beside the frequency-enhanced whole."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        C, P, h = config.C, config.stage1.patches, config.gru.hidden
        self.excitation = DualExcitation(config) if config.stage1.dem else None
        self.patches = nn.ModuleList(RecurrentEncoder(C // P, C // P, h // P, config.gru) for _ in range(P))
        self.frequency = RecurrentEncoder(C, C, h, config.gru) if config.fde.mode != "off" else None
        self.lift = nn.ModuleList(
            nn.Linear(C // P, C) for _ in range(P if config.stage1.merge == "project" else 0)
        )
        dims = {"slot": [C // P] * P, "concat": [C], "project": [C] * P}[config.stage1.merge]
        self.integration = DynamicIntegration(dims + ([C] if self.frequency is not None else []), config.dis)

    def forward(self, F: Tensor) -> Stage1Signals:
        """F (N, T, C) -> the encoded branches, before integration."""
        chunks = F.chunk(self.config.stage1.patches, -1)
        encoded = [encode(chunk) for encode, chunk in zip(self.patches, chunks, strict=True)]
        if self.excitation is not None:
            gates = self.excitation(F).chunk(len(chunks), -1)
            encoded = [G * g for G, g in zip(encoded, gates, strict=True)]
        branch = self.frequency(enhance(F, self.config.fde)) if self.frequency is not None else None
        return Stage1Signals(encoded, branch, self.config.mid)

    def integrate(self, signals: Stage1Signals, output: Output) -> Tensor:
        """Branches -> F_stage1, (N, C) for ``mid`` or (N, T, C) for ``sequence``.

        In ``slot`` every patch returns to its own channels, so that a weighted sum over P + 1 inputs of
        different width is well typed without inventing projections.
        """
        patches, branch = signals.patches, signals.frequency
        if output == "mid":
            m = signals.middle
            patches = [p[:, m] for p in patches]
            branch = branch[:, m] if branch is not None else None
        merge = self.config.stage1.merge
        if merge == "concat":
            patches = [torch.cat(patches, -1)]
        elif merge == "project":
            patches = [lift(p) for lift, p in zip(self.lift, patches, strict=True)]
        inputs = patches + ([branch] if branch is not None else [])
        weights = self.integration([x if output == "mid" else x.mean(1) for x in inputs])
        if merge != "slot":
            return weighted_sum(weights, inputs)
        a = spread(weights, inputs[0])
        slots = torch.cat([w * p for w, p in zip(a, patches, strict=False)], -1)
        return slots + a[-1] * branch if branch is not None else slots
