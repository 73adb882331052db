"""What this machine must offer: a fitting Python, free disk and a few system libraries.

Each check passes silently, mends what it may, or raises SetupProblem: one sentence that says what to do.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Blender's module exists only for these: 4.5 for Python 3.11 and 5.2 for Python 3.13.
PYTHONS = ((3, 11), (3, 13))

# The table of shared libraries and their packages is the client's own: it runs without anything installed.
LIBRARY_TABLE = Path(__file__).resolve().parent.parent / "bridge" / "client" / "system_libraries.py"

GIGABYTE = 1e9


class SetupProblem(Exception):
    """Something the person at the keyboard can mend; the message says how."""


def check_python() -> None:
    """Refuse a Python for which there is no Blender module, before anything is downloaded."""
    if sys.version_info[:2] not in PYTHONS:
        raise SetupProblem(
            f"this is Python {sys.version_info[0]}.{sys.version_info[1]}, and Blender's module exists for "
            "3.11 and 3.13 only; install one of them and name it: make PYTHON=python3.11 demo"
        )


def check_system_libraries() -> None:
    """Find the shared libraries missing on Linux and install them with apt where that is allowed."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_libraries()
    packages = [system_libraries()[name] for name in missing]
    if not _can_make_environments():
        missing.append("the venv module")
        packages.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SetupProblem(
            f"these system libraries are missing: {', '.join(missing)}; install the packages of your "
            f"distribution that hold them (Debian calls them {' '.join(packages)}) and run this command again"
        )
    names = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing on this machine"
    install_packages(packages, names)
    if still_missing := missing_libraries():
        raise SetupProblem(
            f"apt could not bring {', '.join(still_missing)} with {' '.join(packages)}; install the packages "
            "of your distribution that hold them and run this command again"
        )


def install_packages(packages: list[str], why: str) -> None:
    """Install Debian packages with apt, as root or with a sudo that asks for no password.

    Raises SetupProblem: it may not, or apt failed; the message names the line to run. `why` opens it.
    """
    prefix = _root_prefix()
    apt_line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if prefix is None:
        raise SetupProblem(f"{why}; install with\n\n    sudo {apt_line}\n\nand run this command again")
    print(f"{why}: installing with `{apt_line}`", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A failed update need not be fatal (one dead third-party source is enough): the install below decides.
    subprocess.call([*prefix, "apt-get", "update", "-q"], env=environment)
    if subprocess.call([*prefix, *apt_line.split()], env=environment) != 0:
        raise SetupProblem(
            f"apt could not bring {', '.join(packages)} (its message stands above); "
            f"once that is mended, run\n\n    sudo {apt_line}\n"
        )


def system_libraries() -> dict[str, str]:
    """Shared library -> Debian and Ubuntu package, for the worker and for Blender's module.

    Ubuntu 24.04 and Debian 13 call one of them libglib2.0-0t64; it answers to the older name, too.
    """
    table = runpy.run_path(str(LIBRARY_TABLE))
    return {**table["WORKER"], **table["BLENDER"]}


def missing_libraries() -> list[str]:
    """Those of `system_libraries` that the loader does not find, whatever package would have brought them."""
    return runpy.run_path(str(LIBRARY_TABLE))["missing_libraries"](system_libraries())


def check_free_disk(needs: dict[str, tuple[Path, float]]) -> None:
    """Compare the free space with what will be written.

    Args:
        needs: what for -> (folder, bytes). Folders on one disk are added up; a folder need not exist yet.
    """
    disks: dict[int, tuple[Path, list[str], float]] = {}
    for purpose, (folder, size) in needs.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        where, parts, total = disks.get(existing.stat().st_dev, (existing, [], 0.0))
        parts = [*parts, f"{purpose} {size / GIGABYTE:.1f} GB"]
        disks[existing.stat().st_dev] = (where, parts, total + size)
    for where, parts, total in disks.values():
        free = shutil.disk_usage(where).free
        if free < total:
            raise SetupProblem(
                f"the disk of {where} has {free / GIGABYTE:.1f} GB free and {total / GIGABYTE:.1f} GB are "
                f"needed ({', '.join(parts)}); free some space and run this command again"
            )


def pip_cache_folder() -> Path:
    """Where pip keeps what it downloads (outside the checkout)."""
    if os.environ.get("PIP_CACHE_DIR"):
        return Path(os.environ["PIP_CACHE_DIR"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pip"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "pip" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "pip"


def _can_make_environments() -> bool:
    """Debian splits venv's own pip (ensurepip) into a package of its own."""
    probe = [sys.executable, "-c", "import ensurepip, venv"]
    return subprocess.call(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def _root_prefix() -> list[str] | None:
    """How to run apt as root: nothing to add, a sudo that asks no password, or not at all (None)."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.call([sudo, "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    ):
        return [sudo, "-n"]
    return None
