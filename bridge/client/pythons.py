"""Finding a Python from which the worker's environment can be made. Standard library only."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import PythonMissing
from ..processes import python_environment, spawn, stop_tree

VERSIONS = ((3, 11), (3, 12), (3, 13))  # those for which every worker package has a wheel
_PROBE = "import sys, venv, ensurepip, ssl; print(sys.version_info[0], sys.version_info[1], sys.executable)"


@dataclass(frozen=True)
class PythonProgram:
    """A Python that can make environments."""

    path: Path
    version: tuple[int, int]


def find_python(given: str | Path | None = None) -> PythonProgram:
    """The given Python if it fits, else the first fitting one on this computer.

    Blender's own Python comes last: it works, but an environment made from it breaks when that Blender is
    removed.

    Raises:
        PythonMissing: none fits; the sentence says which to install.
    """
    reasons = []
    for candidate in [str(given)] if given else _candidates():
        program, reason = _examine(candidate)
        if program:
            return program
        reasons.append(f"{candidate}: {reason}")
    told = f" ({'; '.join(reasons[:4])})" if reasons else ""
    raise PythonMissing(
        "No Python 3.11, 3.12 or 3.13 with the venv module was found; install one (on Debian and Ubuntu: "
        f"apt install python3-venv) or name it with --python{told}."
    )


def _candidates() -> Iterator[str]:
    names = [f"python{major}.{minor}" for major, minor in VERSIONS] + ["python3", "python"]
    inside_blender = "bpy" in sys.modules or not Path(sys.executable).name.lower().startswith("python")
    if not inside_blender:
        yield sys.executable
    for name in names:
        if path := shutil.which(name):
            yield path
    if sys.platform == "win32":
        for folder in sorted((Path.home() / "AppData/Local/Programs/Python").glob("Python31[123]")):
            yield str(folder / "python.exe")
    if sys.platform == "darwin":
        for prefix in ("/opt/homebrew/bin", "/usr/local/bin"):
            yield from (f"{prefix}/{name}" for name in names[:3] if Path(prefix, name).exists())
    if inside_blender:
        yield sys.executable


def _examine(candidate: str) -> tuple[PythonProgram | None, str]:
    """The program behind a candidate, or why it does not fit."""
    try:
        process = spawn(
            [candidate, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=python_environment(candidate),
        )
    except OSError as error:
        return None, error.strerror or str(error)
    try:
        output, _ = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        stop_tree(process, kill=True)
        process.communicate()
        return None, "does not answer"
    words = output.decode("utf-8", "replace").split(maxsplit=2)
    if process.returncode != 0 or len(words) != 3:
        return None, "lacks the venv module"
    version = int(words[0]), int(words[1])
    if version not in VERSIONS:
        return None, f"is Python {words[0]}.{words[1]}"
    return PythonProgram(Path(words[2].strip()), version), ""
