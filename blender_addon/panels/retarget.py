"""Retargeting: from whom onto which rig, as what that rig is recognised, and how."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ...core.motion.retarget.edit_map import role_words
from ...core.motion.retarget.guess import GUESSED
from ...core.motion.retarget.roles import ROOT, TWIST
from ..operators.retarget import notes_of
from ..retarget_properties import chosen_source, chosen_target
from ..rig_map_fields import kept_map, readable_map
from ..scene.people import chosen_people
from .sidebar import Sidebar
from .worker import draw_text


class RetargetPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_retarget"
    bl_label = "Retarget"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        choice = context.scene.reel2rig_retarget
        source, target = chosen_source(context), chosen_target(context)
        active = source.name if source is not None else "Captured Person"
        chosen = layout.column(align=True)
        for name, hint in (("source", active), ("target", "Rig")):
            label = choice.bl_rna.properties[name].name
            row = labelled(chosen, label, 0.2)
            row.prop(choice, name, text="", icon="ARMATURE_DATA", placeholder=hint)
        if target is not None:
            _draw_recognised(layout, target)
        people = [person for person in chosen_people(context) if person != target]
        column = layout.column(align=True)
        button = column.row(align=True)
        button.scale_y = 1.4
        button.operator("reel2rig.retarget", icon="CON_ARMATURE")
        if len(people) > 1:
            column.operator("reel2rig.retarget_people", text=f"Retarget {len(people)} Selected People")
        if target is not None:
            _draw_result(layout, target)


def labelled(layout: bpy.types.UILayout, label: str, share: float, alert: bool = False) -> bpy.types.UILayout:
    """A row behind a label. For long names, to which Blender's own split leaves too little room.

    Args:
        share: of the width that the label takes. alert: whether label and row are red.
    """
    split = layout.split(factor=share, align=True)
    split.alert = alert
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=label)
    return split.row()


def _draw_recognised(layout: bpy.types.UILayout, target: bpy.types.Object) -> None:
    try:
        rig_map = kept_map(target)
    except Reel2RigError as error:
        box = layout.box()
        box.alert = True
        draw_text(box, error.message, "ERROR")
        box.operator("reel2rig.recognise_rig", icon="FILE_REFRESH")
        return
    if rig_map is None:
        layout.operator("reel2rig.recognise_rig", icon="VIEWZOOM")
        return
    told = layout.column(align=True)
    if missing := rig_map.missing():
        some = ", ".join(map(role_words, missing[:3])) + (", ..." if len(missing) > 3 else "")
        draw_text(told, f"Choose bones in the bone map: {some}", "ERROR")
    elif rig_map.name == GUESSED:
        draw_text(told, "Guessed from the bones' names; look through the bone map", "QUESTION")
    else:
        told.label(text=rig_map.name, icon="CHECKMARK")
        if not rig_map.tested:
            told.label(text="Not tested on a real file", icon="INFO")


def _draw_result(layout: bpy.types.UILayout, target: bpy.types.Object) -> None:
    action = target.animation_data.action if target.animation_data else None
    for note in notes_of(action):
        draw_text(layout, note, "INFO")


class RetargetOptionsPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_retarget_options"
    bl_label = "Options"
    bl_parent_id = RetargetPanel.bl_idname

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        choice = context.scene.reel2rig_retarget
        rig_map = readable_map(chosen_target(context))
        column = layout.column()
        column.prop(choice, "travel")
        row = column.row()
        row.active = choice.travel != "IN_PLACE" and (rig_map is None or ROOT in rig_map.bones)
        row.prop(choice, "carrier")
        column.prop(choice, "scale_by")
        if choice.scale_by == "NUMBER":
            column.prop(choice, "scale")
        column = layout.column(heading="Keep")
        column.prop(choice, "feet")
        column.prop(choice, "reach")
        row = layout.row(heading="Use")
        row.active = rig_map is None or any(role.endswith(TWIST) for role in rig_map.bones)
        row.prop(choice, "twist")
        column = layout.column()
        row = column.row()
        row.active = rig_map is None or bool(rig_map.ik)
        row.prop(choice, "controls")
        column.prop(choice, "fingers")


CLASSES = (RetargetPanel, RetargetOptionsPanel)
