"""Making, repairing and removing the worker's environment. Standard library only; pip runs as a child.

Order: free disk, a Python, the environment, the packages, a first start of the worker, and last the marker
that makes it count; then the landmark model. What fails or is cancelled leaves nothing that looks complete.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import Reel2RigError
from ..errors import SetupDiskFull, SetupFailed, from_wire, writing
from ..files import write_json
from ..home import Home
from ..processes import Say, python_environment, run_streaming
from .environment import SCHEMA, Environment, lock_file, own_environment, running_environment
from .packages import (
    GIGABYTE,
    TORCH,
    needed_disk,
    project_requirement,
    torch_index,
)
from .pythons import find_python
from .session import WORKER_MODULE


@dataclass(frozen=True)
class InstallChoice:
    """What to install.

    Attributes:
        source: the project's wheel or checkout; None finds what this copy came from.
        python: a Python 3.11 to 3.13 to build on; None finds one.
        torch_index: the package index that has the wanted torch build; None asks the environment variable.
        landmark_model: "full" is the one that can be fetched; "" fetches none.
        own: make an environment even if the running Python has the packages, and prefer it from then on.
        repair: remove an existing environment first.
    """

    source: Path | None = None
    python: Path | None = None
    torch_index: str | None = None
    landmark_model: str = "full"
    own: bool = False
    repair: bool = False


def install(
    home: Home,
    choice: InstallChoice | None = None,
    *,
    say: Say = print,
    should_stop: Callable[[], bool] = lambda: False,
    allow_running: bool = True,
) -> Environment:
    """Bring the worker's environment and its model into being; what is already there is kept.

    Args:
        say: takes each line of progress, pip's own included.
        should_stop: asked all along; once true, everything begun is removed again.

    Raises:
        SetupFailed and its kinds, with what to do; core.errors.Cancelled.
    """
    choice = choice or InstallChoice()
    with writing(home.root):
        home.logs.mkdir(parents=True, exist_ok=True)
    steps = _Steps(home, say, should_stop)
    with _locked(home):
        running = running_environment(home) if allow_running and not choice.own else None
        environment = running or own_environment(home)
        if running:
            say(f"This Python has the worker packages: {running.python}")
        elif choice.repair or environment.examine().name != "ready":
            steps.make(environment, choice)
        facts = steps.first_start(environment)
        marker = {"schema": SCHEMA, **facts, "python": os.fspath(environment.python), "preferred": choice.own}
        with writing(home.root):
            write_json(environment.marker, marker)
        # After the marker: a model that cannot be fetched today must not cost the environment.
        if choice.landmark_model:
            steps.fetch_model(environment, choice.landmark_model)
    say(f"Ready on {facts['device']}.")
    return environment


def remove(home: Home) -> bool:
    """Remove the environment below the home folder, but no model; returns whether there was one."""
    with _locked(home):
        existed = home.environment.exists()
        shutil.rmtree(home.environment, ignore_errors=True)
        if home.environment.exists():
            raise SetupFailed(
                f"{home.environment} is in use; close Blender and every capture, then try again."
            )
    return existed


class _Steps:
    def __init__(self, home: Home, say: Say, should_stop: Callable[[], bool]) -> None:
        self.home, self.say, self.should_stop = home, say, should_stop
        self.log = home.logs / "setup.log"

    def make(self, environment: Environment, choice: InstallChoice) -> None:
        """A new virtual environment with the packages, or none at all."""
        _check_disk(self.home.root, needed_disk(choice.torch_index))
        project = project_requirement(choice.source)
        base = find_python(choice.python)
        folder = self.home.environment
        shutil.rmtree(folder, ignore_errors=True)
        try:
            version = ".".join(map(str, base.version))
            self.say(f"Making the worker's environment in {folder} (Python {version}).")
            self._run([base.path, "-m", "venv", folder], "make the environment", base.path)
            self.say("Installing the worker packages; this downloads some hundred megabytes.")
            quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
            pip = [environment.python, "-m", "pip", "install", *quiet]
            self._install_torch(pip, torch_index(choice.torch_index), environment.python)
            self._run([*pip, *project], "install the packages", environment.python)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _install_torch(self, pip: list, index: str | None, python: Path) -> None:
        """The torch build of the chosen index; the default build if that is out of reach."""
        if index is None:
            return
        # Without dependencies: those come from pip's own index with the rest. Asking this index for torch
        # alone also keeps a network that blocks it from delaying every single package.
        once = ["--index-url", index, "--no-deps", "--retries", "1", "--timeout", "15"]
        try:
            self._run([*pip, *once, TORCH], "install torch", python)
        except SetupFailed:
            self.say("The index chosen for torch cannot be used; the default build is installed instead.")

    def first_start(self, environment: Environment) -> dict:
        """Start the worker once, so that a package that cannot be loaded shows now; returns what it said."""
        self.say("Starting the worker once.")
        command = [environment.python, "-m", WORKER_MODULE, "--home", self.home.root, "--probe"]
        lines = self._run(command, "start the worker", environment.python, quiet=True)
        for line in reversed(lines):
            if line.startswith("{"):
                return json.loads(line)
        raise SetupFailed(f"The worker started but did not say who it is; see {self.log}.")

    def fetch_model(self, environment: Environment, name: str) -> None:
        command = [environment.python, "-m", f"{WORKER_MODULE}.models", self.home.models, name]
        self._run(command, "fetch the landmark model", environment.python)

    def _run(self, command: list, task: str, python: Path, *, quiet: bool = False) -> list[str]:
        self._note(f"$ {' '.join(map(os.fspath, command))}")
        try:
            code, lines = run_streaming(
                command,
                say=(lambda line: None) if quiet else self._say_news,
                log=self.log,
                should_stop=self.should_stop,
                env=python_environment(python),
                cwd=self.home.root,
            )
        except OSError as error:
            raise SetupFailed(f"{python} cannot be started ({error.strerror or error}).") from error
        if code != 0:
            raise _explained(task, lines, self.log)
        return lines

    def _say_news(self, line: str) -> None:
        """Leave out what pip says to itself; the log has it."""
        if line and not line.startswith((" ", "WARNING", "Looking", "[notice]", "DEPRECATION")):
            self.say(line)

    def _note(self, line: str) -> None:
        with writing(self.log), self.log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def _explained(task: str, lines: list[str], log: Path) -> Reel2RigError:
    """Why a step failed, from the last lines it printed."""
    text = "\n".join(lines)
    for line in reversed(lines):
        if line.startswith("error [") and "] " in line:  # our own child: `bridge.worker.models`
            code, _, message = line.removeprefix("error [").partition("] ")
            return from_wire(code, message, SetupFailed.exit_code)
    if "No space left on device" in text or "Errno 28" in text:
        return SetupDiskFull(f"The disk filled up while trying to {task}; free some space and try again.")
    if "NewConnectionError" in text or "Temporary failure in name resolution" in text or "ProxyError" in text:
        return SetupFailed(
            f"The package index cannot be reached; check the network and try again (log: {log})."
        )
    reason = next(
        (line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "it said nothing"
    )
    return SetupFailed(f"Setup could not {task} ({reason.strip()[:300]}); the log is {log}.")


def _check_disk(folder: Path, needed: float) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SetupDiskFull(
            f"The worker's environment needs {needed / GIGABYTE:.0f} GB and the disk of {folder} has "
            f"{free / GIGABYTE:.1f} GB free; free some space, or set REEL2RIG_HOME to a folder elsewhere."
        )


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    """Only one installation at a time; a lock left by a dead process is taken over."""
    lock = lock_file(home)
    if own_environment(home).state().name == "installing":
        raise SetupFailed("Another setup is running for the same home folder; wait until it has finished.")
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        write_json(lock, {"pid": os.getpid()})
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
