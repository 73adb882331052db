"""The camera that filmed, its footage, and where the capture stands."""

from __future__ import annotations

import bpy

from ...core.errors import Reel2RigError
from ..live import live
from ..operators.camera import is_looking_through
from ..scene.camera import footage_behind
from ..scene.camera_tracks import has_track
from ..scene.layers import capture_action
from ..scene.made import read_made
from ..scene.people import active_capture, camera_of, people_in
from ..scene.put_capture import equivalent_mm, focal_px, is_focal_assumed, picture_size
from .sidebar import Sidebar
from .worker import draw_text

_ASSUMED = "Assumed from the picture size; if it is wrong, so is every distance"
_BY_SOURCE = {
    "file": "reel2rig.import_camera_track",
    "camera": "reel2rig.use_animated_camera",
    "clip": "reel2rig.use_solved_clip",
}


class CameraPanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_camera"
    bl_label = "Camera & Floor"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        home = active_capture(context)
        if home is None:
            draw_text(layout, "Select a captured person, or the camera of a capture", "INFO")
            return
        layout.label(text=home.name, icon="OUTLINER_COLLECTION")
        camera = camera_of(home)
        looking = camera is not None and is_looking_through(context.space_data, camera)
        layout.operator(
            "reel2rig.look_through_camera",
            text="Leave Camera View" if looking else "Look Through Camera",
            icon="VIEW_CAMERA",
            depress=looking,
        )
        if live.problem:
            box = layout.box()
            box.alert = True
            draw_text(box, live.problem.line(), "ERROR")
        if _overlay_is_off(home):
            draw_text(
                layout,
                "Body and video no longer coincide: the motion is in place, mirrored, looped or retimed",
                "INFO",
            )


class _CameraPart(Sidebar):
    """A sub-panel about the active capture, there while there is one."""

    bl_parent_id = "REEL2RIG_PT_camera"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return active_capture(context) is not None


class CameraFootagePanel(Sidebar, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_camera_footage"
    bl_label = "Footage"
    bl_parent_id = "REEL2RIG_PT_camera"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _footage(context) is not None

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(_footage(context), "show_background_image", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        footage = _footage(context)
        layout.active = footage.show_background_image
        layout.prop(footage, "alpha", text="Opacity", slider=True)
        layout.row().prop(footage, "display_depth", text="Depth", expand=True)


class LensPanel(_CameraPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_lens"
    bl_label = "Lens"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        home = active_capture(context)
        if has_track(home):
            draw_text(layout, "The camera track brings its own focal length", "INFO")
            return
        layout.prop(home.reel2rig_put, "focal_mm")
        try:
            size, px = picture_size(home), focal_px(home)
            assumed = is_focal_assumed(home)
        except Reel2RigError as error:
            draw_text(layout, error.message, "ERROR")
            return
        facts = layout.column(align=True)
        facts.active = False
        _fact(facts, "35 mm Equiv.", f"{equivalent_mm(px, size):.1f} mm")
        _fact(facts, "In Pixels", f"{px:.0f} px")
        if assumed:
            draw_text(layout, _ASSUMED, "ERROR")


class PlacementPanel(_CameraPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_placement"
    bl_label = "Floor & Position"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        put = active_capture(context).reel2rig_put
        layout.prop(put, "height")
        layout.operator("reel2rig.floor_from_foot", icon="CON_FLOOR")
        column = layout.column(align=True)
        column.prop(put, "tilt", index=0, text="Tilt X")
        column.prop(put, "tilt", index=1, text="Y")
        layout.prop(put, "heading")
        layout.column(align=True).prop(put, "start")
        layout.operator("reel2rig.start_at_cursor", icon="PIVOT_CURSOR")
        layout.operator("reel2rig.reset_placement", icon="LOOP_BACK")


class CameraTrackPanel(_CameraPart, bpy.types.Panel):
    bl_idname = "REEL2RIG_PT_camera_track"
    bl_label = "Moving Camera"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        home = active_capture(context)
        choice = home.reel2rig_track
        layout.row().prop(choice, "source", expand=True)
        layout.use_property_split = True
        layout.use_property_decorate = False
        if choice.source != "file":
            layout.prop(choice, choice.source)
        layout.prop(choice, "level")
        layout.prop(choice, "known_scale")
        if choice.known_scale:
            layout.prop(choice, "scale")
        row = layout.row()
        row.operator_context = "INVOKE_DEFAULT"  # a file is chosen in the file browser
        row.operator(_BY_SOURCE[choice.source])
        if has_track(home):
            layout.operator("reel2rig.remove_camera_track", icon="X")


def _footage(context: bpy.types.Context) -> bpy.types.CameraBackgroundImage | None:
    home = active_capture(context)
    camera = camera_of(home) if home else None
    return footage_behind(camera) if camera else None


def _fact(layout: bpy.types.UILayout, name: str, value: str) -> None:
    split = layout.split(factor=0.4)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=name)
    split.label(text=value)


def _overlay_is_off(home: bpy.types.Collection) -> bool:
    made = [read_made(capture_action(person)) for person in people_in(home)]
    return any(one is not None and not one.overlay for one in made)


CLASSES = (CameraPanel, CameraFootagePanel, LensPanel, PlacementPanel, CameraTrackPanel)
