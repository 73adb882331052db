"""The whole network by way of per-frame projections: equal to the plain path, several times as fast (method
section 9).
"""

from __future__ import annotations

import copy

from torch import Tensor

from ..attention_excitation import Stage1Signals
from ..engine import Rows
from ..fragments import Stage2Signals, nearest_steps
from ..model import BodyNetwork
from ..presets import NetworkConfig, Output
from ..regressor import BodyState, apply_folded, body_from_state
from .encoder import CachedEncoder
from .excitation import CachedExcitation
from .time_mixing import time_mixing


class CachedEngine:
    """Answers windows from what was computed once per frame; every configuration is served.

    It shares the model's weights and leaves the integrations to the model's own code; the regressor is folded
    (in double precision, on the CPU) when the engine is made.
    """

    def __init__(self, model: BodyNetwork, output: Output) -> None:
        self.model = model
        self.output: Output = output
        T, temporal = model.config.T, model.temporal
        like = next(temporal.parameters())
        M, k = copy.deepcopy(model.regressor).cpu().fold()
        self.folded = (M.float().to(like.device), k.float().to(like.device))
        stage1, stage2 = temporal.stage1, temporal.stage2
        self.patches = [CachedEncoder(e) for e in stage1.patches] if stage1 else []
        self.excitation = CachedExcitation(stage1.excitation, T) if stage1 and stage1.excitation else None
        self.frequency = None
        if stage1 and stage1.frequency:
            self.frequency = CachedEncoder(stage1.frequency, time_mixing(model.config.fde, like, T))
        self.fragments = [CachedEncoder(e) for e in stage2.encoders] if stage2 else []
        self.middle_steps, self.fragment_steps, self.nearest = steps_to_read(model.config, output)

    def project(self, features: Tensor) -> Rows:
        """Features (n, C) -> all that any window will need of these frames."""
        chunks = features.chunk(max(len(self.patches), 1), -1)
        rows = {
            f"patch {i}": e.project(x) for i, (e, x) in enumerate(zip(self.patches, chunks, strict=False))
        }
        rows |= {f"fragment {j}": encoder.project(features) for j, encoder in enumerate(self.fragments)}
        if self.excitation is not None:
            rows["excitation"] = self.excitation.project(features)
        if self.frequency is not None:
            rows["frequency"] = self.frequency.project(features)
        return rows

    def bodies(self, rows: Rows, index: Tensor) -> BodyState:
        """Windows whose k-th frame is row `index[:, k]` -> bodies (N, ...) or (N, T, ...)."""
        signals = (self._stage1(rows, index), self._stage2(rows, index))
        x = self.model.temporal.integrate(signals, self.output)
        return body_from_state(apply_folded(x.float(), self.folded))

    def _stage1(self, rows: Rows, index: Tensor) -> Stage1Signals | None:
        if self.model.temporal.stage1 is None:
            return None
        steps = self.middle_steps
        encoded = [e.read(rows[f"patch {i}"], index, steps) for i, e in enumerate(self.patches)]
        if self.excitation is not None:
            gates = self.excitation.read(rows["excitation"], index).chunk(len(encoded), -1)
            encoded = [G * g for G, g in zip(encoded, gates, strict=True)]
        branch = self.frequency.read(rows["frequency"], index, steps) if self.frequency else None
        return Stage1Signals(encoded, branch, steps.index(self.model.config.mid))

    def _stage2(self, rows: Rows, index: Tensor) -> Stage2Signals | None:
        if not self.fragments:
            return None
        encoded = []
        for j, frames in enumerate(index.chunk(self.model.config.stage2.fragments, 1)):
            slot = j % len(self.fragments)
            encoded.append(
                self.fragments[slot].read(rows[f"fragment {slot}"], frames, self.fragment_steps[j])
            )
        return Stage2Signals(encoded, self.nearest)


def steps_to_read(config: NetworkConfig, output: Output) -> tuple[list[int], list[list[int]], list[int]]:
    """Which steps reach the output: of the whole window, of each fragment, and where in those the nearest
    stands.

    Superpositions that add fragments to one another read each at the steps of all.
    """
    T, H = config.T, config.stage2.fragments
    nearest = nearest_steps(config)
    if output == "sequence":
        return list(range(T)), [list(range(T // H))] * H, nearest
    if config.stage2.superpose in ("cross", "cumulative"):
        shared = sorted(set(nearest))
        return [config.mid], [shared] * H, [shared.index(step) for step in nearest]
    return [config.mid], [[step] for step in nearest], [0] * H
