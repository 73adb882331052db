"""Install, repair and remove the worker's environment."""

from __future__ import annotations

import time

import bpy

from ...bridge.client.install import remove
from ...core.errors import InputError
from ..jobs import jobs
from ..preferences import home, torch_index
from .base import Watcher, redraw, report_error


class OnlineAccessOff(InputError):
    code = "setup.offline"


def _idle(cls: type[bpy.types.Operator]) -> bool:
    if jobs.capturing or jobs.installing:
        cls.poll_message_set("The worker is busy")
        return False
    return True


class InstallWorker(Watcher, bpy.types.Operator):
    bl_idname = "reel2rig.install_worker"
    bl_label = "Install the Worker"
    bl_description = "Download PyTorch, MediaPipe and the models into a folder outside Blender (about 2 GB)"

    repair: bpy.props.BoolProperty(name="Repair", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _idle(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            if not bpy.app.online_access:
                raise OnlineAccessOff(
                    "Blender may not use the network; allow online access in Preferences, System."
                )
            jobs.begin_install(home(), torch_index(), self.repair)
        except Exception as error:
            return report_error(self, error)
        if not bpy.app.background:
            return self.watch(context)
        while (result := self.look(context)) is None:
            time.sleep(0.1)
        return result

    def look(self, context: bpy.types.Context) -> set[str] | None:
        if not jobs.poll_install():
            return None
        if jobs.problem:
            self.report({"ERROR"}, jobs.problem.line())
            return {"CANCELLED"}
        self.report({"INFO"}, jobs.message)
        return {"FINISHED"}


class CancelInstall(bpy.types.Operator):
    bl_idname = "reel2rig.cancel_install"
    bl_label = "Cancel"
    bl_description = "Stop the installation and remove what it has made so far"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return jobs.installing

    def execute(self, context: bpy.types.Context) -> set[str]:
        if jobs.install:
            jobs.install.cancel()
        return {"FINISHED"}


class RemoveWorker(bpy.types.Operator):
    bl_idname = "reel2rig.remove_worker"
    bl_label = "Remove the Worker"
    bl_description = "Delete the worker's environment; models and captures are kept"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _idle(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            jobs.close_session()
            existed = remove(home())
        except Exception as error:
            return report_error(self, error)
        jobs.look_again()
        redraw()
        self.report({"INFO"}, "The worker is removed" if existed else "There was no worker to remove")
        return {"FINISHED"}


CLASSES = (InstallWorker, CancelInstall, RemoveWorker)
