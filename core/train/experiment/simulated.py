"""The other training, of the shipped default network on simulated landmarks, as a configuration (method
section 6.2).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..objective import LossWeights
from ..settings import TrainSettings


@dataclass(frozen=True)
class SimulatedConfig:
    """The keys of `core.train.settings.TrainSettings` that describe a run; give `minutes` or `steps`, the
    other null."""

    minutes: float | None = 60.0
    steps: int | None = None
    seed: int = 1
    batch: int = 32
    lr: float = 6e-4
    weight_decay: float = 1e-3
    warmup: int = 150
    frame_share: float = 0.08
    average: float = 0.999
    checkpoint_minutes: float = 5.0
    checkpoint_steps: int = 0
    report_steps: int = 100
    threads: int = 1
    body: str | None = None


@dataclass(frozen=True)
class SimulatedTraining:
    """What `default.yaml` holds: the network is the preset `default`, the data a motion file given
    beside."""

    simulated: SimulatedConfig = field(default_factory=SimulatedConfig)
    loss: LossWeights = field(default_factory=LossWeights)

    def settings(self, motion: str | Path, out: str | Path, resume: bool = False) -> TrainSettings:
        """The run on one motion file.

        Raises:
            BadTrainSettings: the values contradict one another.
        """
        return TrainSettings(motion, out, resume=resume, weights=self.loss, **asdict(self.simulated))
