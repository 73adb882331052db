"""What makes footage easy to capture, and where to turn when something goes wrong."""

from __future__ import annotations

import bpy

from ...bridge.version import VERSION
from .sidebar import Sidebar
from .worker import draw_text

_FOOTAGE = (
    ("CAMERA_DATA", "The camera stands still: a tripod, no zoom, no cuts"),
    ("USER", "The whole body is in the picture, feet included"),
    ("FULLSCREEN_ENTER", "The person fills at least a third of the picture's height"),
    ("LIGHT_SUN", "Even light; nobody in front of a bright window"),
    ("MOD_CLOTH", "Clothes that show where elbows and knees are"),
    ("COMMUNITY", "People rarely cover one another"),
    ("RENDER_ANIMATION", "30 frames a second or more, and little motion blur"),
    ("CON_SIZELIMIT", "The person's height is known: give it, and metres are right"),
)


class HelpPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_help"
    bl_label = "Help"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.label(text=f"Reel2Rig {VERSION}", icon="INFO")
        column = layout.column(align=True)
        column.operator("reel2rig.copy_report", text="Copy Error Report", icon="COPYDOWN")
        column.operator("reel2rig.open_logs", icon="FILE_FOLDER")


class FootagePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_footage"
    bl_label = "Good Footage"
    bl_parent_id = "REEL2RIG_PT_help"

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for icon, line in _FOOTAGE:
            draw_text(column, line, icon)


CLASSES = (HelpPanel, FootagePanel)
