"""Clean-up kept as presets: a menu, and the operators that fill and use it.

A preset is the settings' JSON in a file of its own, which is read and checked, never run.
"""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase

from ..cleanup_properties import read_settings, sliders_of
from ..live import live
from ..scene.people import active_person
from ..scene.rederive import rederive
from ..scene.stored_settings import keep_cleanup
from .base import report_error
from .of_person import OfPerson


class CleanupPresets(bpy.types.Menu):
    bl_idname = "REEL2RIG_MT_cleanup_presets"
    bl_label = "Presets"
    preset_subdir = "reel2rig/cleanup"
    preset_operator = "reel2rig.apply_cleanup_preset"

    def draw(self, context: bpy.types.Context) -> None:
        if bpy.utils.preset_paths(self.preset_subdir):
            self.draw_preset(context)
        else:  # where Blender would write "Missing Paths"
            self.layout.label(text="No presets yet")


class ApplyCleanupPreset(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.apply_cleanup_preset"
    bl_label = "Apply Clean-up Preset"
    bl_description = "Clean up the captured person as this preset does"

    filepath: bpy.props.StringProperty(
        name="Preset", description="The file of the preset", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.drop()
        path = Path(self.filepath)
        try:
            keep_cleanup(active_person(context), read_settings(path.read_text("utf-8")))
            rederive(context.scene, active_person(context))
        except Exception as error:
            return report_error(self, error)
        CleanupPresets.bl_label = bpy.path.display_name(path.name, title_case=False)
        return {"FINISHED"}


class AddCleanupPreset(AddPresetBase, bpy.types.Operator):
    bl_idname = "reel2rig.add_cleanup_preset"
    bl_label = "Add Clean-up Preset"
    bl_description = "Keep this person's clean-up as a preset"
    preset_menu = "REEL2RIG_MT_cleanup_presets"
    preset_subdir = CleanupPresets.preset_subdir

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return "Remove the preset chosen last" if properties.remove_active else cls.bl_description

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if active_person(context) is None:
            cls.poll_message_set("Select a captured person")
            return False
        return True

    def add(self, context: bpy.types.Context, filepath: str) -> None:
        Path(filepath).write_text(sliders_of(active_person(context)).settings, "utf-8")


CLASSES = (CleanupPresets, ApplyCleanupPreset, AddCleanupPreset)
