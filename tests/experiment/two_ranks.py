"""What `torchrun` runs in each of two processes: one step's gradient, a training, and the same in halves."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from reel2rig.core.train.experiment.databases import find_databases
from reel2rig.core.train.experiment.load import load_experiment
from reel2rig.core.train.experiment.ranks import ranks
from reel2rig.core.train.experiment.run import prepared
from reel2rig.core.train.experiment.trainer import ExperimentTrainer


def main() -> None:
    """CONFIG, the folder to write into, overrides."""
    torch.set_num_threads(1)
    config_file, folder, *overrides = sys.argv[1:]
    out, said = Path(folder), list[str]()
    with ranks("cpu") as here:

        def trainer(name: str, *changes: str) -> ExperimentTrainer:
            config = load_experiment(config_file, [*overrides, *changes])
            return prepared(config, find_databases(config), out / name, here, said.append)

        stepping = trainer("step", "regressor.dropout=0")
        stepping.step(stepping.mixture.rows(0, here))
        whole, half, rest = trainer("run"), trainer("halves", "train.epochs=1"), trainer("halves")
        whole.run()
        half.run()
        rest.restore()
        rest.run()
        found = {
            "gradient": {name: p.grad for name, p in stepping.model.named_parameters()},
            "weights": whole.model.state_dict(),
            "resumed": rest.model.state_dict(),
            "said": said,
        }
        torch.save(found, out / f"rank{here.rank}.pt")


if __name__ == "__main__":
    main()
