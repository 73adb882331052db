"""Exporting as the panel shows it: what, in which format, for which engine, and into which folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

import bpy

from .properties import RELATIVE_PATH
from .scene.export.formats import FORMATS, Format, format_named
from .scene.export.options import ExportOptions
from .scene.export.read_take import played_action
from .scene.export.rig import ExportJob
from .scene.people import is_person, person_of

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')  # on one system or another
_LONGEST = 120  # characters of a file's name


class ExportChoice(bpy.types.PropertyGroup):
    what: bpy.props.EnumProperty(
        name="Export",
        description="Whose motion is written, each into a file of its own",
        items=[
            ("ACTIVE", "Active", "The active captured person or rig"),
            ("SELECTED", "Selected", "All selected captured people and rigs"),
            ("PEOPLE", "All People", "All captured people of the scene"),
        ],
    )
    format: bpy.props.EnumProperty(
        name="Format",
        description="The kind of file",
        items=[(each.name, each.label, each.about) for each in FORMATS],
    )
    engine: bpy.props.EnumProperty(
        name="Engine",
        description="The game engine that the file is for",
        items=[
            ("none", "None", "As other tools want it: metres, y up"),
            ("unreal", "Unreal", "Centimetres, an armature named Armature, and IK bones that follow"),
            ("unity", "Unity", "Nothing is scaled and nothing turned"),
        ],
    )
    animation_only: bpy.props.BoolProperty(
        name="Animation Only", description="Write the skeleton without its meshes"
    )
    from_zero: bpy.props.BoolProperty(
        name="Start at Frame 0",
        description="The first frame of the file is frame 0; otherwise frames keep the scene's numbers",
        default=True,
    )
    range: bpy.props.EnumProperty(
        name="Frames",
        description="Which frames are written",
        items=[
            ("KEYED", "Whole Motion", "From the first to the last key"),
            ("SCENE", "Scene Range", "From the start to the end of the scene"),
        ],
    )
    folder: bpy.props.StringProperty(
        name="Folder",
        description="Where the files go; without one, beside the .blend",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    replace: bpy.props.BoolProperty(
        name="Replace Files", description="Write over files of the same name", default=True
    )

    @property
    def file_format(self) -> Format:
        return format_named(self.format)

    def options(self, scene: bpy.types.Scene) -> ExportOptions:
        return ExportOptions(
            engine=self.engine if self.format == "fbx" else "none",
            animation_only=self.animation_only,
            from_zero=self.from_zero,
            frames=(scene.frame_start, scene.frame_end) if self.range == "SCENE" else None,
        )


def chosen_rigs(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The armatures that are meant, by what is selected: bones, armature or a mesh on it."""
    what = context.scene.reel2rig_export.what
    if what == "PEOPLE":
        return [thing for thing in context.scene.objects if is_person(thing)]
    things = [context.object, *(context.selected_objects if what == "SELECTED" else ())]
    if what == "SELECTED" and context.object not in context.selected_objects:
        things = things[1:]
    rigs = [rig_of(thing) for thing in things]
    return [rig for rig in dict.fromkeys(rigs) if rig is not None]


def rig_of(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """The armature that an object is, or whose mesh it is."""
    if thing is None or thing.type == "ARMATURE":
        return thing
    for modifier in thing.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            return modifier.object
    return person_of(thing)


def export_folder(choice: ExportChoice) -> Path | None:
    """Where files go; None while nothing says so."""
    if not choice.folder:
        return Path(bpy.data.filepath).parent if bpy.data.filepath else None
    if choice.folder.startswith("//") and not bpy.data.filepath:
        return None
    return Path(os.path.abspath(bpy.path.abspath(choice.folder)))


def file_stems(rigs: Sequence[bpy.types.Object]) -> list[str]:
    """What the files of rigs are called: each as the action that the rig plays; no two alike."""
    stems: list[str] = []
    for rig in rigs:
        action = played_action(rig)
        stem = _for_files(action.name if action else rig.name)
        longer = _for_files(f"{stem} {rig.name}")
        wanted = chain([stem, longer], (_for_files(f"{number} {longer}") for number in count(2)))
        taken = {other.casefold() for other in stems}
        stems.append(next(name for name in wanted if name.casefold() not in taken))
    return stems


def export_jobs_of(choice: ExportChoice, rigs: Sequence[bpy.types.Object], folder: Path) -> list[ExportJob]:
    """One file for each rig."""
    suffix = choice.file_format.suffix
    return [
        ExportJob([rig], folder / f"{stem}.{suffix}")
        for rig, stem in zip(rigs, file_stems(rigs), strict=True)
    ]


def _for_files(name: str) -> str:
    return _FORBIDDEN.sub("_", name)[:_LONGEST].strip(" .") or "motion"


CLASSES = (ExportChoice,)


def attach() -> None:
    bpy.types.Scene.reel2rig_export = bpy.props.PointerProperty(type=ExportChoice)


def detach() -> None:
    del bpy.types.Scene.reel2rig_export
