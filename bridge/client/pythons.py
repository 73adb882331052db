"""Finding a Python from which the worker's environment can be made. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import PythonMissing
from ..processes import python_environment, spawn, stop_tree
from .platforms import unfit

VERSIONS = ((3, 11), (3, 12), (3, 13))  # those for which every worker package has a wheel
_PROBE = (
    "import sys, sysconfig, venv, ensurepip, ssl; "
    "print(*sys.version_info[:2], sysconfig.get_platform(), sys.executable)"
)
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class PythonProgram:
    """A Python that can make environments."""

    path: Path
    version: tuple[int, int]

    @property
    def label(self) -> str:
        return f"{self.version[0]}.{self.version[1]} ({self.path})"


def find_python(given: str | Path | None = None) -> PythonProgram:
    """The given Python if it fits, else the first fitting one on this computer.

    Blender's own Python comes last: it works, but an environment made from it breaks when that Blender is
    removed.

    Args:
        given: a program, or a folder that holds one.

    Raises:
        PythonMissing: none fits; the sentence says which to install.
    """
    reasons = []
    for candidate in [(str(python_in(Path(given))),)] if given else _candidates():
        program, reason = _examine(candidate)
        if program:
            return program
        reasons.append(f"{' '.join(candidate)} {reason}")
    told = f" ({'; '.join(reasons[:4])})" if reasons else ""
    if given:
        raise PythonMissing(f"This Python cannot be used: {reasons[0]}. Name a Python 3.11, 3.12 or 3.13.")
    install = {
        "win32": "from python.org",
        "darwin": "from python.org",
    }.get(sys.platform, "with its venv module (on Debian and Ubuntu: apt install python3-venv)")
    raise PythonMissing(
        f"No fitting Python was found; install Python 3.11, 3.12 or 3.13 {install}, or name one in the "
        f"preferences (at the command line with --python){told}."
    )


def python_in(place: Path) -> Path:
    """The Python program that a path means: the program itself, or the one in an environment's folder."""
    place = place.expanduser().absolute()  # not resolved: an environment's Python is often a link
    if place.name.lower() == "pythonw.exe":  # would leave us without its output
        return place.with_name("python.exe")
    if not place.is_dir():
        return place
    names = ("Scripts/python.exe", "python.exe") if sys.platform == "win32" else ("bin/python", "bin/python3")
    inside = [place / name for name in names]
    return next((python for python in inside if python.is_file()), inside[0])


def is_store_stub(python: str | Path) -> bool:
    """Whether this is the Microsoft Store's: an empty link that opens a shop, or a Python whose files
    Windows keeps in a place of its own, where another program cannot find the environment.
    """
    return "/microsoft/windowsapps/" in str(python).replace("\\", "/").lower()


def _candidates() -> Iterator[tuple[str, ...]]:
    """Command lines that may start a Python."""
    exact = [f"python{major}.{minor}" for major, minor in VERSIONS]
    inside_blender = "bpy" in sys.modules or not Path(sys.executable).name.lower().startswith("python")
    if not inside_blender:
        yield (sys.executable,)
    for name in [*exact, "python3", "python"]:
        if path := shutil.which(name):
            yield (path,)
    if sys.platform == "win32":
        if launcher := shutil.which("py"):
            yield from ((launcher, f"-{major}.{minor}") for major, minor in VERSIONS)
        for folder in _windows_folders():
            yield (str(folder / "python.exe"),)
    if sys.platform == "darwin":
        framework = Path("/Library/Frameworks/Python.framework/Versions")
        places = [framework / f"{major}.{minor}" / "bin" for major, minor in VERSIONS]
        for place in (*places, Path("/opt/homebrew/bin"), Path("/usr/local/bin")):
            yield from ((str(place / name),) for name in exact if (place / name).exists())
    if inside_blender:
        yield (sys.executable,)


def _windows_folders() -> Iterator[Path]:
    """Where python.org's installer puts Pythons, for one user or for all."""
    local = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    for root in (local / "Programs" / "Python", Path(os.environ.get("PROGRAMFILES", "C:/Program Files"))):
        yield from sorted(root.glob("Python31[123]"))


def _examine(candidate: tuple[str, ...]) -> tuple[PythonProgram | None, str]:
    """The program behind a candidate, or why it does not fit, as the end of a sentence."""
    if is_store_stub(candidate[0]):
        return None, "comes from the Microsoft Store, which hides what it writes; install one from python.org"
    try:
        process = spawn(
            [*candidate, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=python_environment(candidate[0]),
        )
    except OSError as error:
        return None, f"cannot be started ({error.strerror or error})"
    try:
        output, _ = process.communicate(timeout=_ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        stop_tree(process, kill=True)
        process.communicate()
        return None, "does not answer"
    words = output.decode("utf-8", "replace").split(maxsplit=3)
    if process.returncode != 0 or len(words) != 4:
        return None, "lacks the venv module"
    version = int(words[0]), int(words[1])
    if version not in VERSIONS:
        return None, f"is Python {words[0]}.{words[1]}"
    if reason := unfit(words[2]):
        return None, reason
    path = Path(words[3].strip())
    if is_store_stub(path):
        return None, "comes from the Microsoft Store, which hides what it writes; install one from python.org"
    return PythonProgram(path, version), ""
