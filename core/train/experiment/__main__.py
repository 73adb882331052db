"""`python -m reel2rig.core.train.experiment CONFIG --out FOLDER`: a training without the command line's
dress, which `torchrun -m` can start on several GPUs (method section 6.1).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...errors import Reel2RigError
from .ranks import started_first
from .request import TrainRequest


def parsed(arguments: list[str] | None = None) -> TrainRequest:
    """The flags of `reel2rig train`, as a request."""
    parser = argparse.ArgumentParser(
        description="Train by a configuration: default, e1, e2, e3, or a YAML file."
    )
    parser.add_argument("config")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--device", default="auto")
    for flag in ("--motion", "--data", "--body"):
        parser.add_argument(flag, type=Path)
    for flag in ("--minutes", "--lr", "--checkpoint-minutes"):
        parser.add_argument(flag, type=float)
    for flag in ("--steps", "--seed", "--batch"):
        parser.add_argument(flag, type=int)
    given = parser.parse_args(arguments)
    given.overrides = tuple(given.overrides)
    return TrainRequest(**vars(given))


def main() -> None:
    """Parses the arguments and trains; errors end with their sentence and exit code."""
    try:
        best = parsed().run(say=lambda line: print(line, file=sys.stderr, flush=True))
        if started_first():
            print(best)
    except Reel2RigError as error:
        print(f"Error [{error.code}]: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
