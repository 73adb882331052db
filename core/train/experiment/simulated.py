"""The other training, of the shipped default network on simulated landmarks, as a configuration (method
section 6.2).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..objective import LossWeights
from ..settings import RunSettings, TrainSettings


@dataclass(frozen=True, kw_only=True)
class SimulatedConfig(RunSettings):
    """The run as YAML names it: an hour unless it says otherwise; of `minutes` and `steps` one is null."""

    minutes: float | None = 60.0
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
