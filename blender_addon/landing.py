"""Bringing what a job has made to the scene that asked for it, as one undo step each."""

from __future__ import annotations

from pathlib import Path

import bpy

from .jobs import Asker, Item, jobs
from .jobs.finished import is_imported

MARK = "reel2rig_job"  # on a capture's collection: the name of the job folder it came from

_here: dict[str, Path] = {}  # job folders by name whose capture was brought in since this file was opened


def asker_of(scene: bpy.types.Scene) -> Asker:
    """How a scene is found again when its job is done."""
    return Asker(scene.session_uid, scene.name, bpy.data.filepath)


def scene_of(asker: Asker) -> bpy.types.Scene | None:
    """The scene that asked; None when it was deleted, undone past, or belongs to a file that was closed."""
    return next((scene for scene in bpy.data.scenes if scene.session_uid == asker.uid), None)


def what_holds_up() -> str:
    """Why nothing may be brought in just now, as an end of "It comes in when ..."; "" when it may.

    In the middle of a transform, or in a mode whose undo steps hold one mesh only, a new object would get
    lost or undo would break.
    """
    if bpy.app.is_job_running("RENDER"):
        return "the render is done"
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        if any("UNDO" in operator.bl_options for operator in window.modal_operators):
            return "you have finished what you are doing"
        thing = window.view_layer.objects.active
        if thing is not None and thing.mode not in ("OBJECT", "POSE"):
            return "you are back in Object Mode"
    return ""


def land(item: Item) -> None:
    """Bring a finished job to its scene; where that is gone, a capture stays among the finished ones."""
    assert item.job is not None
    scene, folder = scene_of(item.asker), item.job.folder
    if scene is None:
        if item.kind != "scan":
            jobs.message = (
                f"The scene that asked for {item.name} is gone; the capture waits under Finished Captures."
            )
    else:
        # An operator of its own, so that a job's outcome in a scene is exactly one undo step.
        operator = bpy.ops.reel2rig.list_people if item.kind == "scan" else bpy.ops.reel2rig.import_capture
        try:
            # Without a context override: see `scene.armature.edit_bones`.
            operator("EXEC_DEFAULT", True, filepath=str(folder), scene=scene.name, item=item.number)
        except RuntimeError as error:
            if jobs.problem is None:  # else the operator has told already
                jobs.report(error)
    jobs.landed(item)
    jobs.finished.again()


def brought_in(folder: Path, collection: bpy.types.Collection) -> None:
    """A finished capture has become a collection."""
    collection[MARK] = folder.name
    _here[folder.name] = folder
    jobs.imported(folder)


def follow_undo() -> None:
    """After undo or redo: a capture whose collection is gone waits to be imported again, and the reverse."""
    there = {str(collection.get(MARK)) for collection in bpy.data.collections}
    for name, folder in _here.items():
        if (name in there) != is_imported(folder):
            jobs.imported(folder, name in there)


def forget_file() -> None:
    """Another file is open: undo does not reach back into the one before."""
    _here.clear()
