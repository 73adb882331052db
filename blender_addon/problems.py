"""Anything that went wrong, as what the user is shown: a code, a sentence, and details to report."""

from __future__ import annotations

import platform
import sys
import traceback
from dataclasses import dataclass

from ..core.errors import Reel2RigError


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

    def report(self) -> str:
        """A text to paste into a bug report."""
        machine = (
            f"{platform.system()} {platform.release()} {platform.machine()}, Python {sys.version.split()[0]}"
        )
        return "\n".join(part for part in (self.line(), f"{_blender()}, {machine}", self.details) if part)


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


def _blender() -> str:
    bpy = sys.modules.get("bpy")
    return f"Blender {bpy.app.version_string}" if bpy else "no Blender"
