"""Anything that went wrong, as what the user is shown: a code, a sentence, and a report to paste."""

from __future__ import annotations

import json
import platform
import re
import sys
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..bridge.client.environment import EnvironmentState
from ..bridge.client.gpu import find_gpu
from ..bridge.home import Home
from ..bridge.version import VERSION
from ..core.errors import Reel2RigError

_TAIL = 40  # lines of the log
_ABOUT_SETUP = ("setup.", "worker.environment", "people.model")


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        code: stable and searchable. message: one sentence that says what to do.
        exit_code: what a command would return. details: the traceback, empty for the user's own mistakes.
    """

    code: str
    message: str
    exit_code: int = 1
    details: str = ""

    def line(self) -> str:
        """One line for Blender's status bar and the panel."""
        return f"{self.message} [{self.code}]"

    def report(self, around: Surroundings | None = None) -> str:
        """A text to paste into a bug report: versions, platform, GPU, settings and the end of the log.

        The user's own folder stands in it as ~, and no password of a proxy.
        """
        parts = [self.line(), _program(), _system()]
        if around:
            parts += [*around.lines(), self.details, *_tail(around.home, self.code)]
        else:
            parts.append(self.details)
        return without_secrets("\n".join(part for part in parts if part))


@dataclass(frozen=True)
class Surroundings:
    """What a report tells beside the problem.

    Attributes:
        state: of the worker's environment. settings: of the job, as JSON. pace: how long our callbacks took.
    """

    home: Home
    state: EnvironmentState
    settings: dict[str, Any] = field(default_factory=dict)
    pace: str = ""

    def lines(self) -> list[str]:
        versions = ", ".join(f"{name} {value}" for name, value in self.state.versions.items() if value)
        gpu = find_gpu()
        seen = [f"GPU: {gpu.name if gpu else 'none found'}", self.state.advice]
        return [
            f"Worker: {self.state.line}" + (f" ({versions})" if versions else ""),
            self.state.reason,
            ". ".join(part for part in seen if part),
            f"Settings: {json.dumps(self.settings, sort_keys=True)}" if self.settings else "",
            self.pace,
        ]


def problem_of(error: BaseException) -> Problem:
    """Describe an error; one that no class of ours describes is named as a fault of the program."""
    if isinstance(error, Reel2RigError):
        return Problem(error.code, str(error), error.exit_code)
    details = "".join(traceback.format_exception(error))
    if isinstance(error, MemoryError):
        return Problem(
            "memory.full",
            "This computer ran out of memory; close other programs or trim the video.",
            1,
            details,
        )
    summary = f"{type(error).__name__}: {error}"
    return Problem("internal.error", f"Reel2Rig made a mistake ({summary}); please report it.", 1, details)


def without_secrets(text: str) -> str:
    """The text with the user's folder as ~ and without the user and password of an address."""
    for own in {str(Path.home()), Path.home().as_posix()} - {"", "/"}:
        text = re.sub(re.escape(own) + r"(?![\w.-])", "~", text)
    return re.sub(r"://[^/\s@]+@", "://", text)


def _program() -> str:
    bpy = sys.modules.get("bpy")
    blender = f"Blender {bpy.app.version_string}" if bpy else "no Blender"
    return f"Reel2Rig {VERSION}, {blender}, Python {sys.version.split()[0]}"


def _system() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _tail(home: Home, code: str) -> list[str]:
    """The end of the log that has to do with a code."""
    log = home.logs / ("setup.log" if code.startswith(_ABOUT_SETUP) else "worker.log")
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            lines = deque(file, maxlen=_TAIL)
    except OSError:
        return [f"No {log.name}"]
    return [f"End of {log.name}:", *(line.rstrip() for line in lines)]
