"""`python -m reel2rig.core.train --motion FILE --minutes 60 --out FOLDER`: the training without the
command line's dress.
"""

from __future__ import annotations

import argparse

from .settings import TrainSettings
from .trainer import train_default


def main() -> None:
    """Parses the arguments and trains."""
    parser = argparse.ArgumentParser(description="Train the default network on a motion file.")
    parser.add_argument(
        "--motion", required=True, help="motion .npz (poses, trans, clip_start, clip_len, ...)"
    )
    parser.add_argument("--out", required=True, help="folder for checkpoints")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument(
        "--body", default=None, help="SMPL-format npz with landmarks (default: the free body)"
    )
    parser.add_argument("--checkpoint-minutes", type=float, default=5.0)
    given = parser.parse_args()
    best = train_default(TrainSettings(**vars(given)), say=lambda line: print(line, flush=True))
    print(f"best checkpoint: {best}", flush=True)


if __name__ == "__main__":
    main()
