"""Peak anonymous memory of long runs from features to theta, each in a fresh process.

`python -m reel2rig.core.evaluate.network_memory PRESET FRAMES FOLDER` is such a process. Anonymous memory
(RssAnon in /proc/self/status) is what the program itself asked for; pages of mapped files, such as theta on
its way to the disk, are the system's to keep or drop.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import Reel2RigError
from ..network.model import BodyNetwork
from ..network.presets import preset
from ..network.stream import bodies_in_chunks
from .network_speed import random_inputs, random_network
from .ratios import Ratio

STATUS = Path("/proc/self/status")
PAUSE = 0.02  # s between two looks at the memory
CHUNK = 480  # frames generated at once


class MemoryRunFailed(Reel2RigError):
    code = "bench.memory_run_failed"


class PeakMemory:
    """The most anonymous memory of this process while the `with` block runs, in bytes."""

    def __enter__(self) -> PeakMemory:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        ended = False
        while not ended:
            ended = self._done.wait(PAUSE)
            self.peak = max(self.peak, anonymous_bytes())


def anonymous_bytes() -> int:
    """Resident anonymous memory of this process (Linux)."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{STATUS} has no RssAnon")


def features_in_chunks(model: BodyNetwork, frames: int) -> Iterator[Tensor]:
    """Random inputs (up to 480, n), `frames` in all, decided by their place in the clip."""
    for first in range(0, frames, CHUNK):
        yield random_inputs(model.config, min(CHUNK, frames - first), seed=first)


def write_theta(model: BodyNetwork, frames: int, path: Path) -> None:
    """Runs a clip of random features in chunks and writes theta (frames, 85) float32 as .npy, mapped."""
    theta = np.lib.format.open_memmap(path, "w+", np.float32, (frames, 85))
    done = 0
    for bodies in bodies_in_chunks(model, features_in_chunks(model, frames)):
        theta[done : done + len(bodies.betas)] = bodies.theta().numpy()
        done += len(bodies.betas)
    theta.flush()


def run_alone(name: str, frames: int) -> dict[str, float]:
    """One run in a process of its own: {"peak_bytes", "seconds", "frames"}.

    Raises:
        MemoryRunFailed: it ended without a result.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", __name__, name, str(frames), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MemoryRunFailed(
                f"Free some memory and try again: a run over {frames} frames ended with {done.returncode}."
            )
        return json.loads(done.stdout)


def measure(name: str, short: int, long: int, runs: int = 1) -> dict[str, Any]:
    """Peak memory of a `long` run over that of a `short` one with the preset `name`, on one thread."""
    pairs = [(run_alone(name, short), run_alone(name, long)) for _ in range(runs)]
    return {
        "ratio": Ratio.of([b["peak_bytes"] / a["peak_bytes"] for a, b in pairs]).to_json(),
        "short": [a for a, _ in pairs],
        "long": [b for _, b in pairs],
        "kind": "peak of RssAnon of a fresh process, looked at every 20 ms from before the model is made",
    }


def main(name: str, frames: int, folder: str) -> None:
    """The child's part: prints the measurement as JSON."""
    # One thread: a second one gains little here, and on a busy machine both wait for each other.
    torch.set_num_threads(1)
    begin = time.perf_counter()
    torch.manual_seed(0)
    with PeakMemory() as memory:
        write_theta(random_network(preset(name)), frames, Path(folder) / "theta.npy")
    print(json.dumps({"frames": frames, "peak_bytes": memory.peak, "seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
