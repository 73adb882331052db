"""The two-stage co-segmentation network as one module: features in, bodies out (equation 1, method section
4).
"""

from __future__ import annotations

from torch import Tensor, nn

from ..features.landmark_encoder import LandmarkEncoder
from .attention_excitation import AttentionExcitation, Stage1Signals
from .fragments import Stage2Signals, TimeFragments
from .integration import DynamicIntegration, weighted_sum
from .presets import NetworkConfig, Output
from .regressor import BodyState, IterativeRegressor, body_from_state

Signals = tuple[Stage1Signals | None, Stage2Signals | None]


class TwoStageNetwork(nn.Module):
    """Temporal network: F (N, T, C) -> F_all, (N, C) for ``mid`` or (N, T, C) for ``sequence`` (method
    sections 4.1-4.4).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.stage1 = AttentionExcitation(config) if config.stage1.enabled else None
        self.stage2 = TimeFragments(config) if config.stage2.enabled else None
        inputs = (self.stage2.branches if self.stage2 else 0) + (1 if self.stage1 else 0)
        self.integration = DynamicIntegration([config.C] * inputs, config.dis) if inputs > 1 else None

    def encode(self, F: Tensor) -> Signals:
        """Every branch of both stages; all that is expensive happens here, whatever the output."""
        if F.dim() != 3 or F.shape[1:] != (self.config.T, self.config.C):
            raise ValueError(f"features must be (N, {self.config.T}, {self.config.C}), got {tuple(F.shape)}")
        return (self.stage1(F) if self.stage1 else None, self.stage2(F) if self.stage2 else None)

    def integrate(self, signals: Signals, output: Output) -> Tensor:
        """The integrated feature for one output mode, from the branches of `encode`."""
        return self.join(self.branches(signals, output))

    def branches(self, signals: Signals, output: Output) -> list[Tensor]:
        """What the last integration weighs: [branch 1, branch 2] of stage 2, then F_stage1; each (N, C) or
        (N, T, C).
        """
        stage1, stage2 = signals
        inputs: list[Tensor] = []
        if self.stage2 is not None and stage2 is not None:
            inputs += self.stage2.integrate(stage2, output)
        if self.stage1 is not None and stage1 is not None:
            inputs.append(self.stage1.integrate(stage1, output))
        return inputs

    def join(self, branches: list[Tensor]) -> Tensor:
        """F_all from the `branches`: a weighted sum, or the only one there is."""
        if self.integration is None:
            return branches[0]
        weights = self.integration([x if x.dim() == 2 else x.mean(1) for x in branches])
        return weighted_sum(weights, branches)

    def forward(self, F: Tensor, output: Output | None = None) -> Tensor:
        """F (N, T, C) -> F_all in the configured (or given) output mode."""
        return self.integrate(self.encode(F), output or self.config.output)


class BodyNetwork(nn.Module):
    """Landmark encoder (where configured), two-stage temporal network and body regressor."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        wanted = config.encoder
        self.encoder = LandmarkEncoder(wanted.inputs, wanted.hidden, config.C) if wanted.hidden else None
        self.temporal = TwoStageNetwork(config)
        self.regressor = IterativeRegressor(config.C, config.regressor)

    def features(self, inputs: Tensor) -> Tensor:
        """Per-frame inputs (..., n) -> features (..., C); without an encoder the inputs are features
        already.
        """
        return self.encoder(inputs) if self.encoder is not None else inputs

    def forward(self, inputs: Tensor, output: Output | None = None) -> BodyState:
        """Windows (N, T, n) -> bodies (N, ...) in ``mid``, (N, T, ...) in ``sequence`` (step-by-step
        regressor).
        """
        return self.answer(self.temporal(self.features(inputs), output))

    def answer(self, x: Tensor) -> BodyState:
        """Integrated features (..., C) -> bodies, through the step-by-step regressor."""
        return body_from_state(self.regressor(x.to(self.regressor.initial.dtype)))


def count_parameters(module: nn.Module) -> int:
    """How many learned numbers `module` holds."""
    return sum(p.numel() for p in module.parameters())
