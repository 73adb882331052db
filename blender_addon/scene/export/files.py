"""A built capture as a file: .blend, .glb, .fbx, .bvh, .usdc, each through Blender's own writer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import bpy
from mathutils import Matrix

from ....core.errors import DiskFull, InputError, OutputError, UnknownFormat
from ....core.motion.files.atomic import atomic_output
from ..armature import edit_bones
from ..build import BuiltCapture
from ..names import ROOT_BONE
from ..whole import is_whole

_LEAST_FREE = 65536  # bytes; with less than this left, a writer that failed most likely met a full disk


class OnePersonOnly(InputError):
    code = "export.one_person_only"


def export_capture(built: BuiltCapture, path: str | os.PathLike[str], file_format: str) -> None:
    """Write the current file, which holds nothing but `built`, in one of `FORMATS`: all of it or nothing.

    Raises UnknownFormat; OnePersonOnly for .bvh with several people; OutputFolderMissing, OutputNotWritable,
    DiskFull or OutputError when the file cannot be written.

    **Convention**: .blend and .usdc are z-up, .glb, .fbx and .bvh y-up, all in metres; time 0 of a .glb is
    scene frame 0. A .bvh has no `root` bone: Pelvis is its root and the only joint that travels.
    """
    writer = _WRITERS.get(file_format)
    if writer is None:
        raise UnknownFormat(f"The format '{file_format}' is unknown; choose one of {', '.join(FORMATS)}.")
    with atomic_output(path) as temporary:
        try:
            writer(built, str(temporary))
        except RuntimeError as error:  # how bpy.ops reports whatever went wrong inside an operator
            raise output_error(str(error), Path(path)) from error
        if not temporary.is_file() or not is_whole(temporary):
            raise output_error("the file was cut off", Path(path))


def output_error(said: str, path: Path) -> OutputError:
    """What to tell about a file that Blender failed to write, from what it `said`."""
    if "No space left" in said or shutil.disk_usage(path.parent).free < _LEAST_FREE:
        return DiskFull(f"The disk is full, {path.name} was not written: free some space on {path.parent}.")
    reason = said.strip().splitlines()[-1].removeprefix("Error: ")
    return OutputError(f"Blender could not write {path} ({reason}); choose another folder or format.")


def _write_blend(_: BuiltCapture, path: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True, check_existing=False, relative_remap=True)


def _write_glb(_: BuiltCapture, path: str) -> None:
    bpy.ops.export_scene.gltf(
        filepath=path,
        export_format="GLB",
        export_cameras=True,
        export_animations=True,
        # One animation in which all people keep their common time.
        export_animation_mode="ACTIVE_ACTIONS",
        export_frame_range=True,
        export_morph_normal=False,
    )


def _write_fbx(_: BuiltCapture, path: str) -> None:
    bpy.ops.export_scene.fbx(
        filepath=path,
        object_types={"ARMATURE", "MESH", "CAMERA"},
        add_leaf_bones=False,
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        bake_anim_simplify_factor=0.0,
        # FBX counts in centimetres: scaling the file, not the objects, keeps rest poses.
        apply_scale_options="FBX_SCALE_ALL",
    )


def _write_bvh(built: BuiltCapture, path: str) -> None:
    if len(built.people) != 1:
        raise OnePersonOnly("A .bvh file holds one person; export each person to a file of their own.")
    armature = built.people[0].armature
    with edit_bones(armature) as bones:
        bones.remove(bones[ROOT_BONE])
    # BVH knows no axes but is read as y-up everywhere, and its writer takes the armature's own coordinates.
    armature.data.transform(Matrix.Rotation(-1.5707963267948966, 4, "X"))
    armature.data.update_tag()  # else poses are still made from the bones as they were
    scene = bpy.context.scene
    bpy.context.view_layer.objects.active = armature
    bpy.ops.export_anim.bvh(
        filepath=path, frame_start=scene.frame_start, frame_end=scene.frame_end, root_transform_only=True
    )


def _write_usd(_: BuiltCapture, path: str) -> None:
    bpy.ops.wm.usd_export(filepath=path, export_animation=True, export_armatures=True, export_shapekeys=True)


_WRITERS: dict[str, Callable[[BuiltCapture, str], None]] = {
    "blend": _write_blend,
    "glb": _write_glb,
    "fbx": _write_fbx,
    "bvh": _write_bvh,
    "usdc": _write_usd,
}
FORMATS: tuple[str, ...] = tuple(_WRITERS)
