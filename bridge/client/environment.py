"""The worker's environment: a Python of its own, outside Blender, and the truth about its state.

`state()` only looks at files, so a panel may ask for it while drawing. What it trusts is the marker file,
which a setup writes last. Standard library only.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import WorkerEnvironmentBroken, WorkerEnvironmentMissing
from ..files import read_json
from ..home import Home
from ..processes import pid_alive
from ..version import VERSION
from .packages import missing_modules

SCHEMA = 1


@dataclass(frozen=True)
class EnvironmentState:
    """What is there.

    Attributes:
        name: "absent", "installing", "ready" or "broken".
        reason: why, as a sentence, unless ready.
        device: where the worker computes, when it was once started ("" otherwise).
        versions: of Python and torch, when known.
    """

    name: str
    reason: str = ""
    device: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """One line for a panel or a terminal."""
        return f"ready on {self.device}" if self.name == "ready" and self.device else self.name


@dataclass(frozen=True)
class Environment:
    """A Python that runs, or shall run, the worker. `owned`: it lies in the home and may be removed."""

    home: Home
    python: Path
    owned: bool

    @property
    def models(self) -> Path:
        return self.home.models

    @property
    def marker(self) -> Path:
        """Written last by a setup: the environment is complete, and this is what it holds."""
        return (self.home.environment if self.owned else self.home.root) / "reel2rig-worker.json"

    def state(self) -> EnvironmentState:
        """Look at the files; nothing is started."""
        owner = (read_json(lock_file(self.home)) or {}).get("pid")
        if isinstance(owner, int) and pid_alive(owner):
            return EnvironmentState("installing", "The worker's environment is being installed.")
        return self.examine()

    def examine(self) -> EnvironmentState:
        """As `state`, whether or not an installation is running."""
        marker = read_json(self.marker)
        # By folder: one Python may be called python, python3 and python3.11.
        if marker is None or Path(str(marker.get("python"))).parent != self.python.parent:
            if not self.owned:
                return EnvironmentState("ready")  # it has the packages, or it would not have been found
            if not self.home.environment.exists():
                return EnvironmentState("absent", "The worker's environment is not installed.")
            return EnvironmentState("broken", "The installation of the worker's environment did not finish.")
        if not self.python.exists():
            return EnvironmentState("broken", f"The worker's Python {self.python} is gone.")
        if marker.get("schema") != SCHEMA or marker.get("version") != VERSION:
            held = f"The worker's environment holds version {marker.get('version')}"
            return EnvironmentState("broken", f"{held}, and this is version {VERSION}.")
        gone = [name for name, file in marker.get("modules", {}).items() if not Path(file).exists()]
        if gone:
            return EnvironmentState("broken", f"The worker's environment lacks {', '.join(gone)}.")
        versions = {name: str(marker.get(name + "_version", "")) for name in ("python", "torch")}
        return EnvironmentState("ready", device=str(marker.get("device", "")), versions=versions)

    def require(self) -> None:
        """Return when a worker can be started.

        Raises:
            WorkerEnvironmentMissing, WorkerEnvironmentBroken: it cannot; the sentence says what to do.
        """
        state = self.state()
        if state.name == "broken":
            raise WorkerEnvironmentBroken(
                f"{state.reason} Run 'reel2rig setup --repair' or press Repair in the panel."
            )
        if state.name == "installing":
            raise WorkerEnvironmentMissing(f"{state.reason} Wait until it is ready.")
        if state.name == "absent":
            raise WorkerEnvironmentMissing(
                f"{state.reason} Run 'reel2rig setup' or press Install in the panel."
            )


def lock_file(home: Home) -> Path:
    """Held by the process that is installing."""
    return home.root / "installing.json"


def own_environment(home: Home) -> Environment:
    """The environment below the home folder, whether it exists or not."""
    folder = home.environment
    python = folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"
    return Environment(home, python, owned=True)


def running_environment(home: Home) -> Environment | None:
    """The running Python, when it has all worker packages."""
    return None if missing_modules() else Environment(home, Path(sys.executable), owned=False)


def find_environment(home: Home, *, allow_running: bool = True) -> Environment:
    """The environment a worker would run in, ready or not.

    The one that `setup --own` made comes first, then the running Python when it has the packages (so that a
    developer runs the code at hand), then the home's own, then another program's Python that a setup found
    complete, then the place for a new one.
    Blender passes `allow_running=False`.
    """
    own = own_environment(home)
    installed = read_json(own.marker)
    if installed and installed.get("preferred"):
        return own
    if allow_running and (running := running_environment(home)):
        return running
    other = Environment(
        home, Path(str((read_json(home.root / own.marker.name) or {}).get("python"))), owned=False
    )
    return other if installed is None and other.python.exists() else own
