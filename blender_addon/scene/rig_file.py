"""A rig in a .blend of its own: opened to be animated, and never written over."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ...core.errors import InputError
from ...core.motion.files.atomic import atomic_output
from .export.staging import output_error
from .people import is_person
from .rigs.rig_maps import NotRecognised, rig_map_of
from .whole import is_whole


class RigFileUnreadable(InputError):
    code = "retarget.rig_file"


class RigUnclear(InputError):
    code = "retarget.rig_unclear"


def open_rig(path: Path, name: str | None = None) -> tuple[bpy.types.Scene, bpy.types.Object]:
    """Open a .blend and find the armature to be animated, and the scene it stands in.

    Scripts in the file are not run.

    Args:
        name: of the armature; None takes the only one that is seen, or the only one that is a known rig.

    Raises:
        RigFileUnreadable: there is no such file, or it is no Blender file. RigUnclear: no such armature, or
            several that may be meant; the sentence names them.
    """
    if not path.is_file():
        raise RigFileUnreadable(f"There is no rig file {path}; check the path.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise RigFileUnreadable(
            f"{path} cannot be opened as a Blender file; save it again with this Blender."
        ) from error
    scenes = [bpy.context.scene, *(scene for scene in bpy.data.scenes if scene != bpy.context.scene)]
    found = {
        thing.name: (scene, thing)
        for scene in reversed(scenes)
        for thing in scene.objects
        if thing.type == "ARMATURE" and not is_person(thing)
    }
    if name is not None:
        if name not in found:
            raise RigUnclear(f"{path.name} has no armature '{name}'; it has {_listed(found)}.")
        return found[name]
    seen = {key: pair for key, pair in found.items() if pair[1].visible_get()} or found
    known = {key: pair for key, pair in seen.items() if _is_known(pair[1])}
    fitting = known if len(seen) > 1 and len(known) == 1 else seen
    if len(fitting) != 1:
        raise RigUnclear(
            f"{path.name} has {_listed(seen)}; name the armature with --rig."
            if fitting
            else f"{path.name} has no armature; choose the .blend with the rig in it."
        )
    return next(iter(fitting.values()))


def save_scene(path: str | os.PathLike[str]) -> None:
    """Save the open file under another name, all of it or nothing; the file it came from stays as it is.

    Raises OutputFolderMissing, OutputNotWritable, DiskFull or OutputError.
    """
    with atomic_output(path) as temporary:
        try:
            bpy.ops.wm.save_as_mainfile(
                filepath=str(temporary), copy=True, compress=True, check_existing=False, relative_remap=True
            )
        except RuntimeError as error:
            raise output_error(str(error), Path(path)) from error
        if not temporary.is_file() or not is_whole(temporary):
            raise output_error("the file was cut off", Path(path))


def _is_known(rig: bpy.types.Object) -> bool:
    try:
        rig_map_of(rig)
    except NotRecognised:
        return False
    return True


def _listed(found: dict[str, tuple[bpy.types.Scene, bpy.types.Object]]) -> str:
    return "the armatures " + ", ".join(found) if len(found) > 1 else ", ".join(found) or "none"
