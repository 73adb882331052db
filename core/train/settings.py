"""What a training run is asked to do (method section 6.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InputError
from ..network.presets import NetworkConfig, preset
from .objective import LossWeights

Say = Callable[[str], None]


class BadTrainSettings(InputError):
    code = "train.bad_settings"


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What describes a training of the default network, wherever its files lie.

    Give either `minutes` (of training time, resumed parts included) or `steps`.

    Attributes:
        frame_share: first part of the run that trains encoder and regressor on single frames.
        body: SMPL-format npz with landmarks; None is the free body.
        checkpoint_minutes, checkpoint_steps: how often to validate and write; whichever comes first (0:
        never).
    """

    minutes: float | None = None
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
    body: str | Path | None = None


@dataclass(frozen=True)
class TrainSettings(RunSettings):
    """A training of the default network.

    The same seed, settings and `steps` give the same weights on the same machine, also when the run was
    interrupted and resumed.

    Attributes:
        motion: motion file, see `core.data.motion`.
        out: folder for `best.safetensors`, `last.safetensors` and the state to resume from.
        resume: continue from the state in `out`.
    """

    motion: str | Path
    out: str | Path
    resume: bool = False
    network: NetworkConfig = field(default_factory=lambda: preset("default"))
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise BadTrainSettings(
                "Give either the minutes or the steps of the training, not both and not neither."
            )
        if (self.minutes or self.steps or 0) <= 0:
            raise BadTrainSettings("Give a positive number of minutes or steps.")
        if self.batch < 1:
            raise BadTrainSettings("Give a batch of at least one window.")
        if not self.network.encoder.hidden:
            raise BadTrainSettings(
                "Choose a network with a landmark encoder: the simulator makes landmarks, not images."
            )
