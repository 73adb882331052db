"""Presets of the capture settings, kept with the user's other presets."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

_FOLDER = "reel2rig/capture"

# What suits one kind of footage; the video, its range and its people are chosen anew for each.
_KEPT = (
    "max_people",
    "smoothing",
    "device",
    "use_height",
    "height",
    "use_focal",
    "focal",
    "landmark_model",
    "checkpoint",
    "choose_start",
    "start_frame",
    "skin",
    "camera",
)


class AddCapturePreset(AddPresetBase, bpy.types.Operator):
    bl_idname = "reel2rig.capture_preset_add"
    bl_label = "Add Capture Preset"
    bl_description = "Keep these settings under a name, or remove the chosen preset"

    preset_menu = "REEL2RIG_MT_capture_presets"
    preset_subdir = _FOLDER
    preset_defines = ("chosen = bpy.context.scene.reel2rig",)
    preset_values = (
        *(f"chosen.{name}" for name in _KEPT),
        *(f"bpy.context.scene.reel2rig_body.{name}" for name in ("kind", "folder", "file")),
    )


class CapturePresetMenu(bpy.types.Menu):
    bl_idname = "REEL2RIG_MT_capture_presets"
    bl_label = "Capture Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_preset(context)


class CapturePresets(PresetPanel, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_capture_presets"
    bl_label = "Capture Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = AddCapturePreset.bl_idname

    def draw(self, context: bpy.types.Context) -> None:
        if bpy.utils.preset_paths(_FOLDER):
            super().draw(context)
            return
        # Without a folder of presets Blender would write "Missing Paths" here.
        row, manager = self.layout.row(), context.window_manager
        row.prop(manager, "preset_name", text="")
        row.operator(AddCapturePreset.bl_idname, text="", icon="ADD").name = manager.preset_name


CLASSES = (AddCapturePreset, CapturePresetMenu, CapturePresets)
