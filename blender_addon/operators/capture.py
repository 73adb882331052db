"""Capture a video, or look for the people in it."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...bridge.jobs import Job, open_job
from ...core.errors import FileCorrupt
from .. import landing, watch
from ..jobs import Item, VideoMissing, jobs
from ..preferences import home
from ..properties import of
from ..scanned_people import list_people, require_somebody
from ..video_facts import facts_from_scan
from .base import redraw, report_error


def wish(scene: bpy.types.Scene, kind: str = "capture", video: str = "") -> Item:
    """What a scene's choices ask of the worker: a job for the video chosen there, or for another one.

    Raises VideoMissing, NobodyChosen.
    """
    chosen = of(scene)
    path = video or chosen.video_path()
    if not path:
        raise VideoMissing("No video is chosen; choose a video file.")
    settings, after = chosen.settings(), None
    if kind == "scan":
        settings["person"] = "all"
    elif video:  # the range and the list of people belong to the video in the panel
        settings = {name: value for name, value in settings.items() if name not in ("start", "end")}
        settings["person"] = chosen.person_unseen()
    elif chosen.has_list():
        require_somebody(chosen.people)
        after = _scan_job(chosen.scan_folder)
    return Item(
        home(),
        Path(path),
        settings,
        landing.asker_of(scene),
        kind,
        smoothing=round(chosen.smoothing, 4),
        options=chosen.build_options(),
        after=after,
    )


def _scan_job(folder: str) -> Job | None:
    """The scan whose work a capture takes along; None when its folder was cleaned away meanwhile."""
    try:
        return open_job(Path(folder))
    except FileCorrupt:
        return None


def enqueue(operator: bpy.types.Operator, *items: Item) -> set[str]:
    """Put jobs in the queue, and return what the operator returns; without a window it waits for their ends.

    Raises what `Jobs.add` raises.
    """
    before = len(jobs.queue.waiting) + (jobs.queue.running is not None)
    jobs.add(*items)
    if not bpy.app.background:
        watch.wake()
        redraw()
        if before:
            operator.report({"INFO"}, f"In the queue, behind {before} {'video' if before == 1 else 'videos'}")
        return {"FINISHED"}
    for item in items:
        watch.wait_for(item)
    failed = next((item.problem for item in items if item.problem), None) or jobs.problem
    if failed:
        operator.report({"ERROR"}, failed.line())
        return {"CANCELLED"}
    return {"FINISHED"}


def _may_begin(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    if jobs.installing:
        cls.poll_message_set("The worker is being installed")
        return False
    return True


class CaptureVideo(bpy.types.Operator):
    bl_idname = "reel2rig.capture"
    bl_label = "Capture"
    bl_description = (
        "Capture the people in the video and build them in this scene. "
        "While another video is being captured, this one waits for its turn"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _may_begin(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return enqueue(self, wish(context.scene))
        except Exception as error:
            return report_error(self, error)


class FindPeople(bpy.types.Operator):
    bl_idname = "reel2rig.find_people"
    bl_label = "Find People"
    bl_description = (
        "List the people in the video with a picture of each, to choose from. "
        "A capture that follows does not look for them again"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _may_begin(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return enqueue(self, wish(context.scene, "scan"))
        except Exception as error:
            return report_error(self, error)


class ListPeople(bpy.types.Operator):
    """Take the people that a scan has found into the panel."""

    bl_idname = "reel2rig.list_people"
    bl_label = "List People"
    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012

    filepath: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    scene: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    item: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen, folder = of(bpy.data.scenes[self.scene]), Path(self.filepath)
        try:
            scan = open_job(folder).people()
            list_people(chosen.people, scan, folder)
            facts_from_scan(chosen.video_path(), scan["video"])
        except Exception as error:
            return report_error(self, error)
        chosen.scan_folder, chosen.person_index = str(folder), 0
        chosen.scan_question = chosen.question()
        return {"FINISHED"}


class ForgetPeople(bpy.types.Operator):
    bl_idname = "reel2rig.forget_people"
    bl_label = "Close the List of People"
    bl_description = "Go back to choosing people without a list"
    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not len(of(context.scene).people):
            cls.poll_message_set("No people are listed")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        of(context.scene).people.clear()
        return {"FINISHED"}


CLASSES = (CaptureVideo, FindPeople, ListPeople, ForgetPeople)
