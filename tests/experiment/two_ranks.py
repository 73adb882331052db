"""What `torchrun` runs in each of two processes: one step's gradient, then a whole training."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from reel2rig.core.train.experiment.databases import find_databases
from reel2rig.core.train.experiment.load import load_experiment
from reel2rig.core.train.experiment.ranks import ranks
from reel2rig.core.train.experiment.run import prepared


def main() -> None:
    """CONFIG, the folder to write into, overrides."""
    torch.set_num_threads(1)
    config_file, folder, *overrides = sys.argv[1:]
    out, config = Path(folder), load_experiment(config_file, overrides)
    said: list[str] = []
    with ranks("cpu") as here:
        stepping, running = (
            prepared(config, find_databases(config), out / part, here, said.append)
            for part in ("step", "run")
        )
        stepping.step(stepping.mixture.rows(0, here))
        gradient = {name: p.grad for name, p in stepping.model.named_parameters()}
        running.run()
        found = {"gradient": gradient, "weights": running.model.state_dict(), "said": said}
        torch.save(found, out / f"rank{here.rank}.pt")


if __name__ == "__main__":
    main()
