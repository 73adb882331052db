"""The body of the active person: its mesh and its shape; and the body that the next capture gets."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ..body_properties import shape_names
from ..scene.packed import read_about
from ..scene.people import active_person, skins_of
from .sidebar import Sidebar
from .worker import draw_text


class BodyPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_body"
    bl_label = "Body"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        person = active_person(context)
        if person is None:
            layout.label(text="Select a captured person", icon="INFO")
            return
        layout.label(text=person.name, icon="ARMATURE_DATA")
        skins = skins_of(person)
        if skins:
            row = layout.row(align=True)
            row.prop(skins[0], "hide_viewport", text="Body Mesh", invert_checkbox=True, toggle=True)
            row.operator("reel2rig.remove_body_mesh", text="", icon="TRASH")
        else:
            layout.operator("reel2rig.add_body_mesh", icon="OUTLINER_OB_MESH")
        layout.row().prop(person.data, "pose_position", expand=True)


class ShapePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_shape"
    bl_label = "Shape"
    bl_parent_id = "REEL2RIG_PT_body"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return active_person(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        person = active_person(context)
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        try:
            names = shape_names(read_about(person).get("body", "free") == "free")
        except Reel2RigError as error:
            draw_text(layout, error.message, "ERROR")
            return
        layout.prop(person.reel2rig_shape_sliders, "height")
        column = layout.column(align=True)
        for index, name in enumerate(names):
            column.prop(person.reel2rig_shape_sliders, "betas", index=index, text=name, slider=True)
        layout.operator("reel2rig.reset_shape", icon="LOOP_BACK")


CLASSES = (BodyPanel, ShapePanel)


def draw_body_choice(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Which body the next capture gets, for the capture panel's settings."""
    choice = scene.reel2rig_body
    layout.prop(choice, "kind")
    if choice.kind == "free":
        return
    layout.prop(choice, "file" if choice.kind == "file" else "folder")
    layout.operator("reel2rig.check_body_file", icon="VIEWZOOM")
