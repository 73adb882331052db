"""The motion of an armature whose action is all that moves it, without evaluating the scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.motion.retarget.skeleton import Skeleton
from ....core.motion.rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_rotate,
)
from ..handwork import bone_path
from .bone_channels import channel_name, from_mode
from .played import curve_values, played_curves

Array = NDArray[np.float64]
Curves = dict[tuple[str, int], bpy.types.FCurve]

_OBJECT_MOVES = ("location", "rotation", "scale", "delta_")
_AT_REST = 1e-5


class Moved(NamedTuple):
    """How bones are turned from rest, bone -> (T, 4), and where their heads are, bone -> (T, 3) metres."""

    turns: dict[str, Array]
    heads: dict[str, Array]


def is_plain(armature: bpy.types.Object) -> bool:
    """Whether the keys of one action, and nothing else, say how an armature's bones lie in the world."""
    data = armature.animation_data
    if data is None or data.action is None or data.use_tweak_mode or len(data.drivers):
        return False
    strips = getattr(data.action, "layers", None)
    layered = strips is not None and sum(len(layer.strips) for layer in strips) > 1
    nla = data.use_nla and any(track.strips for track in data.nla_tracks)
    shape = armature.data.animation_data
    driven = shape is not None and (len(shape.drivers) or shape.action is not None)
    if layered or nla or driven or not _stands(armature):
        return False
    return all(_is_plain_bone(bone) for bone in armature.pose.bones) and not any(
        curve.data_path.startswith(_OBJECT_MOVES) or curve.data_path.endswith(".scale")
        for curve in played_curves(data)
    )


def _stands(thing: bpy.types.Object) -> bool:
    """Whether an object keeps its place: no constraints, and parents that neither move."""
    parent = thing.parent
    if any(not constraint.mute for constraint in thing.constraints):
        return False
    return parent is None or (
        thing.parent_type == "OBJECT" and parent.animation_data is None and _stands(parent)
    )


def _is_plain_bone(bone: bpy.types.PoseBone) -> bool:
    rest = bone.bone
    return (
        not any(not constraint.mute for constraint in bone.constraints)
        and rest.use_inherit_rotation
        and (rest.use_local_location or rest.parent is None)
        and max(abs(part - 1.0) for part in bone.scale) < _AT_REST
    )


def plain_motion(
    armature: bpy.types.Object, skeleton: Skeleton, metres: float, bones: Iterable[str], frames: Array
) -> Moved:
    """The motion of `bones` at scene frames (T,) of an armature that `is_plain`, from its keys alone.

    Args:
        skeleton: of the armature. metres: of one unit of its own space.

    **Convention**: with A a bone's rest axes in the world and B its own rotation, a turn is
    Delta = Delta_parent A B A^T, and a head h = h_parent + Delta_parent (rest - rest_parent + A location).
    """
    container = {
        (curve.data_path, curve.array_index): curve
        for curve in played_curves(armature.animation_data)
        if not (curve.mute or curve.is_empty or (curve.group is not None and curve.group.mute))
    }
    wanted = set(bones)
    moved = Moved({}, {})
    turns: dict[int, Array] = {}
    heads: dict[int, Array] = {}
    for row in _with_parents(skeleton, wanted):
        name, parent = skeleton.names[row], skeleton.parents[row]
        bone = armature.pose.bones[name]
        axes = quaternion_from_matrix(skeleton.axes[row])
        own = _own_turn(container, bone, frames)
        location = _channel(container, bone, "location", frames) * metres @ skeleton.axes[row].T
        turn = quaternion_multiply(quaternion_multiply(axes, own), quaternion_conjugate(axes))
        head = skeleton.heads[row] + location
        if parent >= 0:
            turn = quaternion_multiply(turns[parent], turn)
            head = heads[parent] + quaternion_rotate(turns[parent], head - skeleton.heads[parent])
        turns[row], heads[row] = normalized(turn), head
        if name in wanted:
            moved.turns[name], moved.heads[name] = turns[row], heads[row]
    return moved


def _with_parents(skeleton: Skeleton, bones: set[str]) -> list[int]:
    """Rows of `bones` and of all bones above them, parents first."""
    rows: set[int] = set()
    for name in bones:
        row = skeleton.index[name]
        while row >= 0 and row not in rows:
            rows.add(row)
            row = skeleton.parents[row]
    return sorted(rows)


def _own_turn(curves: Curves, bone: bpy.types.PoseBone, frames: Array) -> Array:
    """(T, 4) a bone's own rotation, in whatever mode it is keyed."""
    mode = bone.rotation_mode
    return from_mode(_channel(curves, bone, channel_name(mode), frames), mode)


def _channel(curves: Curves, bone: bpy.types.PoseBone, name: str, frames: Array) -> Array:
    """(T, C) a property of a bone: its curves, and where it has none, what it is set to."""
    path = bone_path(bone.name, name)
    columns = [
        curve_values(curves[path, part], frames) if (path, part) in curves else np.full(len(frames), value)
        for part, value in enumerate(getattr(bone, name))
    ]
    return np.stack(columns, axis=-1)
