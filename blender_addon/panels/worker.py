"""The worker's state line and what can be done about it; the sidebar and the preferences both show it."""

from __future__ import annotations

import textwrap

import bpy

from ..jobs import jobs
from ..preferences import home

_ICONS = {"absent": "ERROR", "installing": "SORTTIME", "ready": "CHECKMARK", "broken": "CANCEL"}


def draw_worker(layout: bpy.types.UILayout, always_manage: bool = False) -> None:
    """The state line, the running installation, and the buttons that fit the state."""
    folder = home()
    state = jobs.environment_state(folder)
    draw_text(layout, f"Worker: {jobs.state_line(folder)}", _ICONS.get(state.name, "INFO"))
    if jobs.install:
        layout.progress(factor=0.0, type="RING", text=jobs.install.line[:60])
        layout.operator("reel2rig.cancel_install", icon="X")
    elif state.name == "absent":
        if not bpy.app.online_access:
            draw_text(layout, "Online access is off: Preferences, System, Network", "INTERNET_OFFLINE")
        layout.operator("reel2rig.install_worker", icon="IMPORT")
    elif state.name == "broken" or always_manage:
        row = layout.row(align=True)
        row.operator("reel2rig.install_worker", text="Repair the Worker", icon="TOOL_SETTINGS").repair = True
        row.operator("reel2rig.remove_worker", text="", icon="TRASH")


def draw_problem(layout: bpy.types.UILayout) -> None:
    """The last error, with its code, or the last message."""
    if jobs.problem:
        box = layout.box()
        box.alert = True
        draw_text(box, jobs.problem.message, "ERROR")
        row = box.row()
        row.label(text=jobs.problem.code)
        row.operator("reel2rig.copy_report", text="", icon="COPYDOWN")
    elif jobs.message:
        draw_text(layout.box(), jobs.message, "INFO")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str = "NONE") -> None:
    """A text of any length, broken into lines that fit the region; Blender itself cuts out the middle."""
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, _characters_across()) or [""]):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def _characters_across() -> int:
    """About how many characters stand beside an icon in the region being drawn."""
    region = bpy.context.region
    if region is None:
        return 32
    scale = bpy.context.preferences.system.ui_scale
    return max(16, int((region.width / scale - 80) / 6.5))
