import os
import subprocess
import sys
from pathlib import Path

import pytest

FAKE_CLI = Path(__file__).with_name("fake_cli.py")


@pytest.fixture
def variables(tmp_path):
    """Variables for a command that must see nothing of the machine's own set-up."""
    return os.environ | {"REEL2RIG_HOME": str(tmp_path / "home"), "COLUMNS": "120"}


@pytest.fixture
def reel2rig(variables, tmp_path):
    """Runs the real command line over the fake worker and returns the finished process."""

    def run(*arguments, **changes):
        return subprocess.run(
            [sys.executable, FAKE_CLI, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=tmp_path,
            env=variables | changes,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def video(tmp_path):
    """A file whose name tells the fake worker what to do; it is never decoded."""

    def make(name="one person.mp4"):
        path = tmp_path / name
        path.write_bytes(b"video")
        return path

    return make
