"""Sub-panels of Clean-up for what lies on top of the capture, and for several people at once."""

from __future__ import annotations

import bpy

from ..scene.layers import corrections_action
from ..scene.people import active_person
from .cleanup import CleanupPart
from .worker import draw_text


class CorrectionsPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_corrections"
    bl_label = "Corrections"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        person = active_person(context)
        corrections = corrections_action(person)
        if corrections is None:
            layout.operator("reel2rig.add_corrections", icon="NLA")
            draw_text(layout, "Your own keys on top of the capture; clean-up never touches them", "INFO")
            return
        data = person.animation_data
        if data.use_tweak_mode:
            draw_text(layout, "A strip is in Tweak Mode: keys go to that strip", "ERROR")
            layout.prop(data, "use_tweak_mode", text="Tweak Mode", toggle=True)
        elif data.action == corrections:
            layout.label(text=corrections.name, icon="ACTION")
            layout.prop(data, "action_influence", text="Influence", slider=True)
            draw_text(layout, "Pose bones and insert keys: they add to the capture", "INFO")
        else:
            draw_text(layout, f"'{corrections.name}' lies on an NLA strip", "NLA")


class SeveralPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_several"
    bl_label = "Several People"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.operator("reel2rig.copy_cleanup", icon="PASTEDOWN")
        column.operator("reel2rig.clean_up_selected", icon="FILE_REFRESH")


CLASSES = (CorrectionsPanel, SeveralPanel)
