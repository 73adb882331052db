"""The Blender tests over the bpy modules of several Blender versions: `make test-matrix VERSIONS="4.2 5.0"`.

Each version gets a small environment in .cache/matrix, made once: bpy, numpy, the test tools, and the project
as a wheel, without torch and its kin. `make test` itself covers the version that pyproject.toml names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "matrix"
TESTS = ("tests/blender", "tests/motion")
# What these tests need: scipy is what rotations are compared with, OpenCV writes videos to drop.
PACKAGES = (
    *("numpy", "scipy", "opencv-python-headless>=4.11"),
    *("pytest>=8", "hypothesis>=6", "setuptools>=77", "wheel"),
)
NEEDED_BYTES = 1.3e9  # measured: 1.0 to 1.1 GB a version
_WHEEL = "import build_addon, pathlib, sys; print(build_addon.build_wheel(pathlib.Path(sys.argv[1])))"


@dataclass(frozen=True)
class Entry:
    """One Blender version: the Python its module is made for, and where its environment stands."""

    version: str
    python: tuple[int, int]

    @property
    def folder(self) -> Path:
        return FOLDER / self.version

    @property
    def program(self) -> Path:
        inside = self.folder / ("Scripts" if os.name == "nt" else "bin")
        return inside / ("python.exe" if os.name == "nt" else "python")

    @property
    def requirements(self) -> list[str]:
        return [f"bpy=={self.version}.*", *PACKAGES]


MATRIX = tuple(
    Entry(version, python)
    for version, python in (("4.2", (3, 11)), ("4.5", (3, 11)), ("5.0", (3, 11)), ("5.2", (3, 13)))
)


def run_matrix(versions: Iterable[str] = ()) -> int:
    """Run the Blender tests in every version asked for (all by default); the exit code of the worst.

    A version without its Python on this machine is left out, and that is said.

    Raises machine.SetupProblem: an unknown version, too little disk, or packages that do not install.
    """
    wanted = set(versions)
    if unknown := wanted - {entry.version for entry in MATRIX}:
        known = ", ".join(entry.version for entry in MATRIX)
        raise machine.SetupProblem(
            f"there is no Blender {', '.join(sorted(unknown))} here; choose of {known}"
        )
    outcomes, worst = [], 0
    for entry in MATRIX:
        if wanted and entry.version not in wanted:
            continue
        base = find_python(entry.python)
        if base is None:
            outcomes.append(f"Blender {entry.version}: left out, no Python {_dotted(entry.python)} found")
            continue
        begun = time.monotonic()
        prepare(entry, base)
        ready = time.monotonic()
        code = _run_tests(entry)
        worst = max(worst, abs(code))
        times = f"{ready - begun:.0f} s to prepare, {time.monotonic() - ready:.0f} s of tests"
        outcomes.append(f"Blender {entry.version}: {'passed' if code == 0 else 'FAILED'} ({times})")
    print("\n" + "\n".join(outcomes), flush=True)
    return worst


def find_python(version: tuple[int, int]) -> str | None:
    """A Python of that version: the running one, or the one on PATH that starts and is what it is called."""
    if sys.version_info[:2] == version:
        return sys.executable
    for name in (f"python{_dotted(version)}", "python3"):
        program = shutil.which(name)
        if program and _says(program, "import sys; print('%d.%d' % sys.version_info[:2])") == _dotted(
            version
        ):
            return program
    return None


def prepare(entry: Entry, base: str) -> None:
    """Make an entry's environment unless it is there, and put the project into it as it is now."""
    stamp = entry.folder / "reel2rig-installed.json"
    wanted = {"base": base, "requirements": entry.requirements}
    if not stamp.exists() or json.loads(stamp.read_text(encoding="utf-8")) != wanted:
        machine.check_free_disk({f"Blender {entry.version}": (entry.folder, NEEDED_BYTES)})
        print(f"\nInstalling bpy {entry.version} in {entry.folder} (0.4 GB to download)", flush=True)
        _call([base, "-m", "venv", "--clear", str(entry.folder)])
        _pip(entry, entry.requirements)
        stamp.write_text(json.dumps(wanted), encoding="utf-8")
    wheels = FOLDER / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    wheels.mkdir(parents=True)
    _call([str(entry.program), "-c", _WHEEL, str(wheels)])
    _pip(entry, ["--no-deps", "--force-reinstall", *map(str, wheels.glob("*.whl"))])


def _run_tests(entry: Entry) -> int:
    command = [str(entry.program), "-m", "pytest", "-q", "-m", "blender and not slow", *TESTS]
    print(f"\n> Blender {entry.version}: {' '.join(command[1:])}", flush=True)
    # Without the checkout on the import path, where bare `core` and `bridge` could be imported by mistake.
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    environment.setdefault("REEL2RIG_HOME", str(ROOT / ".cache" / "home"))
    return subprocess.call(command, cwd=ROOT, env=environment)


def _pip(entry: Entry, arguments: list[str]) -> None:
    quiet = ["--quiet", "--disable-pip-version-check"]
    _call([str(entry.program), "-m", "pip", "install", *quiet, *arguments])


def _call(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise machine.SetupProblem("preparing the matrix failed; the message above says why")


def _says(program: str, code: str) -> str:
    done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
