"""The sidebar panel: choose a video, capture, watch, import."""

from __future__ import annotations

import bpy

from ..jobs import jobs
from ..properties import of
from .sidebar import Sidebar
from .worker import draw_problem, draw_worker


class CapturePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_capture"
    bl_label = "Reel2Rig"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        chosen = of(context.scene)
        draw_worker(layout)
        choices = layout.column()
        choices.enabled = not jobs.capturing
        choices.prop(chosen, "video", text="")
        choices.prop(chosen, "person")
        if chosen.person == "ids":
            choices.prop(chosen, "person_ids")
        if jobs.capturing:
            layout.progress(factor=jobs.progress_factor(), type="BAR", text=jobs.progress_text())
            layout.operator("reel2rig.cancel_capture", icon="X")
        else:
            big = layout.row()
            big.scale_y = 1.5
            big.operator("reel2rig.capture", icon="ARMATURE_DATA")
        for folder in jobs.finished if not jobs.capturing else ():
            row = layout.operator("reel2rig.import_capture", text=f"Import {folder.name[:32]}", icon="IMPORT")
            row.filepath = str(folder)
        draw_problem(layout)


class OptionsPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_options"
    bl_label = "Options"
    bl_parent_id = "REEL2RIG_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.enabled = not jobs.capturing
        chosen = of(context.scene)
        layout.prop(chosen, "max_people")
        layout.prop(chosen, "smoothing")
        layout.prop(chosen, "device")
        layout.prop(chosen, "trim")
        if chosen.trim:
            layout.prop(chosen, "trim_start")
            layout.prop(chosen, "trim_end")
        for switch, value in (
            ("use_height", "height"),
            ("use_focal", "focal"),
            ("choose_start", "start_frame"),
        ):
            layout.prop(chosen, switch)
            if getattr(chosen, switch):
                layout.prop(chosen, value)
        layout.prop(chosen, "skin")
        layout.prop(chosen, "camera")


class ScenePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_scene"
    bl_label = "Scene"
    bl_parent_id = "REEL2RIG_PT_capture"

    def draw(self, context: bpy.types.Context) -> None:
        # Not the default context: this button opens the file browser.
        self.layout.operator_context = "INVOKE_DEFAULT"
        self.layout.operator("reel2rig.import_capture", icon="FILE_FOLDER")
        self.layout.operator("reel2rig.match_scene", icon="SCENE_DATA")


CLASSES = (CapturePanel, OptionsPanel, ScenePanel)
