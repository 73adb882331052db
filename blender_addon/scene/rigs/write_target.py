"""The motion of a target as keys of its bones, in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.motion.retarget.human import TargetMotion
from ....core.motion.retarget.local import local_motion
from ....core.motion.retarget.skeleton import Skeleton
from ....core.motion.rotations import quaternion_conjugate, quaternion_from_matrix, quaternion_multiply
from ..fcurves import CONSTANT, LINEAR, curve_container, write_curve
from ..handwork import bone_path
from .bone_channels import is_rotation_locked, locked_rotation, rotation_channels
from .carriers import NEUTRAL, Binding
from .played import animated_paths

Array = NDArray[np.float64]


def key_times(target: TargetMotion) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Indices (K,) of the frames of a target that get keys, and how each key goes on.

    Frames of gaps get none: the key before holds its pose until the next.
    """
    seen = ~np.asarray(target.held, bool)
    before_gap = seen & np.append(~seen[1:], False)
    return np.flatnonzero(seen), np.where(before_gap, CONSTANT, LINEAR)[seen]


def keep_locks(
    armature: bpy.types.Object, target: TargetMotion, skeleton: Skeleton, binding: Binding
) -> TargetMotion:
    """The motion that is left where bones are locked; what they carry makes up for it.

    **Convention**: with A a bone's rest axes in the world, C the turn of its carrier and B the rotation that
    it has from rest, its turn is C A B A^T.
    """
    turns = dict(target.turns)
    for bone in sorted(turns, key=lambda bone: _depth(bone, binding.carriers)):
        posed = armature.pose.bones[bone]
        if not is_rotation_locked(posed):
            continue
        carrier = binding.carriers[bone]
        pair = {name: turns[name] for name in (bone, carrier) if name is not None}
        wanted = local_motion(replace(target, turns=pair, heads={}), skeleton, binding.carriers)[bone][0]
        own = locked_rotation(posed, binding.own(bone, wanted))
        axes = quaternion_from_matrix(skeleton.axes[skeleton.index[bone]])
        from_rest = quaternion_multiply(quaternion_conjugate(binding.offsets[bone]), own)
        turn = quaternion_multiply(quaternion_multiply(axes, from_rest), quaternion_conjugate(axes))
        turns[bone] = turn if carrier is None else quaternion_multiply(turns[carrier], turn)
    return replace(target, turns=turns)


def write_target(
    armature: bpy.types.Object,
    action: bpy.types.Action,
    target: TargetMotion,
    skeleton: Skeleton,
    binding: Binding,
    metres: float,
    cleared: Collection[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """Key the bones of a target in `action`, each in its own rotation mode.

    Args:
        target: with its locks kept. skeleton: of the armature. metres: of one unit of its own space.
        cleared: (bone, property of `NEUTRAL`) pairs that get one neutral key where they get no others.

    Returns:
        sentences for the user. Channels that are locked or driven get no keys.

    **Convention**: see `Binding` and `local_motion`.
    """
    local = local_motion(target, skeleton, binding.carriers)
    bones = [armature.pose.bones[bone] for bone in local]
    rotations = np.stack([binding.own(bone, rotation) for bone, (rotation, _) in local.items()], axis=1)
    keyer = _Keyer(armature, action, target)
    for bone, channels in zip(bones, rotation_channels(bones, rotations), strict=True):
        place = local[bone.name][1]
        if place is not None:
            location = _location(bone, binding.place(bone.name, place / metres))
            keyer.key(bone, "location", location, ~np.array(bone.lock_location, bool))
        keyer.key(bone, *channels)
    for name, kind in cleared:
        if kind != "location" or name not in target.heads:
            keyer.clear(armature.pose.bones[name], kind)
    return keyer.notes()


class _Keyer:
    """Writes the free channels of bones and remembers those that were not free."""

    def __init__(self, armature: bpy.types.Object, action: bpy.types.Action, target: TargetMotion) -> None:
        self._container: Any = curve_container(action)
        self._rows, self._kinds = key_times(target)
        self._frames = np.asarray(target.frames, np.float64)[self._rows]
        drivers = armature.animation_data.drivers if armature.animation_data else ()
        self._driven = {(driver.data_path, driver.array_index) for driver in drivers}
        self._left: dict[str, list[str]] = {"locked": [], "driven": []}

    def key(self, bone: bpy.types.PoseBone, name: str, values: Array, free: NDArray[np.bool_]) -> None:
        path = bone_path(bone.name, name)
        for part, column in enumerate(values.T):
            if not free[part]:
                self._leave("locked", bone)
            elif (path, part) in self._driven:
                self._leave("driven", bone)
            else:
                kept = column[self._rows]
                write_curve(self._container, path, part, bone.name, self._frames, kept, self._kinds)

    def clear(self, bone: bpy.types.PoseBone, name: str) -> None:
        """One neutral key at the start: the action before would leave something else there."""
        path = bone_path(bone.name, name)
        for part, value in enumerate(NEUTRAL[name]):
            locked = name == "location" and bone.lock_location[part]
            if not locked and (path, part) not in self._driven:
                write_curve(self._container, path, part, bone.name, self._frames[:1], [value], CONSTANT)

    def _leave(self, why: str, bone: bpy.types.PoseBone) -> None:
        if bone.name not in self._left[why]:
            self._left[why].append(bone.name)

    def notes(self) -> tuple[str, ...]:
        said = {"locked": "Locked channels", "driven": "Channels with a driver"}
        return tuple(
            f"{said[why]} were left as they are: {named(bones)}."
            for why, bones in self._left.items()
            if bones
        )


def cleared_channels(
    armature: bpy.types.Object, bones: Iterable[str], travelling: Collection[str]
) -> list[tuple[str, str]]:
    """(bone, property) pairs that the new keys of `bones` are to decide: where those go that travel, and
    everything about the others that the animation playing now moves and would leave somewhere.
    """
    animated = animated_paths(armature)
    return [
        (bone, name)
        for bone in bones
        for name in NEUTRAL
        if (name == "location" and bone in travelling) or bone_path(bone, name) in animated
    ]


def named(bones: list[str], most: int = 4) -> str:
    """A few names, and how many more."""
    more = len(bones) - most
    return ", ".join(bones[:most]) + (f" and {more} more" if more > 0 else "")


def _location(bone: bpy.types.PoseBone, location: Array) -> Array:
    """A location along the bone's rest axes (T, 3) as the axes count that the bone is set to move along."""
    parent = bone.bone.parent
    if bone.bone.use_local_location or parent is None:
        return location
    axes = np.array(parent.matrix_local.inverted().to_3x3() @ bone.bone.matrix_local.to_3x3())
    return location @ axes.T


def _depth(bone: str | None, carriers: Mapping[str, str | None]) -> int:
    depth = 0
    while bone is not None:
        bone, depth = carriers[bone], depth + 1
    return depth
