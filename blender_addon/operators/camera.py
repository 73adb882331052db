"""Looking through the solved camera, and putting the whole capture elsewhere."""

from __future__ import annotations

import dataclasses

import bpy

from ...core.motion.cleanup.settings import Placement
from ..live import live
from ..scene.body_shape import unit_of
from ..scene.people import active_capture, active_person, camera_of, people_in
from ..scene.put_capture import put_capture
from ..scene.sole import lowest_sole, side_of_foot
from ..scene.stored_settings import PLACEMENT, placement_of
from .base import redraw, report_error


class OfCapture:
    """An operator on the capture whom the user works on."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if active_capture(context) is None:
            cls.poll_message_set("Select a captured person, or the camera of a capture")  # type: ignore[attr-defined]
            return False
        return True


class LookThroughCamera(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.look_through_camera"
    bl_label = "Look Through Camera"
    bl_description = (
        "See the capture over its video, through the camera that filmed it; press again to leave. "
        "The camera of the scene stays the one it is"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if context.space_data is None or context.space_data.type != "VIEW_3D":
            cls.poll_message_set("Use it in a 3D viewport")
            return False
        if camera_of(active_capture(context)) is None:
            cls.poll_message_set("This capture was built without its camera")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        space = context.space_data
        camera = camera_of(active_capture(context))
        if is_looking_through(space, camera):
            space.region_3d.view_perspective = "PERSP"
            space.use_local_camera = False
        else:
            if context.scene.camera != camera:
                space.use_local_camera, space.camera = True, camera
            space.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}


def is_looking_through(space: bpy.types.SpaceView3D, camera: bpy.types.Object) -> bool:
    """Whether a viewport shows what `camera` sees."""
    shown = space.camera if space.use_local_camera else bpy.context.scene.camera
    return space.region_3d.view_perspective == "CAMERA" and shown == camera


def _put(context: bpy.types.Context, home: bpy.types.Collection, placement: Placement) -> None:
    live.drop()  # whatever waits would be made here anyway
    put_capture(context.scene, home, placement)
    live.problem = None


class StartAtCursor(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.start_at_cursor"
    bl_label = "Start at 3D Cursor"
    bl_description = "Move the capture so that the first person begins at the 3D cursor, on its floor"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        home = active_capture(context)
        try:
            unit = unit_of(people_in(home)[0])
            place = context.scene.cursor.location / unit
            _put(context, home, dataclasses.replace(placement_of(home), start=(place.x, place.y)))
        except Exception as error:
            return report_error(self, error)
        redraw()
        return {"FINISHED"}


class FloorFromFoot(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.floor_from_foot"
    bl_label = "Set Floor From Selected Foot"
    bl_description = (
        "Raise or lower the capture so that the sole of the selected foot is on the floor in this frame"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if context.mode != "POSE" or side_of_foot(context.active_pose_bone) is None:
            cls.poll_message_set("In Pose Mode, select a foot or toe bone in a frame in which it stands")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        home, person = active_capture(context), active_person(context)
        try:
            above = lowest_sole(person, side_of_foot(context.active_pose_bone)) / unit_of(person)
            placement = placement_of(home)
            put_capture(context.scene, home, dataclasses.replace(placement, height=placement.height - above))
        except Exception as error:
            return report_error(self, error)
        redraw()
        return {"FINISHED"}


class ResetPlacement(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.reset_placement"
    bl_label = "Reset Placement"
    bl_description = "Put the people and the camera back where the capture had them, focal length included"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        home = active_capture(context)
        if home is None:
            return super().poll(context)
        if PLACEMENT not in home:
            cls.poll_message_set("The capture stands where it was captured")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        home = active_capture(context)
        try:
            _put(context, home, Placement())
        except Exception as error:
            return report_error(self, error)
        del home[PLACEMENT]
        redraw()
        return {"FINISHED"}


CLASSES = (LookThroughCamera, StartAtCursor, FloorFromFoot, ResetPlacement)
