"""Whether the home folder can take an environment: room, permission, and Windows' limit on paths.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import SetupDiskFull, SetupFailed
from ..home import Home
from .torch_build import GIGABYTE

# From the environment's folder to the deepest file in it (a licence of torch's), with some in reserve.
_DEEPEST = 200
_WINDOWS_LIMIT = 259


class SetupPathTooLong(SetupFailed):
    code = "setup.path_too_long"


class SetupNotWritable(SetupFailed):
    code = "setup.not_writable"


def existing_parent(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def free_disk(folder: Path) -> float:
    """Bytes free where the folder is or would be."""
    return float(shutil.disk_usage(existing_parent(folder)).free)


def check_folder(home: Home, needed: float) -> None:
    """Refuse, before anything is downloaded, a home in which the environment cannot be made.

    Args:
        needed: bytes; see `InstallChoice.disk`.

    Raises:
        SetupDiskFull, SetupNotWritable, SetupPathTooLong.
    """
    check_length(home.environment)
    folder = existing_parent(home.root)
    try:
        with tempfile.TemporaryDirectory(prefix=".reel2rig-", dir=folder):
            pass
    except OSError as error:
        raise SetupNotWritable(
            f"You may not create files in {folder} ({error.strerror or error}); choose another home folder."
        ) from error
    free = free_disk(folder)
    if free < needed:
        raise SetupDiskFull(
            f"The worker's environment needs {needed / GIGABYTE:.0f} GB and the disk of {folder} has "
            f"{free / GIGABYTE:.1f} GB free; free some space, or choose a home folder on another disk "
            "(the preference, or REEL2RIG_HOME)."
        )


def check_length(environment: Path) -> None:
    """pip cannot write paths longer than Windows allows; the prefix that lifts the limit is not for it.

    Raises SetupPathTooLong.
    """
    if sys.platform != "win32" or _long_paths_allowed():
        return
    if len(str(environment)) + _DEEPEST > _WINDOWS_LIMIT:
        raise SetupPathTooLong(
            f"{environment} is too long a path for Windows: choose a short home folder such as "
            "C:\\reel2rig, or turn on long paths in Windows."
        )


def tree_size(folder: Path) -> float:
    """Bytes of all files below a folder; 0 when it is not there."""
    size = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_size
    return float(size)


def remove_tree(folder: Path) -> None:
    r"""Delete a folder as far as the system lets us; on Windows with the prefix that allows long paths."""
    extended = sys.platform == "win32" and not str(folder).startswith("\\\\")
    shutil.rmtree(f"\\\\?\\{folder}" if extended else folder, ignore_errors=True)


def _long_paths_allowed() -> bool:
    with suppress(ImportError, OSError):
        import winreg

        place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:  # type: ignore[attr-defined]
            return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1  # type: ignore[attr-defined]
    return False
