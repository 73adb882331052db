"""Why a step of an installation failed, as one sentence that says what to do. Standard library only."""

from __future__ import annotations

import re
from pathlib import Path

from ...core.errors import Reel2RigError
from ..errors import SetupDiskFull, SetupFailed, from_wire
from .choice import InstallChoice
from .folder_checks import SetupPathTooLong

_UNREACHABLE = ("NewConnectionError", "Temporary failure in name resolution", "getaddrinfo failed")
_DISK_FULL = ("No space left on device", "Errno 28", "WinError 112")


class SetupPackageMissing(SetupFailed):
    code = "setup.package_not_found"


class SetupNetwork(SetupFailed):
    code = "setup.network"


def explained(task: str, lines: list[str], log: Path, choice: InstallChoice) -> Reel2RigError:
    """The error behind the last lines that a child printed.

    Args:
        task: what it was to do, as in "install the packages".
        log: where all its lines are.
    """
    text = "\n".join(lines)
    for line in reversed(lines):
        if line.startswith("error [") and "] " in line:  # our own child: `bridge.worker.models`
            code, _, message = line.removeprefix("error [").partition("] ")
            return from_wire(code, message, SetupFailed.exit_code)
    if any(sign in text for sign in _DISK_FULL):
        return SetupDiskFull(f"The disk filled up while trying to {task}; free some space and try again.")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return SetupNetwork(
            "The network answers with a certificate that this computer does not trust; ask who runs it for "
            f"its certificate and name it in pip's setting 'cert' (log: {log})."
        )
    if "ProxyError" in text or "407 Proxy" in text:
        return SetupNetwork(f"The proxy refuses; check its address, user name and password (log: {log}).")
    if any(sign in text for sign in _UNREACHABLE):
        return SetupNetwork(
            f"The package index cannot be reached; check the network, or name a proxy (log: {log})."
        )
    if "externally-managed-environment" in text:
        return SetupFailed(
            "This Python belongs to the system, which lets nobody add packages to it; choose a virtual "
            "environment, or let Reel2Rig make one of its own."
        )
    if "Long Path" in text or "WinError 206" in text:
        return SetupPathTooLong(
            "A path grew too long for Windows: choose a short home folder such as C:\\reel2rig, or turn on "
            "long paths in Windows."
        )
    if missing := re.search(r"No matching distribution found for ([A-Za-z0-9_.\-]+)", text):
        if choice.wheels:
            return SetupPackageMissing(
                f"The wheel folder {choice.wheels} holds no fitting {missing[1]}; put its wheel for this "
                "system and Python there."
            )
        return SetupPackageMissing(
            f"The package index has no {missing[1]} for this system and Python; try another Python (3.11 to "
            f"3.13) or another index (log: {log})."
        )
    reason = next(
        (line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "it said nothing"
    )
    return SetupFailed(f"Setup could not {task} ({reason.strip()[:300]}); the log is {log}.")
