"""Small things done to a scene or for the user: match the scene to the video, error reports and logs."""

from __future__ import annotations

from typing import Any

import bpy

from ...bridge.errors import writing
from ..jobs import jobs
from ..preferences import home
from ..problems import Surroundings
from ..scene.match import find_capture, match_scene
from ..ticks import report_line
from .base import report_error


class MatchScene(bpy.types.Operator):
    bl_idname = "reel2rig.match_scene"
    bl_label = "Match Scene to Video"
    bl_description = "Give the scene the frame rate, length, picture size and camera of the capture"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            match_scene(context.scene, find_capture(context.scene, context.object))
        except Exception as error:
            return report_error(self, error)
        return {"FINISHED"}


class CopyReport(bpy.types.Operator):
    bl_idname = "reel2rig.copy_report"
    bl_label = "Copy Report"
    bl_description = "Copy the last error with versions, settings and the end of the log, for a bug report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if jobs.problem is None:
            cls.poll_message_set("Nothing went wrong")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        if jobs.problem:
            around = Surroundings(home(), jobs.environment_state(home()), _last_settings(), report_line())
            context.window_manager.clipboard = jobs.problem.report(around)
            self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


class OpenLogs(bpy.types.Operator):
    bl_idname = "reel2rig.open_logs"
    bl_label = "Open Log Folder"
    bl_description = "Show the folder with what the worker and its installation have said"

    install: bpy.props.BoolProperty(
        name="Installation",
        description="Open the installation's log itself",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = home().logs
        try:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
        except Exception as error:
            return report_error(self, error)
        log = folder / "setup.log"
        bpy.ops.wm.path_open(filepath=str(log if self.install and log.is_file() else folder))
        return {"FINISHED"}


def _last_settings() -> dict[str, Any]:
    """Of the last job that the queue still knows."""
    return dict(jobs.queue.items[-1].settings) if jobs.queue.items else {}


CLASSES = (MatchScene, CopyReport, OpenLogs)
