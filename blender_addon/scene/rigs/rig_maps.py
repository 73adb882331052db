"""The rig map that goes with an armature: kept with it as one JSON text, else told by its bones' names."""

from __future__ import annotations

import bpy

from ....core.errors import InputError
from ....core.motion.retarget.recognise import recognise
from ....core.motion.retarget.rig_map import RigMap, map_text, parse_map

PROPERTY = "reel2rig_rig_map"


class NotRecognised(InputError):
    code = "retarget.not_recognised"


def keep_rig_map(armature: bpy.types.Object, rig_map: RigMap) -> None:
    """Keep a map with an armature, in place of what its names say."""
    armature[PROPERTY] = map_text(rig_map)


def forget_rig_map(armature: bpy.types.Object) -> None:
    """Let the names of the bones tell the map again."""
    if PROPERTY in armature:
        del armature[PROPERTY]


def rig_map_of(armature: bpy.types.Object) -> RigMap:
    """The map kept with an armature, else the one recognised by its bones.

    Raises NotRecognised where neither is there; BadRigMap when what is kept cannot be read.
    """
    text = armature.get(PROPERTY)
    if text is not None:
        return parse_map(str(text))
    bones = list(armature.data.bones)
    rows = {bone.name: row for row, bone in enumerate(bones)}
    parents = [rows[bone.parent.name] if bone.parent else -1 for bone in bones]
    rig_map = recognise(list(rows), parents)
    if rig_map is None:
        raise NotRecognised(f"The bones of {armature.name} are not known; map its bones to the body first.")
    return rig_map
