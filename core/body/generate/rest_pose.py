"""From the source rig's A-shaped rest pose to SMPL's 24 joints in a T-pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...motion.skeletons import JOINT_INDEX, SMPL_JOINTS, SMPL_PARENTS
from .source import Adults
from .symmetry import SMPL_MIRROR, mirror_map, symmetric_points

# The bone of the source rig whose head is each SMPL joint.
_BONES = {
    "Pelvis": "Hips", "Spine1": "Spine", "Spine2": "Spine1", "Spine3": "Spine2",
    "Neck": "Neck", "Head": "Head",
    "Hip": "UpLeg", "Knee": "Leg", "Ankle": "Foot", "Foot": "ToeBase",
    "Collar": "Shoulder", "Shoulder": "Arm", "Elbow": "ForeArm", "Wrist": "Hand", "Hand": "HandMiddle1",
}  # fmt: skip

# The source rig puts its hip joints 0.115 m from the middle, at the outside of the thigh. The centre of a
# femoral head lies about 0.088 m from it (hip joint centre distance near 0.175 m for a 1.75 m adult), so it
# is brought in.
_HIP_WIDTH = 0.765

# Directions the limb bones take in the T-pose, left side: joint whose bone is turned, joint at the bone's
# end. Knees and ankles stand a little wider than the hips, as people do.
_T_POSE = (
    ("L_Shoulder", "L_Elbow", (1.0, 0.0, 0.0)),
    ("L_Elbow", "L_Wrist", (1.0, 0.0, 0.0)),
    ("L_Wrist", "L_Hand", (1.0, 0.0, 0.0)),
    ("L_Hip", "L_Knee", (0.035, -1.0, 0.0)),
    ("L_Knee", "L_Ankle", (0.0, -1.0, -0.03)),
)
_LEVEL_FEET = ("L_Ankle", "R_Ankle")  # whatever the leg did, the soles keep the direction they had


@dataclass(frozen=True, eq=False)
class TPosed:
    """The drawn adults in T-pose, exactly symmetric, the pelvis joint of each at the origin.

    Attributes:
        vertices: (N,V,3) metres.
        joints: (N,24,3) metres.
        fingers: name of a finger bone (``LeftHandIndex1``) -> (N,3) its head.
        weights: (V,24) blend weights before truncation.
        partner: (V,) mirror map.
    """

    vertices: np.ndarray
    joints: np.ndarray
    fingers: dict[str, np.ndarray]
    weights: np.ndarray
    partner: np.ndarray


def bone_of_joint(joint: str) -> str:
    """Name of the source bone at an SMPL joint: ``L_Hip`` -> ``LeftUpLeg``."""
    if joint in _BONES:
        return _BONES[joint]
    side, part = joint.split("_")
    return {"L": "Left", "R": "Right"}[side] + _BONES[part]


def joint_weights(adults: Adults) -> np.ndarray:
    """(V,24): the weights of the source's 52 bones summed into SMPL's 24 joints, fingers into the hands."""
    owner = {adults.bone_names.index(bone_of_joint(joint)): k for k, joint in enumerate(SMPL_JOINTS)}
    weights = np.zeros((len(adults.weights), len(SMPL_JOINTS)))
    for bone, name in enumerate(adults.bone_names):
        if name.startswith(("LeftHand", "RightHand")) and name not in ("LeftHand", "RightHand"):
            joint = JOINT_INDEX[f"{name[0]}_Hand"]
        else:
            joint = owner[bone]
        weights[:, joint] += adults.weights[:, bone]
    return weights


def t_pose(adults: Adults) -> TPosed:
    """Turns every drawn adult from the A-shaped rest pose into a symmetric T-pose (linear blend skinning)."""
    partner = mirror_map(adults.vertices[0])
    bones = [adults.bone_names.index(bone_of_joint(joint)) for joint in SMPL_JOINTS]
    joints = symmetric_points(adults.bone_heads[:, bones], SMPL_MIRROR)
    hips = [JOINT_INDEX["L_Hip"], JOINT_INDEX["R_Hip"]]
    joints[:, hips, 0] *= _HIP_WIDTH

    weights = joint_weights(adults)
    weights = (weights + weights[partner][:, SMPL_MIRROR]) / 2
    finger_names = [n for n in adults.bone_names if "Hand" in n and n[-1].isdigit()]
    finger_heads = adults.bone_heads[:, [adults.bone_names.index(n) for n in finger_names]]

    posed_vertices = np.empty_like(adults.vertices)
    posed_joints = np.empty_like(joints)
    posed_fingers = np.empty_like(finger_heads)
    for n in range(len(joints)):
        rotations, positions = _t_pose_transforms(joints[n])
        offsets = positions - np.einsum("kij,kj->ki", rotations, joints[n])
        blended = np.einsum("vk,kij->vij", weights, rotations)
        shift = weights @ offsets
        posed_vertices[n] = np.einsum("vij,vj->vi", blended, adults.vertices[n]) + shift - positions[0]
        posed_joints[n] = positions - positions[0]
        for f, name in enumerate(finger_names):
            hand = JOINT_INDEX[f"{name[0]}_Hand"]
            posed_fingers[n, f] = rotations[hand] @ finger_heads[n, f] + offsets[hand] - positions[0]
    finger_partner = np.array([finger_names.index(_other_side(name)) for name in finger_names])
    posed_fingers = symmetric_points(posed_fingers, finger_partner)
    return TPosed(
        vertices=symmetric_points(posed_vertices, partner),
        joints=symmetric_points(posed_joints, SMPL_MIRROR),
        fingers={name: posed_fingers[:, f] for f, name in enumerate(finger_names)},
        weights=weights,
        partner=partner,
    )


def _other_side(name: str) -> str:
    return name.replace("Left", "Right") if name.startswith("Left") else name.replace("Right", "Left")


def _t_pose_transforms(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (24,3,3) and positions (24,3) that align the limbs; joints (24,3) in the A-pose."""
    targets = {}
    for start, end, direction in _T_POSE:
        targets[JOINT_INDEX[start]] = (JOINT_INDEX[end], np.array(direction))
        mirrored = np.array(direction) * (-1, 1, 1)
        targets[JOINT_INDEX["R" + start[1:]]] = (JOINT_INDEX["R" + end[1:]], mirrored)
    level = [JOINT_INDEX[name] for name in _LEVEL_FEET]
    rotations = np.tile(np.eye(3), (24, 1, 1))
    positions = joints.copy()
    for k, parent in enumerate(SMPL_PARENTS):
        if parent >= 0:
            rotations[k] = rotations[parent]
            positions[k] = positions[parent] + rotations[parent] @ (joints[k] - joints[parent])
        if k in targets:
            end, direction = targets[k]
            rotations[k] = _shortest_turn(rotations[k] @ (joints[end] - joints[k]), direction) @ rotations[k]
        elif k in level:
            rotations[k] = np.eye(3)
    return rotations, positions


def _shortest_turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation matrix of the smallest angle that takes direction `start` to direction `end`."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(start, end)
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1 + start @ end)
