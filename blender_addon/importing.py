"""A finished capture, built in a scene with all that was chosen about it beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..core.motion.cleanup.settings import Cleanup
from ..core.motion.tracks import apply_edits
from . import landing
from .capture_result import keep_footage, read_result
from .jobs import jobs
from .jobs.finished import smoothing_of
from .preferences import home
from .properties import of
from .scene.build import BuildOptions, BuiltCapture
from .scene.cleaned import build_cleaned
from .scene.kept_edits import edits_for, keep_edits


def import_capture(scene: bpy.types.Scene, path: Path, options: BuildOptions | None = None) -> BuiltCapture:
    """Build a finished capture in a scene.

    A capture that the panel began comes unsmoothed: the smoothing chosen there becomes each person's first
    clean-up setting, which can be changed. Tracks that were corrected while it waited come corrected.
    A proxy of the footage is kept beside the saved .blend, else in the home folder, as job folders go away.

    Args:
        path: a job folder, its result.json, or a motion file (.npz).
        options: None takes the choices kept with the scene.

    Raises what reading, correcting and building raise.
    """
    folder = path if path.is_dir() else path.parent
    keep = Path(bpy.data.filepath).parent if bpy.data.is_saved else home().root / "footage"
    result = read_result(path)
    if path.suffix.lower() != ".npz":  # in the file of one person nobody can be taken for another
        result = replace(result, clips=apply_edits(result.clips, edits_for(scene, folder)))
    if result.footage.is_proxy:
        keep.mkdir(parents=True, exist_ok=True)
    cleanup = Cleanup(smoothing=smoothing_of(folder) or 0.0)
    options = options or of(scene).build_options()
    built, _ = build_cleaned(scene, keep_footage(result, keep), options, cleanup)
    _select(scene, built)
    keep_edits(scene, folder, ())
    landing.brought_in(folder, built.collection)
    jobs.problem = None
    jobs.message = " ".join(result.notes)
    return built


def _select(scene: bpy.types.Scene, built: BuiltCapture) -> None:
    """Make the new people the selection, as Blender's own importers do, unless someone is being posed."""
    for layer in scene.view_layers:
        active = layer.objects.active
        if active is not None and active.mode != "OBJECT":
            continue
        for thing in layer.objects:
            thing.select_set(False, view_layer=layer)
        for person in built.people:
            person.armature.select_set(True, view_layer=layer)
        layer.objects.active = built.people[0].armature
