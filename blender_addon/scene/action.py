"""A clip's motion as one action on the armature."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.cleanup.derived import Derived
from ...core.motion.cleanup.settings import Cleanup
from ...core.motion.clip import MotionClip
from ...core.motion.keys.euler import unwrapped_euler
from ...core.motion.rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    sign_continuous,
)
from ...core.motion.spaces import BLENDER_TO_YUP, YUP_TO_BLENDER, to_space
from .armature import rest_axes, rest_heads
from .contact_curves import write_contacts
from .fcurves import CONSTANT, LINEAR, curve_container, new_action, remove_curves, write_curve
from .handwork import ROTATIONS, bone_path, remember_keys
from .layers import remember_capture
from .names import BONES, ROOT_BONE

Array = NDArray[np.float64]


def bone_motion(
    clip: MotionClip, axes: ArrayLike, pelvis_head: ArrayLike, unit: float
) -> tuple[Array, Array]:
    """The clip in the bones' own axes.

    Args:
        clip: in any space. axes: (24, 3, 3) rest axes. pelvis_head: (3,) rest head of Pelvis, scene units.
        unit: scene units per metre.

    Returns:
        rotations (T, 24, 4), sign-continuous, for `rotation_quaternion`; location (T, 3) of Pelvis.

    **Convention**: with C renaming SMPL's axes as Blender's and A a bone's rest axes, the bone's own
    rotation is A^T (C R C^T) A, since Blender turns a bone in its rest axes and SMPL in the template's. A
    clip in "blender" space has the C on the left already in rotation 0. A location is measured in the rest
    axes from the rest head.
    """
    placed = to_space(clip, "blender")
    rename = quaternion_from_matrix(YUP_TO_BLENDER)
    local = placed.rotations.astype(np.float64)
    local[:, 1:] = quaternion_multiply(rename, local[:, 1:])
    local = quaternion_multiply(local, quaternion_from_matrix(BLENDER_TO_YUP))
    own = quaternion_from_matrix(np.asarray(axes))
    rotations = quaternion_multiply(quaternion_multiply(quaternion_conjugate(own), local), own)
    location = (placed.root * unit - np.asarray(pelvis_head)) @ np.asarray(axes)[0]
    return sign_continuous(_upright_start(normalized(rotations))), location


def _upright_start(rotations: Array) -> Array:
    """The same rotations with w >= 0 in the first frame: a rig near rest then has quaternions near 1, 0, 0,
    0.
    """
    return np.where(rotations[:1, :, :1] < 0, -rotations, rotations)


def key_clip(
    armature: bpy.types.Object, clip: MotionClip, frames: ArrayLike, name: str, unit: float = 1.0
) -> bpy.types.Action:
    """Key the clip as the capture left it: a quaternion for each of the 24 bones and a location for Pelvis.

    Args:
        armature: made by `build_armature` with the clip's own rest joints.
        frames: (T,) scene frames of the keys; fractions are kept.
        name: of the new action, which gets a fake user.
        unit: scene units per metre.
    """
    action = new_action(armature, name)
    _write(armature, action, _as_captured(clip), Cleanup(), np.asarray(frames, np.float64), unit)
    return action


def write_derived(
    armature: bpy.types.Object,
    action: bpy.types.Action,
    derived: Derived,
    cleanup: Cleanup,
    seconds_to_frames: Callable[[Array], Array],
    unit: float = 1.0,
) -> None:
    """Key a cleaned-up motion in an action of the capture, in place of the motion that is in it.

    Written are the rotations of the 24 bones, the location of Pelvis, those of `root` while it moves, and the
    contact curves. Whatever else the action holds stays. Frames of gaps get no keys: the pose holds.

    Args:
        action: made by `fcurves.make_action` or `new_action`.
        seconds_to_frames: turns (T,) seconds of `derived` into scene frames; fractions are kept.
        unit: scene units per metre.
    """
    frames = np.asarray(seconds_to_frames(np.asarray(derived.seconds, np.float64)), np.float64)
    _write(armature, action, derived, cleanup, frames, unit)


def _as_captured(clip: MotionClip) -> Derived:
    count = len(clip)
    feet = clip.contacts.reshape(count, 2, 2).max(axis=-1)
    return Derived(
        clip=to_space(clip, "blender"),
        seconds=clip.times,
        root_location=np.zeros((count, 3)),
        root_heading=np.zeros(count),
        contacts=feet > 0.5,
        confidence=np.abs(2.0 * feet - 1.0),
        held=np.zeros(count, bool),
    )


def _write(
    armature: bpy.types.Object,
    action: bpy.types.Action,
    derived: Derived,
    cleanup: Cleanup,
    frames: Array,
    unit: float,
) -> None:
    container = curve_container(action)
    seen = ~derived.held
    seen[0] = True  # something has to be held
    kept = np.flatnonzero(seen)
    interpolation = np.where(np.diff(kept, append=len(seen)) > 1, CONSTANT, LINEAR)

    channels = _channels(armature, derived, cleanup.rotation_mode, unit)
    for bone, name, values in channels:
        for part in range(values.shape[1]):
            write_curve(container, bone_path(bone, name), part, bone, frames[kept], values[kept, part],
                        interpolation)  # fmt: skip
    _leave_other_rotations(armature, container, {bone for bone, _, _ in channels}, cleanup.rotation_mode)
    if not _root_moves(derived):
        _rest_root(armature, container)
    write_contacts(armature, action, frames, derived)
    remember_keys(action)
    remember_capture(armature, action)


def _channels(
    armature: bpy.types.Object, derived: Derived, mode: str, unit: float
) -> list[tuple[str, str, Array]]:
    """Bone, property and values (T, 3 or 4) of all that is keyed, in the order of the Dope Sheet."""
    rotations, location = bone_motion(
        _under_root(derived), rest_axes(armature), rest_heads(armature)[0], unit
    )
    bones = list(BONES)
    places = [("Pelvis", "location", location)]
    if _root_moves(derived):
        bones.append(ROOT_BONE)
        rotations = np.concatenate([rotations, _heading_turn(derived)[:, None]], axis=1)
        places.append((ROOT_BONE, "location", np.asarray(derived.root_location, np.float64) * unit))
    turns = rotations if mode == "QUATERNION" else unwrapped_euler(rotations, mode)
    name = rotation_property(mode)
    return places + [(bone, name, turns[:, index]) for index, bone in enumerate(bones)]


def rotation_property(mode: str) -> str:
    """The property of a pose bone that counts in a rotation mode."""
    return "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"


def _root_moves(derived: Derived) -> bool:
    return bool(np.any(derived.root_location) or np.any(derived.root_heading))


def _heading_turn(derived: Derived) -> Array:
    """(T, 4) the turn of the root bone, whose rest axes are the armature's."""
    return quaternion_from_rotvec(np.asarray(derived.root_heading, np.float64)[:, None] * [0.0, 0.0, 1.0])


def _under_root(derived: Derived) -> MotionClip:
    """The clip as the root bone sees it.

    **Convention**: Derived's: p = H^T (root - root_location), R = H^T rotation 0.
    """
    if not _root_moves(derived):
        return derived.clip
    back = quaternion_conjugate(_heading_turn(derived))
    rotations = derived.clip.rotations.astype(np.float64)
    rotations[:, 0] = quaternion_multiply(back, rotations[:, 0])
    root = quaternion_rotate(back, derived.clip.root - derived.root_location)
    return derived.clip.replace(rotations=rotations, root=root)


def _leave_other_rotations(armature: bpy.types.Object, container: object, bones: set[str], mode: str) -> None:
    """Have the bones turn in `mode` alone: curves of another representation would do nothing but confuse."""
    for bone in bones:
        for name in ROTATIONS:
            if name != rotation_property(mode):
                remove_curves(container, bone_path(bone, name))
        armature.pose.bones[bone].rotation_mode = mode


def _rest_root(armature: bpy.types.Object, container: object) -> None:
    """Take the root bone's curves away, if it has any, and the bone back to rest with them."""
    if not any([remove_curves(container, bone_path(ROOT_BONE, name)) for name in ("location", *ROTATIONS)]):
        return
    bone = armature.pose.bones[ROOT_BONE]
    bone.location = (0.0, 0.0, 0.0)
    bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
    bone.rotation_euler = (0.0, 0.0, 0.0)
