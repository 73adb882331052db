"""The processes of an ablation end with the command that started them, however it ends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
import os
import sys
import time
from reel2rig.core.ablate.workers import worker_pool

def busy(file):
    with open(file + ".part", "w") as stream:
        stream.write(str(os.getpid()))
    os.replace(file + ".part", file)
    time.sleep(600)

if __name__ == "__main__":
    with worker_pool(1) as pool:
        pool.submit(busy, sys.argv[1]).result()
"""


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_a_killed_ablation_leaves_no_worker(tmp_path: Path) -> None:
    script, told = tmp_path / "ablation.py", tmp_path / "worker.pid"
    script.write_text(SCRIPT)
    command = subprocess.Popen([sys.executable, str(script), str(told)])
    try:
        _until(told.exists)
        worker = int(told.read_text())
        assert alive(worker)
    finally:
        command.kill()
        command.wait()
    _until(lambda: not alive(worker))


def _until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
