"""A captured person's motion as one action on the armature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.cleanup.derive import derive
from ...core.motion.cleanup.derived import Derived
from ...core.motion.cleanup.settings import Cleanup
from ...core.motion.clip import MotionClip
from ...core.motion.keys.reduce import reduce_keys
from ...core.motion.keys.rig_curves import RigCurves
from ...core.motion.spaces import to_space
from .contact_curves import write_contacts
from .fcurves import BEZIER, CONSTANT, LINEAR, curve_container, new_action, remove_curves, write_curve
from .handwork import ROTATIONS, bone_path, remember_keys
from .layers import fit_strips, refuse_other_rotation_mode, remember_capture, whole_strips
from .names import ROOT_BONE
from .rig_motion import keyed_bones, rig_curves, root_moves

Array = NDArray[np.float64]

_TRAVELLING = ("Pelvis", ROOT_BONE)


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
    derived = derive(to_space(clip, "blender"), Cleanup())
    _write(armature, action, derived, Cleanup(), np.asarray(frames, np.float64), unit)
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
    contact curves. Whatever else the action holds stays. Frames of gaps get no keys: the pose holds. Strips
    of the armature that show the whole action still do, and each of its frames stays where it was.

    Args:
        action: made by `fcurves.make_action` or `new_action`.
        seconds_to_frames: turns (T,) seconds of `derived` into scene frames; fractions are kept.
        unit: scene units per metre.

    Raises RotationModeInUse, before anything is written, when corrections on top need the mode there is.
    """
    frames = np.asarray(seconds_to_frames(np.asarray(derived.seconds, np.float64)), np.float64)
    refuse_other_rotation_mode(armature, keyed_bones(derived), cleanup.rotation_mode)
    strips = whole_strips(armature, action)
    _write(armature, action, derived, cleanup, frames, unit)
    fit_strips(strips, action)


def _write(
    armature: bpy.types.Object,
    action: bpy.types.Action,
    derived: Derived,
    cleanup: Cleanup,
    frames: Array,
    unit: float,
) -> None:
    container = curve_container(action)
    curves = rig_curves(armature, derived, frames, cleanup.rotation_mode, unit)
    bones = keyed_bones(derived)
    _write_bones(container, bones, curves, derived, cleanup)
    _turn_in_one_mode(armature, container, bones, cleanup.rotation_mode)
    if not root_moves(derived):
        _rest_root(armature, container)
    write_contacts(armature, action, frames, derived)
    remember_keys(action)
    remember_capture(armature, action)


def _write_bones(
    container: Any, bones: tuple[str, ...], curves: RigCurves, derived: Derived, cleanup: Cleanup
) -> None:
    seen = ~derived.held
    seen[0] |= not seen.any()  # there has to be a pose to hold
    before_gap = seen & np.append(~seen[1:], False)
    kept = np.repeat(seen[:, None], len(bones), axis=1)
    kind, slopes = LINEAR, None
    if cleanup.reduce:
        reduced = reduce_keys(
            curves,
            degrees=cleanup.reduce_degrees,
            millimetres=cleanup.reduce_millimetres,
            keep=_changes(derived.contacts),
            held=derived.held,
        )
        kept, kind, slopes = kept & reduced.kept, BEZIER, reduced.slopes
    kinds = np.where(before_gap, CONSTANT, kind)
    turned, values = curves.rotations.shape[-1], curves.values
    rotation = [(rotation_property(cleanup.rotation_mode), part, part) for part in range(turned)]
    location = [("location", part, turned + part) for part in range(3)]
    for index, bone in enumerate(bones):
        here = np.flatnonzero(kept[:, index])
        for name, part, channel in (location if bone in _TRAVELLING else []) + rotation:
            slope = None if slopes is None else slopes[here, index, channel]
            path, value = bone_path(bone, name), values[here, index, channel]
            write_curve(container, path, part, bone, curves.times[here], value, kinds[here], slope)


def rotation_property(mode: str) -> str:
    """The property of a pose bone that counts in a rotation mode."""
    return "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"


def _changes(contacts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T,) the first frames of a foot's standing and of its being up."""
    return np.any(np.diff(contacts, axis=0, prepend=contacts[:1]), axis=1)


def _turn_in_one_mode(armature: bpy.types.Object, container: Any, bones: tuple[str, ...], mode: str) -> None:
    """Have the bones turn in `mode` alone: curves of another representation would do nothing but confuse."""
    for bone in bones:
        for name in ROTATIONS:
            if name != rotation_property(mode):
                remove_curves(container, bone_path(bone, name))
        armature.pose.bones[bone].rotation_mode = mode


def _rest_root(armature: bpy.types.Object, container: Any) -> None:
    """Take the root bone's curves away, if it has any, and the bone back to rest with them."""
    if not any([remove_curves(container, bone_path(ROOT_BONE, name)) for name in ("location", *ROTATIONS)]):
        return
    bone = armature.pose.bones[ROOT_BONE]
    bone.location = (0.0, 0.0, 0.0)
    bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
    bone.rotation_euler = (0.0, 0.0, 0.0)
