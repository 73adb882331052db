"""A clip's motion in the bones' own axes, as Blender keys it. Reads the rig at rest, writes nothing."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.cleanup.derived import Derived
from ...core.motion.clip import MotionClip
from ...core.motion.keys.euler import unwrapped_euler
from ...core.motion.keys.rig_curves import RigCurves
from ...core.motion.rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    sign_continuous,
)
from ...core.motion.skeletons import JOINT_INDEX, SMPL_PARENTS
from ...core.motion.spaces import BLENDER_TO_YUP, YUP_TO_BLENDER, to_space
from .armature import rest_axes, rest_heads
from .names import BONES, ROOT_BONE

Array = NDArray[np.float64]

_ENDS = tuple(JOINT_INDEX[joint] for joint in ("L_Wrist", "R_Wrist", "L_Foot", "R_Foot"))


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


def root_moves(derived: Derived) -> bool:
    """Whether the `root` bone carries any of the motion."""
    return bool(np.any(derived.root_location) or np.any(derived.root_heading))


def keyed_bones(derived: Derived) -> tuple[str, ...]:
    """The bones of `rig_curves`, parents first."""
    return (ROOT_BONE, *BONES) if root_moves(derived) else BONES


def rig_curves(
    armature: bpy.types.Object, derived: Derived, frames: ArrayLike, mode: str, unit: float = 1.0
) -> RigCurves:
    """The curves of a derived motion on a captured person's armature, a value for each frame.

    Args:
        frames: (T,) scene frames. mode: "QUATERNION" or an Euler order. unit: scene units per metre.

    **Convention**: see `bone_motion`. While `root` moves it comes first, its rest axes are the armature's
    and its rest head is the origin, and Pelvis is what is left: p = H^T (root - root_location), R = H^T
    rotation 0, with H the turn by the heading about Z.
    """
    axes, heads = rest_axes(armature), rest_heads(armature)
    rotations, path = bone_motion(_under_root(derived), axes, heads[0], unit)
    locations = np.zeros((*rotations.shape[:2], 3))
    locations[:, 0] = path
    turns = axes.copy()
    offsets = heads.copy()
    for bone, parent in enumerate(SMPL_PARENTS[1:], start=1):
        turns[bone] = axes[parent].T @ axes[bone]
        offsets[bone] = (heads[bone] - heads[parent]) @ axes[parent]
    parents, ends = SMPL_PARENTS, _ENDS
    if root_moves(derived):
        rotations = np.concatenate([_heading_turn(derived)[:, None], rotations], axis=1)
        carried = np.asarray(derived.root_location, np.float64) * unit
        locations = np.concatenate([carried[:, None], locations], axis=1)
        turns = np.concatenate([np.eye(3)[None], turns])
        offsets = np.concatenate([np.zeros((1, 3)), offsets])
        parents = (-1, *(parent + 1 for parent in SMPL_PARENTS))
        ends = tuple(end + 1 for end in _ENDS)
    return RigCurves(
        times=np.asarray(frames, np.float64),
        rotations=rotations if mode == "QUATERNION" else unwrapped_euler(rotations, mode),
        locations=locations,
        mode=mode,
        metre=unit,
        parents=parents,
        rest_turns=turns,
        rest_offsets=offsets,
        ends=ends,
    )


def _heading_turn(derived: Derived) -> Array:
    """(T, 4) the turn of the root bone."""
    return quaternion_from_rotvec(np.asarray(derived.root_heading, np.float64)[:, None] * [0.0, 0.0, 1.0])


def _under_root(derived: Derived) -> MotionClip:
    """The clip as the root bone sees it."""
    if not root_moves(derived):
        return derived.clip
    back = quaternion_conjugate(_heading_turn(derived))
    rotations = derived.clip.rotations.astype(np.float64)
    rotations[:, 0] = quaternion_multiply(back, rotations[:, 0])
    root = quaternion_rotate(back, derived.clip.root - derived.root_location)
    return derived.clip.replace(rotations=rotations, root=root)
