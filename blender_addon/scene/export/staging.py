"""Takes and meshes onto a stage and into a file, all of it or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ....core.errors import DiskFull, InputError, OutputError
from ....core.motion.files.atomic import atomic_output
from ..whole import is_whole
from .alembic import write_alembic
from .blend import write_blend
from .bvh import for_bvh, write_bvh
from .engines import UNREAL_METRE, for_engine
from .fbx import write_fbx
from .formats import format_named
from .gltf import write_glb
from .lent_names import lent_names
from .options import BadExport, ExportOptions
from .skins import Skin, put_skin
from .stage import Stage, empty_stage, put_rig
from .take import RigTake
from .usd import write_usd

_LEAST_FREE = 65536  # bytes; with less than this left, a writer that failed most likely met a full disk

WRITERS: dict[str, Callable[[Stage, str], None]] = {
    "fbx": write_fbx,
    "glb": write_glb,
    "usdc": write_usd,
    "bvh": write_bvh,
    "abc": write_alembic,
    "blend": write_blend,
}


_NOT_BUILT_IN = "could not be found"


class OnePersonOnly(InputError):
    code = "export.one_person_only"


class WriterMissing(InputError):
    code = "export.writer_missing"


@dataclass(frozen=True, eq=False)
class Ready:
    """All that goes into one file.

    Attributes:
        title: of the animation in it.
        takes: of rigs on common frames and one rate. skins: their meshes.
        camera: shown in formats that have cameras, where the engine is "none".
    """

    title: str
    takes: Sequence[RigTake]
    skins: Sequence[Skin] = ()
    camera: bpy.types.Object | None = None
    options: ExportOptions = field(default_factory=ExportOptions)


def write_ready(ready: Ready, path: str | os.PathLike[str], file_format: str) -> None:
    """Write one file from a Blender without a user: the window's scene is changed meanwhile.

    Raises OnePersonOnly, BadExport, NothingDeforms, WriterMissing; OutputFolderMissing, OutputNotWritable,
    DiskFull or OutputError when the file cannot be written.
    """
    chosen, engine = format_named(file_format), ready.options.engine
    if chosen.one_person and len(ready.takes) != 1:
        raise OnePersonOnly(
            f"A .{chosen.suffix} file holds one person; export each person to a file of their own."
        )
    if engine != "none" and (file_format != "fbx" or len(ready.takes) != 1):
        raise BadExport("An engine takes one character in one .fbx file; choose FBX and one rig a file.")
    with atomic_output(path) as temporary:
        # Exporters insist on their own ending, whatever the user's file is called.
        written = temporary.with_name(f"{temporary.stem}.{chosen.suffix}")
        try:
            _write(ready, str(written), file_format)
            if not written.is_file() or not is_whole(written):
                raise output_error("the file was cut off", Path(path))
            if written != temporary:
                written.replace(temporary)
        except RuntimeError as error:  # how bpy.ops reports whatever went wrong inside an operator
            raise output_error(str(error), Path(path)) from error
        except AttributeError as error:  # and how it says that it has no such operator
            if _NOT_BUILT_IN not in str(error):
                raise
            raise WriterMissing(
                f"This Blender cannot write {chosen.label}; use one from blender.org, or another format."
            ) from error
        finally:
            if written != temporary:
                written.unlink(missing_ok=True)


def _write(ready: Ready, path: str, file_format: str) -> None:
    options, takes = ready.options, ready.takes
    # Blender's scenes, and so its writers, begin at frame 0 at the earliest.
    first = 0 if options.starts_at_zero else max(0, takes[0].first)
    metre = UNREAL_METRE if options.engine == "unreal" else 1.0
    with (
        empty_stage(
            ready.title,
            first,
            len(takes[0]),
            takes[0].fps,
            metre=metre,
            engine=options.engine,
            at_rest_before=file_format == "fbx",
        ) as stage,
        lent_names(stage) as give_name,
    ):
        for number, take in enumerate(takes):
            shown, change = for_bvh(take) if file_format == "bvh" else for_engine(take, options.engine)
            rig = put_rig(stage, shown)
            give_name(rig.armature, shown.name)
            for skin in (skin for skin in ready.skins if skin.take == number):
                thing = put_skin(stage, rig, skin, change, one_shape=options.engine != "none")
                give_name(thing, skin.thing.name)
        if ready.camera is not None:
            stage.scene.collection.objects.link(ready.camera)
            stage.scene.camera = ready.camera
        bpy.context.view_layer.update()
        WRITERS[file_format](stage, path)


def output_error(said: str, path: Path) -> OutputError:
    """What to tell about a file that Blender failed to write, from what it `said`."""
    if "No space left" in said or shutil.disk_usage(path.parent).free < _LEAST_FREE:
        return DiskFull(f"The disk is full, {path.name} was not written: free some space on {path.parent}.")
    reason = said.strip().splitlines()[-1].removeprefix("Error: ")
    return OutputError(f"Blender could not write {path} ({reason}); choose another folder or format.")
