"""Capture a video, look for the people in it, and bring a finished capture into a scene."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...bridge.jobs import Job, open_job
from ...core.errors import FileCorrupt
from .. import landing, watch
from ..capture_result import keep_footage, read_result
from ..jobs import Item, VideoMissing, jobs
from ..preferences import home
from ..properties import of
from ..scanned_people import list_people, require_somebody
from ..scene.build import BuildOptions, BuiltCapture, build_capture
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
    elif chosen.has_list() and not video:
        require_somebody(chosen.people)
        after = _scan_job(chosen.scan_folder)
    asker = landing.asker_of(scene)
    return Item(home(), Path(path), settings, asker, kind, options=chosen.build_options(), after=after)


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
        return len(of(context.scene).people) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        of(context.scene).people.clear()
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
    item: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

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
                scene, Path(bpy.path.abspath(self.filepath)), item.options if item else None
            )
        except Exception as error:
            return report_error(self, error)
        people = len(built.people)
        self.report(
            {"INFO"}, f"{built.collection.name}: {people} {'person' if people == 1 else 'people'} captured"
        )
        return {"FINISHED"}


def import_capture(scene: bpy.types.Scene, path: Path, options: BuildOptions | None = None) -> BuiltCapture:
    """Build a finished capture in a scene.

    A proxy of the footage is kept beside the saved .blend, else in the home folder, as job folders go away.

    Args:
        path: a job folder, its result.json, or a motion file (.npz).
        options: None takes the choices kept with the scene.
    """
    keep = Path(bpy.data.filepath).parent if bpy.data.is_saved else home().root / "footage"
    result = read_result(path)
    if result.footage.is_proxy:
        keep.mkdir(parents=True, exist_ok=True)
    built = build_capture(scene, keep_footage(result, keep), options or of(scene).build_options())
    landing.brought_in(path if path.is_dir() else path.parent, built.collection)
    jobs.problem = None
    jobs.message = " ".join(result.notes)
    return built


CLASSES = (CaptureVideo, FindPeople, ListPeople, ForgetPeople, ImportCapture)


def attach() -> None:
    bpy.types.TOPBAR_MT_file_import.append(_import_menu)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_import_menu)


def _import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("reel2rig.import_capture", text="Reel2Rig Capture (.npz, result.json)")
