"""What the operators share: errors become reports, and a timer looks after work in other processes."""

from __future__ import annotations

import bpy

from ..jobs import jobs
from ..redraw import redraw
from ..ticks import measured

_TICK = 0.1  # seconds

__all__ = ["Watcher", "redraw", "report_error"]


def report_error(operator: bpy.types.Operator, error: BaseException) -> set[str]:
    """Show an error in the status bar and keep it for the panel; an operator returns what this returns."""
    operator.report({"ERROR"}, jobs.report(error).line())
    redraw()
    return {"CANCELLED"}


class Watcher:
    """A modal operator that lets Blender go on and looks at a process ten times a second.

    A subclass has `look`, which returns None to go on or the operator's final result. Without a window
    (`blender -b`) timers never fire, so a subclass then blocks in `execute`.
    """

    _timer: bpy.types.Timer | None = None

    def watch(self, context: bpy.types.Context) -> set[str]:
        self._timer = context.window_manager.event_timer_add(_TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        with measured("tick"):
            try:
                result = self.look(context)
            except Exception as error:
                result = report_error(self, error)
            redraw()
        if result is None:
            return {"PASS_THROUGH"}
        self._stop(context)
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself, as when another file is opened; the work goes on."""
        self._stop(context)

    def look(self, context: bpy.types.Context) -> set[str] | None:
        raise NotImplementedError

    def _stop(self, context: bpy.types.Context) -> None:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
