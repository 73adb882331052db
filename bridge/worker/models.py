"""`python -m reel2rig.bridge.worker.models FOLDER NAME`: fetch a landmark model, from the environment."""

from __future__ import annotations

import sys
from pathlib import Path

from ...core.errors import Reel2RigError
from ...core.people.model_files import fetch_landmark_model


def main(folder: str, name: str) -> int:
    """Fetch one model; the last line printed is its path, or the sentence of the error."""
    try:
        path = fetch_landmark_model(Path(folder), name, sys.executable, lambda line: print(line, flush=True))
    except Reel2RigError as error:
        print(f"error [{error.code}] {error.message}", flush=True)
        return error.exit_code
    print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
