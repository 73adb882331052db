"""Where the sole of a captured person's foot is now."""

from __future__ import annotations

import bpy
from mathutils import Vector

FEET = ("Foot", "Toe")


def side_of_foot(bone: bpy.types.PoseBone | None) -> str | None:
    """ "L" or "R" when a bone belongs to a foot; None for any other bone."""
    name, _, side = bone.name.partition(".") if bone is not None else ("", "", "")
    return side if name in FEET else None


def lowest_sole(person: bpy.types.Object, side: str) -> float:
    """Height of a foot's sole in the armature's own space, scene units, as it is posed now.

    At rest the body stands on the floor, so the sole lies at height zero there: under the ankle, under the
    ball and under the tip of the toes. Each of these points hangs on its bone.
    """
    heights = []
    for name in FEET:
        bone = person.pose.bones[f"{name}.{side}"]
        posed = bone.matrix @ bone.bone.matrix_local.inverted()
        for end in (bone.bone.head_local, bone.bone.tail_local):
            heights.append((posed @ Vector((end.x, end.y, 0.0))).z)
    return min(heights)
