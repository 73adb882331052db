"""What the operators share: errors become reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..jobs import jobs
from ..redraw import redraw

__all__ = ["chosen_files", "redraw", "report_error"]


def chosen_files(operator: Any) -> list[str]:
    """The absolute paths that the file browser or a drop left in `filepath`, `directory` and `files`."""
    folder = Path(bpy.path.abspath(operator.directory)) if operator.directory else None
    names = [file.name for file in operator.files if file.name]
    if folder and names:
        return [str(folder / name) for name in names]
    return [bpy.path.abspath(operator.filepath)] if operator.filepath else []


def report_error(operator: bpy.types.Operator, error: BaseException) -> set[str]:
    """Show an error in the status bar and keep it for the panel; an operator returns what this returns."""
    operator.report({"ERROR"}, jobs.report(error).line())
    redraw()
    return {"CANCELLED"}
