"""Exporting: whose motion, in which format, and into which folder."""

from __future__ import annotations

import bpy

from ..export_properties import chosen_rigs, export_folder, file_stems
from .sidebar import Sidebar

_WITH_MESHES = ("fbx", "glb", "usdc", "blend")
_SHOWN = 4  # names of files


class ExportPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_export"
    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        choice = context.scene.reel2rig_export
        layout.row().prop(choice, "what", expand=True)
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(choice, "format")
        if choice.format == "fbx":
            column.row().prop(choice, "engine", expand=True)
        column.prop(choice, "range")
        if choice.format in _WITH_MESHES:
            column.prop(choice, "animation_only")
        if choice.format in _WITH_MESHES or choice.format == "abc":
            row = column.row()
            row.active = choice.format != "fbx" or choice.engine == "none"
            row.prop(choice, "from_zero")
        column.prop(choice, "folder")
        column.prop(choice, "replace")
        _draw_files(layout, context)
        row = layout.row(align=True)
        row.scale_y = 1.4
        row.operator("reel2rig.export_motion", icon="EXPORT")
        if (folder := export_folder(choice)) is not None:
            row.operator("wm.path_open", text="", icon="FILE_FOLDER").filepath = str(folder)


def _draw_files(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    choice = context.scene.reel2rig_export
    stems = file_stems(chosen_rigs(context))
    names = layout.column(align=True)
    names.active = False
    for stem in stems[:_SHOWN]:
        names.label(text=f"{stem}.{choice.file_format.suffix}", icon="FILE")
    if len(stems) > _SHOWN:
        names.label(text=f"and {len(stems) - _SHOWN} more", icon="BLANK1")


CLASSES = (ExportPanel,)
