"""What a rig of the user's scene plays, as files of other programs: a captured person, or any armature."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ....core.motion.files.save import WRITERS
from .apart import write_apart
from .engines import IK_NAMES
from .formats import format_named
from .motion_files import write_motion
from .options import ExportOptions
from .read_take import read_takes
from .skins import skins_of_rig
from .staging import Ready, write_ready


@dataclass(frozen=True, eq=False)
class ExportJob:
    """One file to write: of which rigs, and where."""

    rigs: Sequence[bpy.types.Object]
    path: Path


def export_rig(
    scene: bpy.types.Scene,
    rig: bpy.types.Object,
    path: str | os.PathLike[str],
    file_format: str,
    options: ExportOptions | None = None,
) -> None:
    """Write what one rig of the user's scene plays: a captured person, or any armature. See `export_jobs`."""
    export_jobs(scene, [ExportJob([rig], Path(path))], file_format, options)


def export_jobs(
    scene: bpy.types.Scene,
    jobs: Sequence[ExportJob],
    file_format: str,
    options: ExportOptions | None = None,
) -> None:
    """Write files of rigs in the user's scene as they are seen: corrections, constraints and drivers baked.

    Nothing in the scene changes. In a Blender with a window, a second Blender without one makes the files,
    since Blender's writers take the window's scene; otherwise this one does.

    Raises NothingPlays, UnevenScale, NotPosed, NotCaptured, NothingDeforms, BadExport; those of the
    files, as `export_capture`; BlenderFailed when the second Blender does not run.
    """
    options = options or ExportOptions()
    format_named(file_format)
    ready = [ready_rigs(scene, job.rigs, file_format, options, options.frames) for job in jobs]
    if file_format in WRITERS:
        for job, one in zip(jobs, ready, strict=True):
            write_motion(job.rigs[0], one.takes[0], job.path, file_format)
    elif _has_user():
        write_apart([(one, job.path) for job, one in zip(jobs, ready, strict=True)], file_format)
    else:
        for job, one in zip(jobs, ready, strict=True):
            write_ready(one, job.path, file_format)


def ready_rigs(
    scene: bpy.types.Scene,
    rigs: Sequence[bpy.types.Object],
    file_format: str,
    options: ExportOptions,
    frames: tuple[int, int] | None,
) -> Ready:
    """Read what one file will hold. Raises NothingPlays, UnevenScale or NotPosed."""
    takes = read_takes(scene, rigs, frames, IK_NAMES if options.engine == "unreal" else ())
    with_meshes = not options.animation_only and file_format not in ("bvh", *WRITERS)
    skins = [
        skin
        for number, (rig, take) in enumerate(zip(rigs, takes, strict=True) if with_meshes else ())
        for skin in skins_of_rig(scene, rig, take, number)
    ]
    title = takes[0].action if len(takes) == 1 else scene.name
    return Ready(title, takes, skins, None, options)


def _has_user() -> bool:
    """Whether somebody sits in front of this Blender."""
    return not bpy.app.background
