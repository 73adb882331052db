"""Where each bone lies at rest and how its own axes point. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.skeletons import JOINT_INDEX, SMPL_JOINTS, mirrored_joints
from ...core.motion.spaces import YUP_TO_BLENDER

Array = NDArray[np.float64]

# The joint a bone points at. The four ends (toes, fingers, head) have none and get a direction instead.
_POINTS_AT: dict[str, str] = {
    "Pelvis": "Spine1",
    "Spine1": "Spine2",
    "Spine2": "Spine3",
    "Spine3": "Neck",
    "Neck": "Head",
}
for _side in "LR":
    for _from, _to in (
        ("Hip", "Knee"),
        ("Knee", "Ankle"),
        ("Ankle", "Foot"),
        ("Collar", "Shoulder"),
        ("Shoulder", "Elbow"),
        ("Elbow", "Wrist"),
        ("Wrist", "Hand"),
    ):
        _POINTS_AT[f"{_side}_{_from}"] = f"{_side}_{_to}"

_ARM = ("Collar", "Shoulder", "Elbow", "Wrist", "Hand")
_FORWARD = np.array([0.0, -1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])
_LEFT = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class RestBones:
    """The skeleton at rest in armature space (Blender axes, metres).

    Attributes:
        heads, tails: (24, 3). A head is exactly the SMPL joint.
        axes: (24, 3, 3) rotations; column 0, 1, 2 of each is the bone's local X, Y, Z in armature space.
    """

    heads: Array
    tails: Array
    axes: Array


def bend_axis(joint: str) -> Array:
    """Armature-space direction that a joint's local X is laid nearest to.

    **Convention**: armature space is Blender's with the person facing -Y and their left at +X. Turning by a
    positive angle about local X closes elbows, knees and fingers, and bends the spine forward, on both sides:
    left arm about -Z, right arm about +Z, everything else about +X.
    """
    side, _, part = joint.partition("_")
    if part in _ARM:
        return -_UP if side == "L" else _UP
    return _LEFT


def rest_bones(rest_joints: ArrayLike, pelvis: ArrayLike) -> RestBones:
    """Lay out the 24 bones of a body at rest.

    Args:
        rest_joints: (24, 3) joints at rest in SMPL axes (y up, facing +z, left +x), metres.
        pelvis: (3,) where the pelvis joint goes in armature space.

    **Convention**: local Y runs along the limb, X is `bend_axis` made square to Y, Z = X x Y. Directions come
    from the left/right mean of the body, so that axes are exact mirror images (X_right = -mirror(X_left),
    Y and Z mirrored: what Blender's Paste Flipped assumes) even when the body itself is a little lopsided.
    """
    joints = np.asarray(rest_joints, dtype=np.float64)
    if joints.shape != (len(SMPL_JOINTS), 3):
        raise ValueError(f"rest_joints must have shape (24, 3), not {joints.shape}")
    heads = (joints - joints[0]) @ YUP_TO_BLENDER.T
    even = 0.5 * (heads + heads[list(mirrored_joints())] * [-1.0, 1.0, 1.0])

    heads = heads + np.asarray(pelvis, dtype=np.float64)
    tails, axes = np.empty_like(heads), np.empty((len(joints), 3, 3))
    for index, joint in enumerate(SMPL_JOINTS):
        reach = _reach(joint, even)
        length = float(np.linalg.norm(reach))
        along = reach / length
        across = bend_axis(joint)
        across = across - along * (across @ along)
        across /= np.linalg.norm(across)
        axes[index] = np.stack([across, along, np.cross(across, along)], axis=-1)
        tails[index] = heads[index] + reach
    return RestBones(heads, tails, axes)


def _reach(joint: str, even: Array) -> Array:
    """(3,) from head to tail of a bone of the evened-out body; the ends get lengths that look natural."""
    if joint in _POINTS_AT:
        return even[JOINT_INDEX[_POINTS_AT[joint]]] - even[JOINT_INDEX[joint]]
    parent = {"Head": "Neck", "L_Foot": "L_Ankle", "R_Foot": "R_Ankle"}.get(
        joint, joint.replace("Hand", "Wrist")
    )
    before = even[JOINT_INDEX[joint]] - even[JOINT_INDEX[parent]]
    if joint == "Head":
        return _UP * 0.13 * float(even[JOINT_INDEX["Head"], 2] - even[JOINT_INDEX["L_Ankle"], 2])
    if joint.endswith("_Foot"):
        return _FORWARD * 0.5 * float(np.linalg.norm(before))
    return before * 0.8
