"""Clean-up of the active captured person: what was told about it, and what concerns all of it."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ..cleanup_properties import CleanupSliders, sliders_of
from ..live import live
from ..scene.doubts import gap_frames
from ..scene.layers import capture_action
from ..scene.made import EDITED, read_made
from ..scene.people import active_person
from ..scene.placed import placed_fps
from ..scene.placing import SAME_RATE, scene_fps
from ..scene.stored_settings import cleanup_of
from .sidebar import Sidebar
from .worker import draw_text


class CleanupPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_cleanup"
    bl_label = "Clean-up"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        person = active_person(context)
        if person is None:
            layout.label(text="Select a captured person", icon="INFO")
            return
        layout.label(text=person.name, icon="ARMATURE_DATA")
        _draw_told(layout, context.scene, person)
        row = layout.row(align=True)
        row.menu("REEL2RIG_MT_cleanup_presets", text=bpy.types.REEL2RIG_MT_cleanup_presets.bl_label)
        row.operator("reel2rig.add_cleanup_preset", text="", icon="ADD")
        row.operator("reel2rig.add_cleanup_preset", text="", icon="REMOVE").remove_active = True
        row = layout.row(align=True)
        row.operator("reel2rig.clean_up", icon="FILE_REFRESH")
        row.operator("reel2rig.reset_cleanup", text="Reset", icon="LOOP_BACK")


def _draw_told(layout: bpy.types.UILayout, scene: bpy.types.Scene, person: bpy.types.Object) -> None:
    """Everything that the animator has to know about the motion as it is keyed now."""
    try:
        cleanup_of(person)
        placed, now = placed_fps(person), scene_fps(scene)
    except Reel2RigError as error:
        _draw_alert(layout, str(error))
        return
    if live.problem:
        _draw_alert(layout, live.problem.line())
    if abs(placed / now - 1.0) > SAME_RATE:
        draw_text(layout, f"Keyed for {placed:.4g} fps, but the scene runs at {now:.4g}", "ERROR")
        layout.operator("reel2rig.keep_real_time", icon="TIME")
    action = capture_action(person)
    if action is None:
        draw_text(layout, "The captured action was deleted; Clean Up Again makes a new one", "ERROR")
        return
    told = layout.column()
    edited = action.get(EDITED)
    if isinstance(edited, bpy.types.Action):
        draw_text(told, f"Keys edited by hand are kept in '{edited.name}'", "ACTION")
    made = read_made(action)
    for note in made.notes if made else ():
        draw_text(told, note, "INFO" if made and made.overlay else "ERROR")
    if gaps := len(gap_frames(action)):
        row = told.row(align=True)
        row.label(text=f"{gaps} {'stretch' if gaps == 1 else 'stretches'} not seen", icon="HIDE_ON")
        row.operator("reel2rig.jump_to_gap", text="", icon="TRIA_LEFT").backwards = True
        row.operator("reel2rig.jump_to_gap", text="", icon="TRIA_RIGHT")


def _draw_alert(layout: bpy.types.UILayout, text: str) -> None:
    box = layout.box()
    box.alert = True
    draw_text(box, text, "ERROR")


class CleanupPart(Sidebar):
    """Mixin of the panels below: there while a person is active whose settings can be read."""

    bl_parent_id = CleanupPanel.bl_idname

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        person = active_person(context)
        if person is None:
            return False
        try:
            cleanup_of(person)
        except Reel2RigError:
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> tuple[bpy.types.UILayout, CleanupSliders]:
        """The layout for settings, and the active person's sliders."""
        layout = self.layout  # type: ignore[attr-defined]
        layout.use_property_split = True
        layout.use_property_decorate = False
        return layout, sliders_of(active_person(context))


CLASSES = (CleanupPanel,)
