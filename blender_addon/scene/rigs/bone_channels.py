"""A bone's rotation as the channels that it is keyed with: its own rotation mode, its locks."""

from __future__ import annotations

from typing import NamedTuple

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.motion.keys.euler import quaternion_from_euler, unwrapped_euler
from ....core.motion.rotations import normalized, quaternion_from_rotvec, sign_continuous
from ..action import rotation_property

Array = NDArray[np.float64]


class Channels(NamedTuple):
    """What is keyed of a bone's rotation: a property, its values (T, C), and which of the C are free."""

    name: str
    values: Array
    free: NDArray[np.bool_]


def rotation_channels(bones: list[bpy.types.PoseBone], rotations: Array) -> list[Channels]:
    """The channels of `bones`, each in its own rotation mode, of their own rotations (T, B, 4).

    **Convention**: quaternions w, x, y, z, sign-continuous; Euler angles as Blender's, unwrapped; axis and
    angle are angle, x, y, z, the angle unwrapped.
    """
    values: dict[int, Array] = {}
    for mode in dict.fromkeys(bone.rotation_mode for bone in bones):
        rows = [row for row, bone in enumerate(bones) if bone.rotation_mode == mode]
        for row, column in zip(rows, np.swapaxes(in_mode(rotations[:, rows], mode), 0, 1), strict=True):
            values[row] = column
    return [
        Channels(channel_name(bone.rotation_mode), values[row], free_channels(bone))
        for row, bone in enumerate(bones)
    ]


def channel_name(mode: str) -> str:
    """The property of a pose bone that counts in a rotation mode."""
    return "rotation_axis_angle" if mode == "AXIS_ANGLE" else rotation_property(mode)


def in_mode(rotations: Array, mode: str) -> Array:
    """Unit quaternions (T, B, 4) as (T, B, C) in a rotation mode, running on smoothly through time."""
    if mode == "QUATERNION":
        return sign_continuous(rotations)
    if mode == "AXIS_ANGLE":
        return unwrapped_axis_angle(rotations)
    return unwrapped_euler(rotations, mode)


def from_mode(values: Array, mode: str) -> Array:
    """Unit quaternions (T, 4) of a bone's channels (T, C) in a rotation mode.

    **Convention**: the channels as Blender has them, see `rotation_channels`; quaternions w, x, y, z.
    """
    if mode == "QUATERNION":
        return normalized(values)
    if mode == "AXIS_ANGLE":
        length = np.maximum(np.linalg.norm(values[:, 1:], axis=1, keepdims=True), 1e-12)
        return quaternion_from_rotvec(values[:, :1] * values[:, 1:] / length)
    return quaternion_from_euler(values, mode)


def unwrapped_axis_angle(rotations: Array) -> Array:
    """Angle and axis (T, B, 4) of unit quaternions (T, B, 4), without jumps.

    The axis never flips to the opposite side; where nothing is turned it stays what it was.

    **Convention**: angle in radians, then x, y, z, as Blender's `rotation_axis_angle`.
    """
    turns = sign_continuous(rotations)
    lengths = np.linalg.norm(turns[..., 1:], axis=-1)
    result = np.empty_like(turns)
    for bone in range(turns.shape[1]):
        known = np.flatnonzero(lengths[:, bone] > 1e-6)
        if not len(known):
            result[:, bone] = [0.0, 0.0, 1.0, 0.0]
            continue
        axes = turns[known, bone, 1:] / lengths[known, bone, None]
        sides = np.cumprod(np.append(1.0, np.where(np.sum(axes[1:] * axes[:-1], axis=1) < 0, -1.0, 1.0)))
        latest = np.clip(np.searchsorted(known, np.arange(len(turns)), side="right") - 1, 0, None)
        axis = (axes * sides[:, None])[latest]
        along = np.sum(turns[:, bone, 1:] * axis, axis=1)
        result[:, bone, 0] = np.unwrap(2.0 * np.arctan2(along, turns[:, bone, 0]))
        result[:, bone, 1:] = axis
    return result


def is_rotation_locked(bone: bpy.types.PoseBone) -> bool:
    """Whether any part of a bone's rotation is locked."""
    return any(bone.lock_rotation) or (bone.lock_rotations_4d and bone.lock_rotation_w)


def free_channels(bone: bpy.types.PoseBone) -> NDArray[np.bool_]:
    """(C,) which channels of a bone's rotation may be keyed.

    Without Blender's "4D" the three locks of a quaternion stand for Euler angles: its channels are keyed
    together, and `locked_rotation` keeps the angles.
    """
    locks = np.array(bone.lock_rotation, bool)
    if bone.rotation_mode not in ("QUATERNION", "AXIS_ANGLE"):
        return ~locks
    if locks.all():  # what is left would turn nothing
        return np.zeros(4, bool)
    return ~np.append(bone.lock_rotation_w, locks) if bone.lock_rotations_4d else np.ones(4, bool)


def locked_rotation(bone: bpy.types.PoseBone, rotation: Array) -> Array:
    """(T, 4) how a bone turns that is to turn by `rotation` (T, 4) but has locks: what is locked stays."""
    mode = bone.rotation_mode
    four = mode in ("QUATERNION", "AXIS_ANGLE")
    if four and not bone.lock_rotations_4d and not all(bone.lock_rotation):
        angles = unwrapped_euler(rotation[:, None], "XYZ")[:, 0]
        now = bone.matrix_basis.to_euler("XYZ")
        return quaternion_from_euler(np.where(bone.lock_rotation, now, angles), "XYZ")
    values = in_mode(rotation[:, None], mode)[:, 0]
    values = np.where(free_channels(bone), values, getattr(bone, channel_name(mode)))
    return from_mode(values, mode)
