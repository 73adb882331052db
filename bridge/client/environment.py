"""The worker's environment: a Python of its own, outside Blender, and the truth about its state.

`state()` only looks at files, so a panel may ask for it while drawing. What it trusts is the marker file,
which a setup writes last. Standard library only.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import WorkerEnvironmentBroken, WorkerEnvironmentMissing, WorkerVersionMismatch
from ..files import read_json
from ..home import Home
from ..processes import pid_alive
from ..version import VERSION
from .packages import missing_modules

SCHEMA = 1
MARKER = "reel2rig-worker.json"
LANDMARK_MODEL = "pose_landmarker_full.task"  # as core/people/model_files.py names the one it fetches
HEARTBEAT = 600.0  # seconds after which an installation that gave no sign of life counts as dead


@dataclass(frozen=True)
class EnvironmentState:
    """What is there.

    Attributes:
        name: "absent", "installing", "ready", "outdated" (made by another version of this project) or
            "broken".
        reason: why, as a sentence, unless ready.
        device: where the worker computes, when it was once started ("" otherwise).
        versions: of Python and torch, when known.
        advice: a sentence when a GPU is there and torch cannot see it ("" otherwise).
        lacks_model: whether the landmark model has still to be fetched (who names a .task file needs none).
    """

    name: str
    reason: str = ""
    device: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    advice: str = ""
    lacks_model: bool = False

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
    def chosen(self) -> bool:
        """Whether the user named this Python, instead of an environment that we make."""
        return self.home.python == self.python

    @property
    def marker(self) -> Path:
        """Written last by a setup: the environment is complete, and this is what it holds."""
        if self.owned:
            return self.home.environment / MARKER
        return self.home.root / ("reel2rig-chosen-python.json" if self.chosen else MARKER)

    def state(self) -> EnvironmentState:
        """Look at the files; nothing is started."""
        if installation_runs(self.home):
            return EnvironmentState("installing", "The worker's environment is being installed.")
        return self.examine()

    def examine(self) -> EnvironmentState:
        """As `state`, whether or not an installation is running."""
        marker = read_json(self.marker)
        # By folder: one Python may be called python, python3 and python3.11.
        if marker is None or Path(str(marker.get("python"))).parent != self.python.parent:
            return self._unmarked()
        if not self.python.exists():
            return EnvironmentState("broken", f"The worker's Python {self.python} is gone.")
        if marker.get("schema") != SCHEMA or marker.get("version") != VERSION:
            held = f"The worker's environment holds version {marker.get('version')}"
            return EnvironmentState("outdated", f"{held}, and this is version {VERSION}.")
        gone = [name for name, file in marker.get("modules", {}).items() if not Path(file).exists()]
        if gone:
            return EnvironmentState("broken", f"The worker's environment lacks {', '.join(gone)}.")
        versions = {name: str(marker.get(name + "_version", "")) for name in ("python", "torch")}
        device, advice = str(marker.get("device", "")), str(marker.get("advice", ""))
        return EnvironmentState("ready", "", device, versions, advice, lacks_model(self.home))

    def _unmarked(self) -> EnvironmentState:
        if self.chosen and not self.python.exists():
            return EnvironmentState("broken", f"There is no Python at {self.python}.")
        if self.chosen:
            return EnvironmentState("absent", "The Python you chose has not been checked yet.")
        if not self.owned:
            return EnvironmentState("ready")  # it has the packages, or it would not have been found
        if not self.home.environment.exists():
            return EnvironmentState("absent", "The worker's environment is not installed.")
        return EnvironmentState("broken", "The installation of the worker's environment did not finish.")

    def require(self) -> None:
        """Return when a worker can be started.

        Raises:
            WorkerEnvironmentMissing, WorkerEnvironmentBroken, WorkerVersionMismatch: it cannot; the sentence
                says what to do.
        """
        state = self.state()
        if state.name == "outdated":
            raise WorkerVersionMismatch(
                f"{state.reason} Run 'reel2rig setup' or press Update the Worker in the panel."
            )
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
    """Held by the process that is installing, which touches it all along."""
    return home.root / "installing.json"


def lacks_model(home: Home) -> bool:
    """Whether the landmark model is not on this computer yet."""
    return not (home.models / LANDMARK_MODEL).is_file()


def installation_runs(home: Home) -> bool:
    """Whether a live process is installing. One that died does not count, nor a stranger with its old id."""
    lock = lock_file(home)
    owner = (read_json(lock) or {}).get("pid")
    if not isinstance(owner, int) or not pid_alive(owner):
        return False
    try:
        return time.time() - lock.stat().st_mtime < HEARTBEAT
    except OSError:
        return False


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

    The Python that the user chose comes first, then the one that `setup --own` made, then the running Python
    when it has the packages (so that a developer runs the code at hand), then the home's own, then another
    program's Python that a setup found complete, then the place for a new one.
    Blender passes `allow_running=False`.
    """
    if home.python:
        return Environment(home, home.python, owned=False)
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
