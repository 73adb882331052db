"""Capture a video, cancel it, and bring a finished capture into a scene."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from ..capture_result import keep_footage, read_result
from ..jobs import jobs
from ..preferences import home
from ..properties import of
from ..scene.build import BuiltCapture, build_capture
from .base import Watcher, report_error


class CaptureVideo(Watcher, bpy.types.Operator):
    bl_idname = "reel2rig.capture"
    bl_label = "Capture"
    bl_description = "Capture the people in the video and build them in this scene"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if jobs.capturing or jobs.installing:
            cls.poll_message_set("The worker is busy")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen = of(context.scene)
        try:
            video = bpy.path.abspath(chosen.video) if chosen.video else ""
            jobs.begin_capture(home(), video, chosen.settings(), context.scene.name)
        except Exception as error:
            return report_error(self, error)
        if not bpy.app.background:
            return self.watch(context)
        try:
            while (result := self.look(context)) is None:
                time.sleep(0.05)
        finally:
            if jobs.capturing:  # interrupted: nobody would look after the worker any more
                jobs.close_session()
        return result

    def look(self, context: bpy.types.Context) -> set[str] | None:
        scene = jobs.wanted.scene if jobs.wanted else ""
        folder = jobs.poll_capture()
        if folder is not None:
            if scene not in bpy.data.scenes:
                self.report(
                    {"WARNING"}, "The scene that asked for this capture is gone; import it from the panel"
                )
                return {"FINISHED"}
            # An operator of its own, so that a capture in a scene is exactly one undo step.
            bpy.ops.reel2rig.import_capture("EXEC_DEFAULT", True, filepath=str(folder), scene=scene)
            return {"FINISHED"}
        if jobs.capturing:
            return None
        if jobs.problem:
            self.report({"ERROR"}, jobs.problem.line())
        elif jobs.message:
            self.report({"INFO"}, jobs.message)
        return {"CANCELLED"}


class FollowCapture(Watcher, bpy.types.Operator):
    """Looks after a capture again when opening a file has ended the operator that started it."""

    bl_idname = "reel2rig.watch_capture"
    bl_label = "Follow the Running Capture"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.watch(context)

    def look(self, context: bpy.types.Context) -> set[str] | None:
        folder = jobs.poll_capture()
        if folder is None and jobs.capturing:
            return None
        jobs.message = "The capture is finished and waits to be imported." if folder else jobs.message
        return {"FINISHED"}


class CancelCapture(bpy.types.Operator):
    bl_idname = "reel2rig.cancel_capture"
    bl_label = "Cancel"
    bl_description = "Stop the running capture; nothing of it is kept"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return jobs.capturing

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs.cancel_capture()
        return {"FINISHED"}


class ImportCapture(bpy.types.Operator):
    bl_idname = "reel2rig.import_capture"
    bl_label = "Import Capture"
    bl_description = (
        "Build a finished capture in this scene, from its job folder or from a motion file (.npz)"
    )
    bl_options = {"UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="result.json;*.npz", options={"HIDDEN"})
    scene: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # a button that knows its capture
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = bpy.data.scenes.get(self.scene, context.scene)
        path = Path(bpy.path.abspath(self.filepath))
        try:
            built = import_capture(scene, path)
        except Exception as error:
            return report_error(self, error)
        people = len(built.people)
        self.report(
            {"INFO"}, f"{built.collection.name}: {people} {'person' if people == 1 else 'people'} captured"
        )
        return {"FINISHED"}


def import_capture(scene: bpy.types.Scene, path: Path) -> BuiltCapture:
    """Build a finished capture in a scene with the choices kept there.

    A proxy of the footage is kept beside the saved .blend, else in the home folder, as job folders go away.
    """
    keep = Path(bpy.data.filepath).parent if bpy.data.is_saved else home().root / "footage"
    result = read_result(path)
    if result.footage.is_proxy:
        keep.mkdir(parents=True, exist_ok=True)
    built = build_capture(scene, keep_footage(result, keep), of(scene).build_options())
    jobs.imported(path)
    jobs.problem = None
    jobs.message = " ".join(result.notes)
    return built


CLASSES = (
    CaptureVideo,
    FollowCapture,
    CancelCapture,
    ImportCapture,
)


def attach() -> None:
    bpy.types.TOPBAR_MT_file_import.append(_import_menu)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_import_menu)


def _import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("reel2rig.import_capture", text="Reel2Rig Capture (.npz, result.json)")
