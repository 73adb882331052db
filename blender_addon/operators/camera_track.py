"""Letting a moving camera have filmed a capture."""

from __future__ import annotations

import bpy

from ...core.motion.camera_track import CameraTrack
from ...core.motion.files.camera_json import read_camera_track
from ..live import live
from ..scene.camera_import import give_camera_track, take_camera_track, track_of_camera, track_of_solve
from ..scene.camera_tracks import has_track
from ..scene.people import active_capture, camera_of
from .base import redraw, report_error
from .camera import OfCapture


def _give(operator: bpy.types.Operator, context: bpy.types.Context, track: CameraTrack) -> set[str]:
    home = active_capture(context)
    choice = home.reel2rig_track
    live.drop()  # whatever waits would be made here anyway
    scale = choice.scale if choice.known_scale else None
    give_camera_track(context.scene, home, track, scale, choice.level)
    live.problem = None
    operator.report({"INFO"}, f"{home.name}: {len(track)} frames of camera motion")
    redraw()
    return {"FINISHED"}


class ImportCameraTrack(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.import_camera_track"
    bl_label = "Import Camera Track"
    bl_description = (
        "Read how the camera moved from a JSON file, so that people land in the world of the shot"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(
        name="Camera Track",
        description="A JSON file that says how the camera moved",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return _give(self, context, read_camera_track(bpy.path.abspath(self.filepath)))
        except Exception as error:
            return report_error(self, error)


class UseAnimatedCamera(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.use_animated_camera"
    bl_label = "Use This Camera"
    bl_description = "Let the capture have been filmed by the chosen camera as it moves over these frames"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        home = active_capture(context)
        if home.reel2rig_track.camera in {None, camera_of(home)}:
            cls.poll_message_set("Choose a camera other than the one of the capture")  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        home = active_capture(context)
        try:
            track = track_of_camera(context.scene, home, home.reel2rig_track.camera)
            return _give(self, context, track)
        except Exception as error:
            return report_error(self, error)


class UseSolvedClip(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.use_solved_clip"
    bl_label = "Use Solved Camera"
    bl_description = (
        "Let the capture have been filmed by the camera that Blender solved for the chosen movie clip"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if active_capture(context).reel2rig_track.clip is None:
            cls.poll_message_set("Choose a movie clip whose camera motion is solved")  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        home = active_capture(context)
        try:
            return _give(self, context, track_of_solve(home, home.reel2rig_track.clip))
        except Exception as error:
            return report_error(self, error)


class RemoveCameraTrack(OfCapture, bpy.types.Operator):
    bl_idname = "reel2rig.remove_camera_track"
    bl_label = "Remove Camera Motion"
    bl_description = "Let the camera of the capture stand still again, as it was captured"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if not has_track(active_capture(context)):
            cls.poll_message_set("The camera of this capture stands still")  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.drop()
        try:
            take_camera_track(context.scene, active_capture(context))
        except Exception as error:
            return report_error(self, error)
        live.problem = None
        redraw()
        return {"FINISHED"}


CLASSES = (ImportCameraTrack, UseAnimatedCamera, UseSolvedClip, RemoveCameraTrack)
