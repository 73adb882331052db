"""The file formats: what each is called, how its files end, and who makes them."""

from __future__ import annotations

from typing import NamedTuple

from ....core.errors import UnknownFormat


class Format(NamedTuple):
    """A file format.

    Attributes:
        name: as commands and scripts give it. suffix: of its files.
        label, about: for people.
        one_person: the file holds one rig, so several people give several files.
        smpl: it holds SMPL's own joints, and so a captured person only, no other rig.
    """

    name: str
    suffix: str
    label: str
    about: str
    one_person: bool = False
    smpl: bool = False


FORMATS: tuple[Format, ...] = (
    Format("fbx", "fbx", "FBX", "For Unreal, Unity, Maya, MotionBuilder and most other tools"),
    Format("glb", "glb", "glTF Binary", "For Godot, the web and viewers"),
    Format("usdc", "usdc", "USD", "For Houdini, Omniverse and film pipelines"),
    Format("bvh", "bvh", "BVH", "Bones and angles only, for motion capture tools", one_person=True),
    Format("abc", "abc", "Alembic", "The moving mesh, without bones"),
    Format(
        "blend", "blend", "Blender File", "A plain skeleton with keys on every frame, for another Blender"
    ),
    Format("npz", "npz", "Reel2Rig Motion", "The motion for another scene with Reel2Rig", True, True),
    Format("amass", "npz", "AMASS", "SMPL poses as research tools read them", True, True),
    Format("smpl", "smpl", "SMPL", "SMPL poses in the file of Meshcapade's tools", True, True),
    Format("csv", "csv", "CSV of Joints", "Where every joint is at every frame, for a spreadsheet", True),
)
NAMES: tuple[str, ...] = tuple(each.name for each in FORMATS)


def format_named(name: object) -> Format:
    """The format of a name. Raises UnknownFormat with those there are."""
    for each in FORMATS:
        if each.name == name:
            return each
    raise UnknownFormat(f"The format '{name}' is unknown; choose one of {', '.join(NAMES)}.")
