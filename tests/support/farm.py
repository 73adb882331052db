"""A farm for tests: a home folder whose worker is the fake one, a stand-in for Blender, and two Ray nodes.

They are found through environment variables alone, so that every process, on whatever node, finds the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reel2rig.bridge import headless_blender
from reel2rig.bridge.client.environment import SCHEMA, own_environment
from reel2rig.bridge.home import Home
from reel2rig.bridge.version import VERSION
from reel2rig.core.people.model_files import DETECTOR, LANDMARKER

HERE = Path(__file__).parent
_WORKER = HERE.parent / "bridge" / "fake_worker.py"
_BLENDER = HERE / "stand_in_blender.py"


def farm_variables(folder: Path, **further: str) -> dict[str, str]:
    """Make the home folder and the programs below `folder`; the variables by which processes find them."""
    home = Home(folder / "home")
    environment = own_environment(home)
    _script(environment.python, f'"{_WORKER}"')  # what it is called with is meant for the real worker
    marker = {"schema": SCHEMA, "version": VERSION, "python": str(environment.python), "device": "cpu"}
    environment.marker.write_text(json.dumps(marker | {"modules": {}, "preferred": True}), encoding="utf-8")
    home.models.mkdir(parents=True)
    with zipfile.ZipFile(home.models / "pose_landmarker_full.task", "w") as bundle:
        for name in (DETECTOR, LANDMARKER):
            bundle.writestr(name, b"never opened")
    blender = folder / "blender"
    _script(blender, f'"{_BLENDER}" "$@"')
    return os.environ | {
        "REEL2RIG_HOME": str(home.root),
        headless_blender.VARIABLE: str(blender),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": "0123456789abcdef" * 2,
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "120",
        **further,
    }


def _script(path: Path, command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command}\n', encoding="utf-8")
    path.chmod(0o755)


class TwoNodes:
    """Two Ray nodes with one core each. `address`: of their cluster."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, HERE / "two_ray_nodes.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=variables,
            text=True,
        )
        self.address = self._answer()

    def kill_second(self) -> None:
        """Take the second node away, with everything that runs on it, as a power cut would."""
        assert self._process.stdin is not None
        self._process.stdin.write("kill\n")
        self._process.stdin.flush()
        assert self._answer() == "killed"

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if line.startswith("two_ray_nodes: "):
                return line.removeprefix("two_ray_nodes: ").strip()
        raise AssertionError("the two Ray nodes did not start")


@contextmanager
def two_nodes(variables: dict[str, str]) -> Iterator[TwoNodes]:
    """A cluster of two nodes, ended with the block."""
    nodes = TwoNodes(variables)
    try:
        yield nodes
    finally:
        nodes.close()
