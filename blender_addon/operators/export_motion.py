"""Writing motion into files of other programs."""

from __future__ import annotations

import bpy

from ...core.errors import InputError
from ..export_properties import chosen_rigs, export_folder, export_jobs_of
from ..live import live
from ..scene.export.read_take import played_action
from ..scene.export.rig import export_jobs
from ..scene.people import is_person
from .base import redraw, report_error


class FileThere(InputError):
    code = "export.file_exists"


class ExportMotion(bpy.types.Operator):
    bl_idname = "reel2rig.export_motion"
    bl_label = "Export Motion"
    bl_description = (
        "Write the motion as it is seen, with corrections, constraints and drivers in it; "
        "the scene stays as it is"
    )
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if reason := why_not(context):
            cls.poll_message_set(reason)
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.flush()
        choice, scene = context.scene.reel2rig_export, context.scene
        folder = export_folder(choice)
        assert folder is not None
        jobs = export_jobs_of(choice, chosen_rigs(context), folder)
        context.window_manager.progress_begin(0, 1)  # the waiting cursor
        try:
            there = [job.path.name for job in jobs if job.path.exists()]
            if there and not choice.replace:
                raise FileThere(f"{there[0]} exists already; choose another folder, or tick Replace Files.")
            export_jobs(scene, jobs, choice.format, choice.options(scene))
        except Exception as error:
            return report_error(self, error)
        finally:
            context.window_manager.progress_end()
        said = jobs[0].path.name if len(jobs) == 1 else f"{len(jobs)} files"
        self.report({"INFO"}, f"Exported {said} to {folder}")
        redraw()
        return {"FINISHED"}


def why_not(context: bpy.types.Context) -> str:
    """Why nothing can be exported now, "" if it can."""
    choice = context.scene.reel2rig_export
    rigs = chosen_rigs(context)
    if not rigs:
        if choice.what == "PEOPLE":
            return "This scene holds no captured person"
        return "Select a captured person or a rig"
    for rig in rigs:
        if rig.mode == "EDIT":
            return f"Leave Edit Mode of {rig.name} first"
        if choice.file_format.smpl and not is_person(rig):
            return f"{rig.name} is no captured person, and {choice.file_format.label} holds only those"
        if played_action(rig) is None:
            return f"{rig.name} plays no action yet"
    if export_folder(choice) is None:
        return "Choose a folder, or save the .blend first"
    return ""


CLASSES = (ExportMotion,)
