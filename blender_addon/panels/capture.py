"""The first panel of the sidebar: choose a video, capture, watch, import."""

from __future__ import annotations

import bpy

from ..capture_presets import CapturePresets
from ..jobs import jobs
from ..properties import CaptureProperties, of
from ..ticks import measured
from .body import draw_body_choice
from .chosen_people import draw_people
from .queue import draw_finished, draw_queue, draw_running
from .sidebar import Sidebar
from .video import draw_range, draw_video
from .worker import draw_problem, draw_text, draw_worker


class CapturePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_capture"
    bl_label = "Capture"

    def draw(self, context: bpy.types.Context) -> None:
        with measured("draw"):
            _draw(self.layout, of(context.scene))


class OptionsPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_options"
    bl_label = "Settings"
    bl_parent_id = "REEL2RIG_PT_capture"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.popover(CapturePresets.bl_idname, icon="PRESET", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = of(context.scene)
        column = layout.column()
        column.prop(chosen, "max_people")
        column.prop(chosen, "smoothing")
        column.prop(chosen, "device")
        column = layout.column()
        _switched(column, chosen, "use_height", "height", "Height (m)")
        _switched(column, chosen, "use_focal", "focal", "Focal (px)")
        _switched(column, chosen, "choose_start", "start_frame", "Start at Frame")
        column = layout.column(heading="Build")
        column.prop(chosen, "skin")
        column.prop(chosen, "camera")
        column = layout.column()
        draw_body_choice(column, context.scene)
        column.prop(chosen, "landmark_model", placeholder="Built-In")
        column.prop(chosen, "checkpoint", placeholder="Built-In")


class ScenePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_scene"
    bl_label = "Scene"
    bl_parent_id = "REEL2RIG_PT_capture"

    def draw(self, context: bpy.types.Context) -> None:
        # Not the default context: this button opens the file browser.
        self.layout.operator_context = "INVOKE_DEFAULT"
        self.layout.operator("reel2rig.import_capture", icon="FILE_FOLDER")
        self.layout.operator("reel2rig.import_motion", icon="IMPORT")
        self.layout.operator("reel2rig.match_scene", icon="SCENE_DATA")


def _draw(layout: bpy.types.UILayout, chosen: CaptureProperties) -> None:
    draw_worker(layout)
    draw_video(layout, chosen)
    draw_range(layout, chosen)
    draw_people(layout, chosen)
    big = layout.row()
    big.scale_y = 1.5
    text, icon = ("Add to Queue", "ADD") if jobs.capturing else ("Capture", "ARMATURE_DATA")
    big.operator("reel2rig.capture", text=text, icon=icon)
    draw_running(layout)
    draw_queue(layout)
    draw_finished(layout)
    if jobs.problem not in [item.problem for item in jobs.queue.failed]:
        draw_problem(layout)
    elif jobs.message:  # the problem stands with its video already
        draw_text(layout.box(), jobs.message, "INFO")


def _switched(
    layout: bpy.types.UILayout, chosen: bpy.types.PropertyGroup, switch: str, value: str, text: str
) -> None:
    """A checkbox, and the value it lets one choose beside it."""
    row = layout.row(heading=text)
    row.prop(chosen, switch, text="")
    field = row.row()
    field.active = getattr(chosen, switch)
    field.prop(chosen, value, text="")


CLASSES = (CapturePanel, OptionsPanel, ScenePanel)
