"""A training as somebody asks for it: a configuration by name, and flags over it (method section 6.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..settings import Say
from .load import load_training
from .schema import BadConfig
from .simulated import SimulatedTraining

# Which key of the configuration each flag sets, for an experiment on databases and for simulated landmarks.
EXPERIMENT_KEYS = {
    "seed": "train.seed",
    "batch": "train.batch",
    "lr": "train.lr",
    "body": "data.body",
    "data": "data.root",
}
SIMULATED_KEYS = {
    name: f"simulated.{name}"
    for name in ("minutes", "steps", "seed", "batch", "lr", "body", "checkpoint_minutes")
}


@dataclass(frozen=True)
class TrainRequest:
    """What the command line of a training says; None is what the configuration says.

    Attributes:
        config: default, e1, e2, e3, or the path of a YAML file.
        overrides: single keys, such as ``train.epochs=2``; flags go over them.
        device: for experiments; simulated landmarks train on the CPU.
    """

    config: str
    out: Path
    overrides: tuple[str, ...] = ()
    resume: bool = False
    device: str = "auto"
    motion: Path | None = None
    data: Path | None = None
    body: Path | None = None
    minutes: float | None = None
    steps: int | None = None
    seed: int | None = None
    batch: int | None = None
    lr: float | None = None
    checkpoint_minutes: float | None = None

    def run(self, say: Say = print) -> Path:
        """Trains; returns the path of the best checkpoint.

        Raises:
            BadConfig: the configuration, or a flag that it has no use for.
            Every error of `train_default` and of `train_experiment`.
        """
        simulated = isinstance(load_training(self.config, self.overrides), SimulatedTraining)
        keys = SIMULATED_KEYS if simulated else EXPERIMENT_KEYS
        flags = [*EXPERIMENT_KEYS, *SIMULATED_KEYS, *([] if simulated else ["motion"])]
        needless = [flag for flag in flags if getattr(self, flag) is not None and flag not in keys]
        if needless:
            raise BadConfig(
                f"Leave out --{needless[0].replace('_', '-')}: {self.config} trains on "
                f"{'a motion file' if simulated else 'databases, for train.epochs of train.iters steps'}."
            )
        given = {keys[flag]: getattr(self, flag) for flag in keys if getattr(self, flag) is not None}
        # One length replaces the other, which the file may have set.
        if "simulated.steps" in given:
            given.setdefault("simulated.minutes", None)
        elif "simulated.minutes" in given:
            given["simulated.steps"] = None
        flagged = [f"{key}={json.dumps(value, default=str)}" for key, value in given.items()]
        config = load_training(self.config, [*self.overrides, *flagged])
        if isinstance(config, SimulatedTraining):
            return self._train_default(config, say)
        from .run import train_experiment

        return train_experiment(config, self.out, resume=self.resume, device=self.device, say=say).best

    def _train_default(self, config: SimulatedTraining, say: Say) -> Path:
        from ..trainer import train_default

        if self.motion is None:
            raise BadConfig(f"Give --motion: {self.config} trains on a motion file (.npz).")
        return train_default(config.settings(self.motion, self.out, self.resume), say)
