"""A Blender with a window for the GUI ring of the tests: find one, or bootstrap one on Debian and its kin.

    python tools/gui_blender.py            says which one the ring would use
    python tools/gui_blender.py make       bootstraps one in .cache/gui-blender, when there is none

A bootstrapped one is a small Debian in a folder. Its Blender runs without chroot, through the folder's own
loader, so that what it starts are ordinary processes of this machine: the worker can be the Python of .venv.
Its X server runs in the folder by chroot, because it starts a program of a fixed path.

Standard library only, like all that tools/bootstrap.py calls.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from machine import SetupProblem, check_free_disk, install_packages

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "gui-blender"
VARIABLE = "REEL2RIG_BLENDER"
OLDEST = (4, 2)
SUITE = "trixie"  # Debian 13: Blender 4.3
NEEDED_BYTES = 1.6e9
# What Debian only recommends, or leaves to the user, and Blender's window, glTF and extensions need.
PACKAGES = (
    "blender",
    "python3-numpy",
    "python3-requests",
    "python3-cattr",
    "xvfb",
    "libgl1-mesa-dri",
    "libegl-mesa0",
    "libgl1",
    "libglx-mesa0",
)
OWN = f"install Blender 4.2 or later and Xvfb, and put `blender` on PATH or name it in {VARIABLE}"
HOW = f"make one with `python tools/gui_blender.py make` (Debian or Ubuntu, as root), or {OWN}"


@dataclass(frozen=True)
class GuiBlender:
    """A Blender program and an X server without a screen.

    Attributes:
        program: starts Blender. version: such as (4, 3, 2).
        xvfb: the command that starts the X server. xvfb_root: the folder that is "/" to that server.
    """

    program: Path
    version: tuple[int, ...]
    xvfb: tuple[str, ...]
    xvfb_root: Path = Path("/")

    @property
    def label(self) -> str:
        return f"Blender {'.'.join(map(str, self.version))} ({self.program})"


def find(folder: Path = FOLDER) -> GuiBlender | None:
    """The Blender for the GUI ring: the first of `programs` with an X server to show it on, or None."""
    for program, version in programs(folder):
        if server := _server(program):
            return GuiBlender(program, version, *server)
    return None


def programs(folder: Path = FOLDER) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Blender programs that are new enough, and their versions.

    The one that $REEL2RIG_BLENDER names alone, else `blender` on PATH and the bootstrapped one.
    """
    named = os.environ.get(VARIABLE)
    for candidate in [named] if named else ["blender", str(folder / "blender")]:
        program = shutil.which(candidate)
        if program and not Path(program).name.startswith("python"):
            version = _version(program)
            if version >= OLDEST:
                yield Path(program), version


def make(folder: Path = FOLDER, suite: str = SUITE) -> Path:
    """Bootstrap a Debian with Blender and Xvfb in `folder`; returns the program that starts Blender.

    Raises SetupProblem: this machine cannot; the sentence says what to do instead.
    """
    if not sys.platform.startswith("linux"):
        raise SetupProblem(f"a Blender can be bootstrapped on Linux only; {OWN}")
    if os.geteuid() != 0:
        raise SetupProblem(f"only root can bootstrap a Debian in a folder; {OWN}")
    check_free_disk({"a Blender for the GUI tests": (folder, NEEDED_BYTES)})
    if shutil.which("mmdebstrap") is None:
        if shutil.which("apt-get") is None:
            raise SetupProblem(f"mmdebstrap is missing, and so is apt to install it; {OWN}")
        install_packages(["mmdebstrap"], "mmdebstrap is missing on this machine")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"Bootstrapping Debian {suite} with Blender in {folder}: 0.4 GB to download, minutes", flush=True)
    if subprocess.call(_bootstrap_command(folder, suite)) != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupProblem(f"mmdebstrap failed (its message stands above); mend that, or {OWN}")
    return write_launcher(folder)


def write_launcher(folder: Path) -> Path:
    """Write `folder`/blender, a script that runs the folder's Blender on the libraries of that folder.

    So does the Python that Blender starts to unpack extensions: it stands in a folder of its own, of which
    Blender is told.
    """
    folder = folder.resolve()
    system = folder / "usr"
    (loader,) = system.glob("lib/*-linux-gnu/ld-linux-*.so.*")
    libraries = loader.parent
    # Debian reaches some libraries by absolute links (alternatives) and by run paths: both leave the folder.
    private = [libraries / name for name in ("blas", "lapack", "pulseaudio", "samba")]
    path = ":".join(map(str, [libraries, *filter(Path.is_dir, private), system / "lib"]))
    blender, python = system / "share" / "blender", folder / "python"
    settings = {
        "BLENDER_SYSTEM_RESOURCES": blender,
        "BLENDER_SYSTEM_SCRIPTS": blender / "scripts",
        "BLENDER_SYSTEM_DATAFILES": blender / "datafiles",
        "BLENDER_SYSTEM_PYTHON": python,
        "PYTHONHOME": system,
        "LIBGL_DRIVERS_PATH": libraries / "dri",
        "__EGL_VENDOR_LIBRARY_DIRS": system / "share" / "glvnd" / "egl_vendor.d",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }

    def launcher(target: Path, program: Path, variables: dict[str, object]) -> Path:
        exports = [f"export {name}={shlex.quote(str(value))}" for name, value in variables.items()]
        command = shlex.join([str(loader), "--library-path", path, str(program)])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(["#!/bin/sh", *exports, f'exec {command} "$@"', ""]), encoding="utf-8")
        target.chmod(0o755)
        return target

    for program in system.glob("bin/python3.[0-9]*[0-9]"):
        launcher(python / "bin" / program.name, program, {"PYTHONHOME": system})
    (python / "lib").unlink(missing_ok=True)
    (python / "lib").symlink_to(system / "lib")
    return launcher(folder / "blender", system / "bin" / "blender", settings)


def _bootstrap_command(folder: Path, suite: str) -> list[str]:
    """The mmdebstrap call; no mirror is named, so that mmdebstrap's own default holds."""
    options = [
        'Acquire::Check-Valid-Until "false"',  # a machine's clock may be ahead of a mirror
        'Acquire::Languages "none"',
        'APT::Install-Recommends "false"',
    ]
    left_out = ("doc", "man", "locale")
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return [
        *("mmdebstrap", "--variant=apt", "--mode=root", "--quiet"),
        *([f"--keyring={keyring}"] if keyring.exists() else []),
        *(f"--aptopt={option}" for option in options),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in left_out),
        f"--include={','.join(PACKAGES)}",
        suite,
        str(folder),
    ]


def _version(program: str) -> tuple[int, ...]:
    """The version a Blender program states in its first line ("Blender 4.2.3 LTS"); empty if it cannot."""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"Blender (\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part) for part in found.groups(default="0")) if found else ()


def _server(program: Path) -> tuple[tuple[str, ...], Path] | None:
    """The X server and its "/" for a Blender: that of the same bootstrapped folder, else the host's."""
    inside = program.resolve().parent
    if (inside / "usr" / "bin" / "Xvfb").exists() and os.geteuid() == 0:
        return ("chroot", str(inside), "/usr/bin/Xvfb"), inside
    host = shutil.which("Xvfb")
    return ((host,), Path("/")) if host else None


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="gui_blender", description="A Blender for the GUI ring of the tests."
    )
    parser.add_argument("command", nargs="?", choices=["make"], help="bootstrap one unless one is found")
    parser.add_argument("--suite", help=f"bootstrap this Debian instead of {SUITE}, whatever is found")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to (default: %(default)s)")
    chosen = parser.parse_args(list(arguments))
    try:
        if chosen.command == "make" and (chosen.suite or find(chosen.folder) is None):
            make(chosen.folder, chosen.suite or SUITE)
        found = find(chosen.folder)
    except SetupProblem as problem:
        print(f"reel2rig set-up: {problem}", file=sys.stderr)
        return 2
    print(f"The GUI ring uses {found.label}." if found else f"There is no Blender for the GUI ring; {HOW}.")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
