"""A finished capture, built in a scene with all that was chosen about it beforehand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy

from ..core.body.files import convert_smpl_file
from ..core.motion.cleanup.settings import Cleanup
from ..core.motion.files.open import OWN, kind_of
from ..core.motion.tracks import apply_edits
from . import landing
from .capture_result import is_motion_file, keep_footage, read_result
from .jobs import jobs
from .jobs.finished import smoothing_of
from .preferences import home
from .properties import of
from .scene.build import BuildOptions, BuiltCapture
from .scene.cleaned import build_cleaned
from .scene.kept_edits import edits_for, keep_edits


def import_capture(
    scene: bpy.types.Scene, path: Path, options: BuildOptions | None = None, fps: Fraction | None = None
) -> BuiltCapture:
    """Build a finished capture, or the people of a motion file, in a scene.

    A capture that the panel began comes unsmoothed: the smoothing chosen there becomes each person's first
    clean-up setting, which can be changed. Tracks that were corrected while it waited come corrected.
    A proxy of the footage is kept beside the saved .blend, else in the home folder, as job folders go away.

    Args:
        path: a job folder, its result.json, or a motion file that `read_result` reads.
        options: None takes the choices kept with the scene.
        fps: of a motion file, instead of what it says.

    Raises what reading, correcting and building raise.
    """
    folder = path if path.is_dir() else path.parent
    keep = Path(bpy.data.filepath).parent if bpy.data.is_saved else home().root / "footage"
    if is_motion_file(path):
        result = read_result(path, fps, None if kind_of(path) == OWN else _chosen_body(scene))
    else:
        result = read_result(path)
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


def _chosen_body(scene: bpy.types.Scene) -> Path | None:
    """The user's SMPL file chosen in the panel, as Blender reads it; None is the free body."""
    chosen = scene.reel2rig_body.setting()
    if chosen == "free":
        return None
    folder = home().root / "bodies"
    folder.mkdir(parents=True, exist_ok=True)
    return convert_smpl_file(chosen, folder)


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
