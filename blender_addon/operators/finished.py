"""Bring a finished capture into the scene, or throw it away."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.motion.files.rates import exact_rate
from .. import watch
from ..importing import import_capture
from ..jobs import jobs
from .base import redraw, report_error


class ImportCapture(bpy.types.Operator):
    bl_idname = "reel2rig.import_capture"
    bl_label = "Import Capture"
    bl_description = "Build a finished capture in this scene, from its job folder or from a motion file"
    bl_options = {"UNDO"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(
        name="Capture",
        description="The job folder of the capture, its result.json, or a motion file",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="result.json;*.npz;*.smpl;*.bvh", options={"HIDDEN"})
    scene: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    item: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})
    rate: bpy.props.FloatProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # a button that knows its capture
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = bpy.data.scenes.get(self.scene, context.scene)
        item = jobs.queue.find(self.item)
        try:
            built = import_capture(
                scene,
                Path(bpy.path.abspath(self.filepath)),
                item.options if item else None,
                exact_rate(self.rate) if self.rate else None,
            )
        except Exception as error:
            return report_error(self, error)
        people = len(built.people)
        self.report(
            {"INFO"}, f"{built.collection.name}: {people} {'person' if people == 1 else 'people'} captured"
        )
        return {"FINISHED"}


class DiscardCapture(bpy.types.Operator):
    bl_idname = "reel2rig.discard_capture"
    bl_label = "Discard Capture"
    bl_description = "Delete a finished capture that is in no scene. This cannot be undone"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs.discard(Path(self.filepath))
        watch.wake()
        redraw()
        return {"FINISHED"}


CLASSES = (ImportCapture, DiscardCapture)


def attach() -> None:
    bpy.types.TOPBAR_MT_file_import.append(_import_menu)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_import_menu)


def _import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("reel2rig.import_capture", text="Reel2Rig Capture (.npz, result.json)")
