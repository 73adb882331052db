"""The body as the panel shows it: which one the next capture gets, and the shape of people already captured.

The values of a captured person are not stored here: they are read from, and written to, the shape that
`scene.body_shape` keeps with the armature, so that undo, files and appended people can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from ..core.body.files import find_smpl_file
from ..core.errors import InputError, Reel2RigError
from ..core.motion.body import SHAPE_COUNT
from .jobs import jobs
from .properties import RELATIVE_PATH
from .scene.body_shape import PROPERTY, Shape, height_of, unit_of
from .scene.reshaping import reshape_person

_KINDS = [
    ("free", "Free Body", "The body that comes with Reel2Rig: free for every use, nothing to register for"),
    ("neutral", "SMPL Neutral", "Your own SMPL files: the neutral one of the folder you name"),
    ("male", "SMPL Male", "Your own SMPL files: the male one of the folder you name"),
    ("female", "SMPL Female", "Your own SMPL files: the female one of the folder you name"),
    ("file", "SMPL File", "One SMPL file of your own"),
]
# What the directions of the free body do, measured on it; the later ones are small and without a name.
_FREE_NAMES = ("Size", "Shoulders", "Proportions", "Weight", "Build")


class BodyFileUnchosen(InputError):
    code = "body.file_unchosen"


class BodyChoice(bpy.types.PropertyGroup):
    """Which body the next capture gets."""

    kind: bpy.props.EnumProperty(name="Body", description="The body that is captured", items=_KINDS)
    folder: bpy.props.StringProperty(
        name="SMPL Folder",
        description="The folder with your SMPL files",
        subtype="DIR_PATH",
        options=RELATIVE_PATH,
    )
    file: bpy.props.StringProperty(
        name="SMPL File",
        description="An SMPL file, .pkl or .npz",
        subtype="FILE_PATH",
        options=RELATIVE_PATH,
    )

    def setting(self) -> str:
        """The worker's setting: "free", or the path of an existing SMPL file.

        Raises BodyFileMissing, BodyFileUnchosen.
        """
        if self.kind == "free":
            return "free"
        chosen = self.file if self.kind == "file" else self.folder
        if not chosen:
            wanted = "SMPL file" if self.kind == "file" else "folder with your SMPL files"
            raise BodyFileUnchosen(f"No {wanted} is chosen; choose one in the panel, or take the free body.")
        gender = None if self.kind == "file" else self.kind
        return str(find_smpl_file(Path(bpy.path.abspath(chosen)), gender))


def _shape(group: bpy.types.PropertyGroup) -> Shape:
    return Shape.read(group.id_data.get(PROPERTY)) or Shape((0.0,) * SHAPE_COUNT, 1.0)


def _get_betas(group: bpy.types.PropertyGroup) -> Sequence[float]:
    return _shape(group).betas


def _set_betas(group: bpy.types.PropertyGroup, values: Sequence[float]) -> None:
    _give(group, lambda person: Shape(tuple(values), _shape(group).scale))


def _get_height(group: bpy.types.PropertyGroup) -> float:
    try:
        return height_of(group.id_data) * unit_of(group.id_data)
    except Reel2RigError:  # the body's file is gone; changing anything will say so
        return 0.0


def _set_height(group: bpy.types.PropertyGroup, value: float) -> None:
    def wanted(person: bpy.types.Object) -> Shape:
        shape = _shape(group)
        return Shape(shape.betas, shape.scale * value / (height_of(person) * unit_of(person)))

    _give(group, wanted)


def _give(group: bpy.types.PropertyGroup, wanted: Callable[[bpy.types.Object], Shape]) -> None:
    """Reshape the person a group belongs to; what goes wrong is shown in the panel, as a slider cannot."""
    try:
        reshape_person(bpy.context.scene, group.id_data, wanted(group.id_data))
    except Exception as error:
        jobs.report(error)


class PersonShape(bpy.types.PropertyGroup):
    """The shape of a captured person, as sliders."""

    height: bpy.props.FloatProperty(
        name="Height",
        description="Standing height of the body; the feet stay on the floor",
        unit="LENGTH",
        precision=3,
        soft_min=0.5,
        soft_max=2.5,
        get=_get_height,
        set=_set_height,
    )
    betas: bpy.props.FloatVectorProperty(
        name="Shape",
        description="How far the body goes in this direction, in standard deviations of the body model",
        size=SHAPE_COUNT,
        min=-8.0,
        max=8.0,
        soft_min=-3.0,
        soft_max=3.0,
        precision=2,
        get=_get_betas,
        set=_set_betas,
    )


def shape_names(free: bool) -> list[str]:
    """What the ten sliders are called for the free body, or for an SMPL body, whose have no names."""
    known = _FREE_NAMES if free else ()
    return [known[index] if index < len(known) else f"Shape {index + 1}" for index in range(SHAPE_COUNT)]


CLASSES = (BodyChoice, PersonShape)


def attach() -> None:
    bpy.types.Scene.reel2rig_body = bpy.props.PointerProperty(type=BodyChoice)
    bpy.types.Object.reel2rig_shape_sliders = bpy.props.PointerProperty(type=PersonShape)


def detach() -> None:
    del bpy.types.Object.reel2rig_shape_sliders
    del bpy.types.Scene.reel2rig_body
