"""What an installation would do, told before it begins. Standard library only.

`plan_install` starts Pythons to look at them, so a panel asks for it in the background.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.errors import Reel2RigError
from ..home import Home
from .choice import InstallChoice
from .environment import lacks_model
from .existing import look_at
from .folder_checks import check_folder, check_length, free_disk, tree_size
from .gpu import find_gpu
from .install import target_environment, update_is_enough
from .platforms import unfit_system
from .pythons import find_python
from .torch_build import GIGABYTE, NAMES

MODEL_BYTES = 36e6  # the download that holds the landmark model; see core/people/model_files.py


@dataclass(frozen=True)
class InstallPlan:
    """Facts for the user, and what stands in the way.

    Attributes:
        action: "install", "update" (only this project's code), "renew" (everything anew), "check" (a Python
            of the user's own) or "model" (only the landmark model is missing).
        python: the Python it is built on. torch: the build of PyTorch, and where it comes from.
        folder: where the environment comes to lie.
        download, disk, free: bytes; `disk` is what has to be free, `free` what is.
        obstacle: why it cannot be done now, as a sentence; "" when it can.
        hint: something to consider first; "" usually.
    """

    action: str
    folder: Path
    python: str = ""
    torch: str = ""
    download: float = 0.0
    disk: float = 0.0
    free: float = 0.0
    obstacle: str = ""
    hint: str = ""

    @property
    def needs_network(self) -> bool:
        return self.download > 0

    def facts(self) -> list[tuple[str, str]]:
        """(name, value) pairs for a panel or a terminal."""
        if self.action == "model":
            return [("Download", f"{gigabytes(MODEL_BYTES)}, the landmark model")]
        told = [("Python", self.python), ("PyTorch", self.torch)]
        if self.action == "update":
            told = [("Changes", "Reel2Rig's own code; the other packages stay")]
        elif self.action == "check":
            program = self.python or short_path(self.folder)
            told = [("Python", program), ("Changes", "Reel2Rig's own code is added to it, nothing else")]
        else:
            told.append(("Folder", short_path(self.folder)))
        if self.disk:
            told.append(("Download", f"About {gigabytes(self.download)}" if self.download else "Nothing"))
            told.append(("Disk", f"{gigabytes(self.disk)} needed, {gigabytes(self.free)} free"))
        elif self.download and self.action not in ("install", "renew"):  # those failed before it was known
            told.append(("Download", f"{gigabytes(self.download)}, the landmark model"))
        return [(name, value) for name, value in told if value]


def plan_install(home: Home, choice: InstallChoice) -> InstallPlan:
    """What `install(home, choice, allow_running=False)` would do; nothing is changed or downloaded."""
    target = target_environment(home)
    model = MODEL_BYTES if choice.landmark_model and lacks_model(home) and not choice.wheels else 0.0
    plan = InstallPlan("install", home.environment, download=model, obstacle=unfit_system())
    try:
        if not choice.repair and target.examine().name == "ready":
            return replace(plan, action="model")
        if target.chosen:
            plan = replace(plan, action="check", folder=target.python)
            return replace(plan, python=_checked(target.python))
        if not choice.repair and update_is_enough(target, choice):
            return replace(plan, action="update")
        if home.environment.exists():
            plan = replace(plan, action="renew")
        plan = replace(
            plan,
            download=model + choice.download(),
            disk=choice.disk(),
            free=free_disk(home.root),
            torch=_torch(choice),
        )
        check_length(home.environment)
        plan = replace(plan, python=find_python(choice.python).label, hint=_hint(home, choice))
        check_folder(home, choice.disk() - tree_size(home.environment))
    except (Reel2RigError, OSError) as error:
        return replace(plan, obstacle=plan.obstacle or str(error))
    return plan


def gigabytes(size: float) -> str:
    """As a person says it: 36 MB, 0.6 GB, 13 GB."""
    if size < 0.1 * GIGABYTE:
        return f"{size / 1e6:.0f} MB"
    return f"{size / GIGABYTE:.1f} GB" if size < 9.5 * GIGABYTE else f"{size / GIGABYTE:.0f} GB"


def short_path(path: Path) -> str:
    """A path with the user's own folder as ~."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)


def _checked(python: Path) -> str:
    found = look_at(python)
    found.require()
    return found.label


def _torch(choice: InstallChoice) -> str:
    """The build and its origin, as a person reads it."""
    if choice.wheels:
        return f"From {short_path(choice.wheels)}"
    build, index = choice.build(), choice.index()
    name = f"{NAMES[build]} build" if build else "The build at your address"
    return f"{name}, from {index}" if index else f"{name}, from pip's own index"


def _hint(home: Home, choice: InstallChoice) -> str:
    """What the user may want to know before it begins."""
    gpu = find_gpu()
    if not choice.wheels and gpu and gpu.maker == "nvidia" and choice.build() == "cpu":
        return f"{gpu.name} is here, and this build cannot use it; choose the CUDA build to do so."
    if not choice.wheels and gpu and gpu.maker == "amd" and choice.build() == "cuda":
        return f"{gpu.name} is here, and this build cannot use it; choose the ROCm build to do so."
    if gpu is None and choice.torch_build == "auto" and choice.build() == "cuda":
        return "No GPU was found; the CPU build is smaller, and as fast here."
    if sys.platform == "win32" and not str(home.root).isascii():
        return "If the worker does not start from this folder, choose one without accents, like C:\\reel2rig."
    return ""
