"""Where Reel2Rig keeps what outlives a process: the worker's environment, models, logs and jobs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The home folder: `$REEL2RIG_HOME`, or `reel2rig` in the platform's folder for user data.

    Attributes:
        root: the folder.
        python: a Python of the user's own that shall run the worker, instead of an environment in `root`.
    """

    root: Path
    python: Path | None = None

    @classmethod
    def find(cls, folder: str | Path | None = None, python: Path | None = None) -> Home:
        """The given folder, else `$REEL2RIG_HOME`, else the platform's place. Nothing is created."""
        chosen = folder or os.environ.get("REEL2RIG_HOME")
        root = Path(chosen).expanduser().resolve() if chosen else _user_data_folder() / "reel2rig"
        return cls(root, python)

    @property
    def environment(self) -> Path:
        return self.root / "env"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"


def _user_data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
