"""The single steps of an installation, each a child process that ends when we do. Standard library only."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupFailed, writing
from ..home import Home
from ..processes import Say, python_environment, run_streaming
from ..version import VERSION
from .choice import InstallChoice
from .environment import Environment, lock_file
from .existing import look_at
from .folder_checks import check_folder, remove_tree, tree_size
from .guarded import guarded
from .install_errors import explained
from .packages import project_requirement
from .pip_progress import PipProgress, is_noise
from .pythons import find_python
from .session import WORKER_MODULE
from .torch_build import TORCH

_TELLS_BYTES = (24, 1)  # the pip that has `--progress-bar raw`
_BEAT = 5.0  # seconds between two signs of life
_QUIET = (" ", "WARNING", "Looking", "[notice]", "DEPRECATION")  # what pip says to itself; the log has it


@dataclass(frozen=True)
class InstallProgress:
    """Where an installation is: what it does now, and its share of the whole, in [0, 1]."""

    text: str = "Preparing"
    fraction: float = 0.0


Show = Callable[[InstallProgress], None]


class Steps:
    """Each method is one step; all raise SetupFailed and its kinds, and Cancelled."""

    def __init__(
        self, home: Home, choice: InstallChoice, say: Say, show: Show, should_stop: Callable[[], bool]
    ) -> None:
        self.home, self.choice, self.say, self.show = home, choice, say, show
        self.log = home.logs / "setup.log"
        self._should_stop = should_stop
        self._beat = 0.0
        self._pip = PipProgress(0.0)

    def make(self, environment: Environment) -> None:
        """A new virtual environment with the packages, or none at all."""
        check_folder(self.home, self.choice.disk() - tree_size(self.home.environment))
        project, index = project_requirement(self.choice.source), self.choice.index()
        self.show(InstallProgress("Looking for a Python", 0.0))
        base = find_python(self.choice.python)
        folder = self.home.environment
        remove_tree(folder)
        try:
            version = ".".join(map(str, base.version))
            self.say(f"Making the worker's environment in {folder} (Python {version}).")
            self.show(InstallProgress("Making the environment", 0.01))
            self._run(base.path, "venv", [folder], "make the environment")
            self._pip = PipProgress(self.choice.download())
            if self.choice.wheels:
                self.say(f"Installing the worker packages from {self.choice.wheels}.")
            else:
                self.say("Installing the worker packages; this downloads some hundred megabytes.")
            bar = self._progress_bar(environment.python)
            self._install_torch(environment.python, index, bar)
            # What a ROCm build needs beside torch lies on torch's own index only.
            beside = ["--extra-index-url", index] if index and self.choice.build() in ("rocm", "") else []
            self._install(environment.python, [*bar, *beside, *project], "install the packages")
        except BaseException:
            remove_tree(folder)
            raise

    def replace_project(self, environment: Environment) -> None:
        """Only this project's own code, into an environment whose packages are good as they are."""
        environment.marker.unlink(missing_ok=True)  # until it is done, nothing here counts as complete
        *editable, named = project_requirement(self.choice.source)
        bare = [*editable, named.removesuffix("[worker]")]
        self.say(f"Putting version {VERSION} into the worker's environment.")
        self.show(InstallProgress("Updating", 0.3))
        self._pip = PipProgress(0.0, text="Updating")
        self._install(environment.python, ["--no-deps", "--force-reinstall", *bare], "update the worker")

    def adopt(self, environment: Environment) -> None:
        """Take a Python of the user's own, if it has all packages; only this project is ever added to it."""
        self.show(InstallProgress("Looking at the chosen Python", 0.05))
        found = look_at(environment.python)
        found.require()
        self.say(f"Python {found.label} has the worker packages.")
        # A developer's own checkout is theirs: a copy put over it would hide it.
        if found.project != VERSION or (self.choice.repair and not found.linked):
            self.replace_project(environment)

    def first_start(self, environment: Environment) -> dict:
        """Start the worker once, so that a package that cannot be loaded shows now; returns what it said."""
        self.say("Starting the worker once.")
        self.show(InstallProgress("Starting the worker once", 0.92))
        arguments = ["--home", self.home.root, "--probe"]
        lines = self._run(environment.python, WORKER_MODULE, arguments, "start the worker", aloud=False)
        for line in reversed(lines):
            if line.startswith("{"):
                facts = json.loads(line)
                if facts.get("version") != VERSION:
                    raise SetupFailed(
                        f"What was installed is version {facts.get('version')}, not {VERSION}; install "
                        " the add-on and the worker from the same release."
                    )
                return facts
        raise SetupFailed(f"The worker started but did not say who it is; see {self.log}.")

    def fetch_model(self, environment: Environment, name: str) -> None:
        """The landmark model, through pip."""
        self.show(InstallProgress("Fetching the landmark model", 0.96))
        arguments = [self.home.models, name]
        self._run(environment.python, f"{WORKER_MODULE}.models", arguments, "fetch the landmark model")

    def _install_torch(self, python: Path, index: str | None, bar: list[str]) -> None:
        """The torch build of the chosen index, without dependencies: those come from pip's own index with
        the rest. Asking this index for torch alone also keeps a network that blocks it from delaying every
        single package.
        """
        if index is None:
            return
        once = ["--index-url", index, "--no-deps", "--retries", "1", "--timeout", "15"]
        try:
            self._install(python, [*bar, *once, TORCH], "install torch")
        except SetupFailed as error:
            if self.choice.torch_index:  # asked for by name: nothing else will do
                raise SetupFailed(
                    f"PyTorch could not be installed from the address you gave ({index}): {error.message}"
                ) from error
            self.say("The index chosen for torch cannot be used; the default build is installed instead.")

    def _progress_bar(self, python: Path) -> list[str]:
        """pip 24.1 and later tell bytes; an older one, silent for minutes, is renewed if that works."""
        if self._pip_version(python) < _TELLS_BYTES and not self.choice.wheels:
            with suppress(SetupFailed):
                wanted = "pip>={}.{}".format(*_TELLS_BYTES)
                self._install(python, ["--upgrade", "--retries", "1", wanted], "renew pip")
        return ["--progress-bar", "raw" if self._pip_version(python) >= _TELLS_BYTES else "off"]

    def _pip_version(self, python: Path) -> tuple[int, int]:
        words = " ".join(
            self._run(python, "pip", ["--version"], "ask for pip's version", aloud=False)
        ).split()
        with suppress(ValueError, IndexError):
            major, minor = words[1].split(".")[:2]
            return int(major), int(minor)
        return 0, 0

    def _install(self, python: Path, arguments: list, task: str) -> None:
        # Wheels only: to build one of these packages takes compilers and hours.
        self._run(python, "pip", ["install", "--only-binary", ":all:", *arguments], task)

    def _run(self, python: Path, module: str, arguments: list, task: str, *, aloud: bool = True) -> list[str]:
        tail: deque[str] = deque(maxlen=40)

        def hear(line: str) -> None:
            if module == "pip" and aloud:
                self._pip.hear(line)
                self.show(InstallProgress(self._pip.text, 0.03 + 0.87 * self._pip.fraction))
            if is_noise(line):
                return
            tail.append(line)
            self._note(line)
            if aloud and line and not line.startswith(_QUIET):
                self.say(line)

        self._note(f"{time.strftime('%Y-%m-%d %H:%M:%S')} $ {python} -m {module} {_shown(arguments)}")
        try:
            code, _ = run_streaming(
                guarded(python, module, *arguments),
                say=hear,
                should_stop=self._stop_or_beat,
                env=python_environment(python) | self._pip_settings(),
                cwd=self.home.root,
                stdin=subprocess.PIPE,
            )
        except OSError as error:
            raise SetupFailed(f"{python} cannot be started ({error.strerror or error}).") from error
        if code != 0:
            raise explained(task, list(tail), self.log, self.choice)
        return list(tail)

    def _pip_settings(self) -> dict[str, str]:
        """As variables: they reach the pip that fetches the model too, and no log shows a password."""
        settings = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if self.choice.wheels:  # as an address, because pip splits the variable at spaces
            settings |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.choice.wheels.absolute().as_uri()}
        if self.choice.proxy:
            settings["PIP_PROXY"] = self.choice.proxy
        return settings

    def _stop_or_beat(self) -> bool:
        if time.monotonic() - self._beat > _BEAT:
            self._beat = time.monotonic()
            with suppress(OSError):
                os.utime(lock_file(self.home))
        return self._should_stop()

    def _note(self, line: str) -> None:
        with writing(self.log), self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _shown(arguments: list) -> str:
    return " ".join(os.fspath(each) for each in arguments)
