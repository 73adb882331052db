"""For which systems the worker's packages exist, and the sentence for every other one.

Looked up on the package index in autumn 2026: torch and MediaPipe have no wheels for Macs with Intel
processors, and opencv-python 4.11 and torch have none for Windows on ARM. Standard library only.
"""

from __future__ import annotations

import platform
import sys

MACOS = (14, 0)  # the oldest for which PyAV and torch have wheels


def unfit(tag: str) -> str:
    """Why a Python cannot run the worker, as the end of a sentence; "" when it can.

    Args:
        tag: its `sysconfig.get_platform()`, such as "win-amd64" or "macosx-11.0-arm64". A Python that
            holds two processors' code ("universal2") runs as the computer's own.
    """
    machine = platform.machine().lower()
    if tag == "win32":
        return "is a 32-bit Python, for which PyTorch does not exist; install the 64-bit one"
    if tag == "win-arm64":
        return (
            "is built for ARM, for which OpenCV and PyTorch offer no package on Windows; install the "
            "x86-64 Python from python.org, which Windows on ARM runs too"
        )
    if tag.startswith("macosx"):
        if machine not in ("arm64", "aarch64"):
            return (
                "runs on an Intel processor, for which PyTorch and MediaPipe offer no package any more; "
                "the worker needs a Mac with Apple silicon"
            )
        if tag.endswith("x86_64"):
            return "is built for Intel processors; install one for Apple silicon"
    return ""


def unfit_system() -> str:
    """Why this system cannot run the worker, as a sentence; "" when nothing is known against it."""
    if sys.platform == "darwin":
        version = tuple(int(part) for part in platform.mac_ver()[0].split(".")[:2] if part.isdigit())
        if version and version < MACOS:
            return f"The worker's packages need macOS {MACOS[0]} or newer; this is {platform.mac_ver()[0]}."
    return ""
