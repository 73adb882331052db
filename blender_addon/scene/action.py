"""A clip's motion as one action on the armature."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.clip import MotionClip
from ...core.motion.rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    sign_continuous,
)
from ...core.motion.spaces import BLENDER_TO_YUP, YUP_TO_BLENDER, to_space
from .armature import rest_axes, rest_heads
from .fcurves import curve_container, new_action, write_curve
from .names import BONES

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
    """Key the clip on the armature: a quaternion for each of the 24 bones and a location for Pelvis.

    Args:
        armature: made by `build_armature` with the clip's own rest joints.
        frames: (T,) scene frames of the keys; fractions are kept.
        name: of the new action, which gets a fake user.
        unit: scene units per metre.
    """
    rotations, location = bone_motion(clip, rest_axes(armature), rest_heads(armature)[0], unit)
    action = new_action(armature, name)
    container = curve_container(action)
    for axis in range(3):
        write_curve(container, 'pose.bones["Pelvis"].location', axis, "Pelvis", frames, location[:, axis])
    for joint, bone in enumerate(BONES):
        path = f'pose.bones["{bone}"].rotation_quaternion'
        for part in range(4):
            write_curve(container, path, part, bone, frames, rotations[:, joint, part])
    return action
