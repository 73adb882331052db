"""What the operators share: errors become reports."""

from __future__ import annotations

import bpy

from ..jobs import jobs
from ..redraw import redraw

__all__ = ["redraw", "report_error"]


def report_error(operator: bpy.types.Operator, error: BaseException) -> set[str]:
    """Show an error in the status bar and keep it for the panel; an operator returns what this returns."""
    operator.report({"ERROR"}, jobs.report(error).line())
    redraw()
    return {"CANCELLED"}
