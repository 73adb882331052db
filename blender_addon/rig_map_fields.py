"""The bone map of an armature as fields that can be edited.

Nothing is stored here: the fields read and write the one JSON text on the armature (scene/rigs/rig_maps.py),
so that undo, files and scripts can never disagree with the panel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import bpy

from ..core.errors import Reel2RigError
from ..core.motion.retarget.edit_map import role_words, with_bone
from ..core.motion.retarget.recognise import nearly_recognised
from ..core.motion.retarget.rig_map import RigMap, parse_map
from ..core.motion.retarget.roles import CHAINS, ROLES
from .scene.rigs.rig_maps import PROPERTY, keep_rig_map, kept_text, recognised_map, rig_map_of

PLACES: dict[str, int] = {role: 4 if role in CHAINS else 1 for role in ROLES} | {"spine": 12, "neck": 6}
"""How many bones of each role have a field; a map from a file may have more, which stay as they are."""
BY_HAND = "By Hand"


def note_rig(armature: bpy.types.Object) -> None:
    """Keep what an armature is recognised as with it, so that it can be edited: where it is not, what comes
    nearest, or an empty map.

    What is kept already stays, and so do linked armatures, whose file is another one.
    """
    if PROPERTY not in armature and armature.library is None:
        _keep(armature, rig_map_of)


def recognise_again(armature: bpy.types.Object) -> RigMap:
    """Replace the map kept with an armature by what its bones tell now."""
    return _keep(armature, recognised_map)


def _keep(armature: bpy.types.Object, find: Callable[[bpy.types.Object], RigMap]) -> RigMap:
    try:
        rig_map = find(armature)
    except Reel2RigError:
        near = nearly_recognised(armature.data.bones.keys())
        rig_map = near or RigMap(name=BY_HAND, bones={}, source="made by hand")
    keep_rig_map(armature, rig_map)
    return rig_map


def kept_map(armature: bpy.types.Object) -> RigMap | None:
    """The map kept with an armature; None where none is. Raises BadRigMap when it cannot be read."""
    text = kept_text(armature)
    return None if text is None else _parsed(text)


_parsed = lru_cache(maxsize=16)(parse_map)


def readable_map(armature: bpy.types.Object | None) -> RigMap | None:
    """The map kept with an armature; None where none is, or none that can be read: the panel then shows what
    is wrong instead of fields.
    """
    try:
        return None if armature is None else kept_map(armature)
    except Reel2RigError:
        return None


def field_name(role: str, place: int) -> str:
    """The field of one bone of a role."""
    return f"{role}_{place}"


def _field(role: str, place: int) -> Any:
    def read(group: bpy.types.PropertyGroup) -> str:
        rig_map = readable_map(group.id_data)
        bones = rig_map.bones.get(role, ()) if rig_map else ()
        return bones[place] if place < len(bones) else ""

    def write(group: bpy.types.PropertyGroup, bone: str) -> None:
        armature = group.id_data
        rig_map = readable_map(armature)
        if rig_map is not None and (not bone or bone in armature.data.bones):
            keep_rig_map(armature, with_bone(rig_map, role, place, bone))

    row = ", from the hips outwards" if role in CHAINS else ""
    return bpy.props.StringProperty(
        name=role_words(role),
        description=f"The bone that plays this part of the body{row}. Clear it to leave the part out",
        get=read,
        set=write,
        options=set(),
    )


class RigMapFields(bpy.types.PropertyGroup):
    """A field for every bone that a role may have."""

    __annotations__ = {
        field_name(role, place): _field(role, place)
        for role, places in PLACES.items()
        for place in range(places)
    }


CLASSES = (RigMapFields,)


def attach() -> None:
    bpy.types.Object.reel2rig_rig_map_fields = bpy.props.PointerProperty(type=RigMapFields)


def detach() -> None:
    del bpy.types.Object.reel2rig_rig_map_fields
