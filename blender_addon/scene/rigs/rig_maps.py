"""The rig map that goes with an armature: kept with it as one JSON text, else told by its bones' names.

A library override does not save what is new on the armature itself. There the text lies with the action too.
"""

from __future__ import annotations

import bpy

from ....core.errors import InputError
from ....core.motion.retarget.recognise import fitted, recognise, shipped_maps
from ....core.motion.retarget.rig_map import RigMap, map_text, parse_map

PROPERTY = "reel2rig_rig_map"


class NotRecognised(InputError):
    code = "retarget.not_recognised"


def keep_rig_map(armature: bpy.types.Object, rig_map: RigMap) -> None:
    """Keep a map with an armature, in place of what its names say."""
    text = map_text(rig_map)
    for place in (armature, _noting(armature)):
        if place is not None:
            place[PROPERTY] = text


def note_rig_map(armature: bpy.types.Object, action: bpy.types.Action, rig_map: RigMap) -> None:
    """Keep the map with an action of an overridden armature, which saves it where the armature cannot."""
    if armature.override_library is not None:
        action[PROPERTY] = map_text(rig_map)


def kept_text(armature: bpy.types.Object) -> str | None:
    """The JSON of the map kept with an armature, or with the action that an overridden one plays."""
    place = _noting(armature) or armature
    text = place.get(PROPERTY)
    return None if text is None else str(text)


def _noting(armature: bpy.types.Object) -> bpy.types.Action | None:
    """The action of an overridden armature that has a map: what the armature itself says is the library's."""
    data = armature.animation_data
    action = data.action if data is not None and armature.override_library is not None else None
    return action if action is not None and PROPERTY in action else None


def rig_map_of(armature: bpy.types.Object) -> RigMap:
    """The map kept with an armature, or with the action that an overridden one plays, else the one recognised
    by its bones.

    Raises NotRecognised where none is there; BadRigMap when what is kept cannot be read.
    """
    text = kept_text(armature)
    return recognised_map(armature) if text is None else parse_map(text)


def seen_map_of(armature: bpy.types.Object) -> RigMap:
    """The map by which the motion of an armature is read, whichever controls move it.

    Where FK and IK controls take turns, the bones below them, which Rigify calls ORG-, tell what is seen.
    Raises as `rig_map_of`.
    """
    rig_map = rig_map_of(armature)
    if not rig_map.ik:
        return rig_map
    below = fitted(shipped_maps()["rigify_metarig"], armature.data.bones.keys(), "ORG-")
    return rig_map if below.missing() else below


def recognised_map(armature: bpy.types.Object) -> RigMap:
    """The map recognised by the bones of an armature, whatever is kept with it. Raises NotRecognised."""
    bones = list(armature.data.bones)
    rows = {bone.name: row for row, bone in enumerate(bones)}
    parents = [rows[bone.parent.name] if bone.parent else -1 for bone in bones]
    rig_map = recognise(list(rows), parents)
    if rig_map is None:
        raise NotRecognised(f"The bones of {armature.name} are not known; map its bones to the body first.")
    return rig_map
