"""Shared libraries the packages need from a Linux system, and the line that brings them."""

from __future__ import annotations

import ctypes
import sys

# Library -> Debian and Ubuntu package. MediaPipe needs the first two, OpenCV the next two.
WORKER = {
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
BLENDER = {
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
}


def missing_libraries(libraries: dict[str, str]) -> list[str]:
    """The libraries of a table that this Linux system cannot load; none on other systems."""
    return [name for name in libraries if not _loads(name)] if sys.platform.startswith("linux") else []


def apt_line(missing: list[str]) -> str:
    """The one line that brings the missing libraries on Debian and Ubuntu."""
    packages = [(WORKER | BLENDER)[name] for name in missing]
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
