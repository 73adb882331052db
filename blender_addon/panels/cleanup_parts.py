"""The sub-panels of Clean-up: one for each thing that is done to the motion."""

from __future__ import annotations

import bpy

from ...core.motion.cleanup.settings import BODY_PARTS
from ..cleanup_properties import sliders_of
from ..scene.edited_contacts import waits_for_contacts
from ..scene.layers import capture_action
from ..scene.made import read_made
from ..scene.people import active_person
from ..scene.stored_settings import has_edited_contacts
from .cleanup import CleanupPart
from .worker import draw_text


class SmoothingPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_smoothing"
    bl_label = "Smoothing"

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.prop(sliders, "spikes")
        layout.prop(sliders, "smoothing", slider=True)
        column = layout.column(align=True)
        column.active = sliders.smoothing > 0
        for names in (("path", "torso", "head"), ("left arm", "right arm"), ("left leg", "right leg")):
            row = column.row(align=True)
            row.use_property_split = False
            for name in names:
                row.prop(
                    sliders, "smooth_parts", index=BODY_PARTS.index(name), text=name.title(), toggle=True
                )


class FeetPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_feet"
    bl_label = "Feet"

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.prop(sliders, "foot_lock")
        person = active_person(context)
        action = capture_action(person)
        if action is not None and waits_for_contacts(action):
            draw_text(layout, "Contacts were edited: Clean Up Again takes them over", "ERROR")
        row = layout.row(align=True)
        row.label(text="Contacts: edited" if has_edited_contacts(person) else "Contacts: as found")
        row.operator("reel2rig.detect_contacts", icon="LOOP_BACK")
        row = layout.row(align=True)
        row.operator("reel2rig.jump_to_doubt", text="", icon="TRIA_LEFT").backwards = True
        row.operator("reel2rig.jump_to_doubt", icon="TRIA_RIGHT")
        layout.operator("reel2rig.show_contacts", icon="ACTION")


class TravelPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_travel"
    bl_label = "Travel"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.prop(sliders, "travel")
        row = layout.row()
        row.active = sliders.travel != "PELVIS"
        row.prop(sliders, "heading_on_root")
        draw_text(layout, "Start position and heading are set in Camera & Floor, below", "INFO")


class TimePanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_time"
    bl_label = "Time"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.prop(sliders, "speed")
        layout.prop(sliders, "resample")
        layout.prop(sliders, "loop")
        row = layout.row()
        row.active = sliders.loop
        row.prop(sliders, "loop_blend")


class MirrorPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_mirror"
    bl_label = "Mirror"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(sliders_of(active_person(context)), "mirror", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.active = sliders.mirror
        draw_text(layout, "Left and right change sides; start and floor stay", "MOD_MIRROR")


class KeysPanel(CleanupPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup_keys"
    bl_label = "Keys"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout, sliders = self.prepare(context)
        layout.prop(sliders, "rotation_mode")
        layout.prop(sliders, "reduce")
        column = layout.column()
        column.active = sliders.reduce
        column.prop(sliders, "reduce_degrees")
        column.prop(sliders, "reduce_millimetres")
        made = read_made(capture_action(active_person(context)))
        if sliders.reduce and made and made.keys:
            share = round(100 * made.kept / made.keys)
            layout.label(text=f"Kept {made.kept:,} of {made.keys:,} keys ({share} %)", icon="KEYFRAME")


CLASSES = (
    SmoothingPanel,
    FeetPanel,
    TravelPanel,
    TimePanel,
    MirrorPanel,
    KeysPanel,
)
