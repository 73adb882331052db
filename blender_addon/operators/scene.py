"""Small things done to a scene or for the user: match the scene to the video, copy an error report."""

from __future__ import annotations

import bpy

from ..jobs import jobs
from ..scene.match import find_capture, match_scene
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
    bl_description = "Copy the last error with versions and details, for a bug report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return jobs.problem is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        if jobs.problem:
            context.window_manager.clipboard = jobs.problem.report()
        return {"FINISHED"}


CLASSES = (MatchScene, CopyReport)
