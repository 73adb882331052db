"""A built capture as a file of another program, or as a .blend to go on with."""

from __future__ import annotations

import os

import bpy

from ....core.motion.files.save import WRITERS
from ..build import BuiltCapture
from ..rig_file import save_scene
from .formats import format_named
from .motion_files import write_motion
from .options import ExportOptions
from .rig import ready_rigs
from .staging import OnePersonOnly, Ready, write_ready


def export_capture(
    built: BuiltCapture,
    path: str | os.PathLike[str],
    file_format: str,
    options: ExportOptions | None = None,
) -> None:
    """Write the current file, which holds nothing but `built`, in one of `formats.NAMES`: all or nothing.

    Written are the scene's frames. A .blend is the file as it is, to go on with; all others hold plain
    skeletons with their meshes, and the camera where no engine was chosen.

    Raises UnknownFormat; OnePersonOnly for several people in a format for one; OutputFolderMissing,
    OutputNotWritable, DiskFull or OutputError when the file cannot be written.

    **Convention**: see `docs/export.md`: each writer here says its own.
    """
    chosen, options, scene = format_named(file_format), options or ExportOptions(), bpy.context.scene
    if file_format == "blend":
        save_scene(path)
        return
    rigs = [person.armature for person in built.people]
    if chosen.one_person and len(rigs) != 1:
        raise OnePersonOnly(
            f"A .{chosen.suffix} file holds one person; export each person to a file of their own."
        )
    frames = options.frames or (scene.frame_start, scene.frame_end)
    ready = ready_rigs(scene, rigs, file_format, options, frames)
    if file_format in WRITERS:
        write_motion(rigs[0], ready.takes[0], path, file_format)
        return
    camera = built.camera if options.engine == "none" and file_format in ("fbx", "glb", "usdc") else None
    write_ready(Ready(built.collection.name, ready.takes, ready.skins, camera, options), path, file_format)
