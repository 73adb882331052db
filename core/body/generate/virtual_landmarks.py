"""The 33 BlazePose landmarks as points fixed to the skeleton, linear in the shape coefficients."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import JOINT_INDEX, mirrored_joints
from ..landmarks import LANDMARKS

# Left side and middle: the joint it moves with, and a vertex ("v:"), a finger bone ("f:") or a joint ("j:").
_ATTACHED = {
    "nose": ("Head", "v:nose"),
    "left_eye_inner": ("Head", "v:leye_inner"),
    "left_eye": ("Head", "v:leye"),
    "left_eye_outer": ("Head", "v:leye_outer"),
    "left_ear": ("Head", "v:lear"),
    "mouth_left": ("Head", "v:lmouth"),
    "left_shoulder": ("L_Shoulder", "j:L_Shoulder"),
    "left_elbow": ("L_Elbow", "j:L_Elbow"),
    "left_wrist": ("L_Wrist", "j:L_Wrist"),
    "left_pinky": ("L_Wrist", "f:LeftHandPinky1"),
    "left_index": ("L_Wrist", "f:LeftHandIndex1"),
    "left_thumb": ("L_Wrist", "f:LeftHandThumb2"),
    "left_hip": ("Pelvis", "j:L_Hip"),
    "left_knee": ("L_Knee", "j:L_Knee"),
    "left_ankle": ("L_Ankle", "j:L_Ankle"),
    "left_heel": ("L_Ankle", "v:LHeel"),
    "left_foot_index": ("L_Foot", "v:LBigToe"),
}

# Where the detector really marks each point, against the anatomical place above: metres, left side, rest
# pose's axes. Measured by rendering 700 clothed bodies of random shape, pose and view, running the full
# PoseLandmarker on them and solving for the offset that explains its image points; three quarters of that
# offset is kept, since a rendered figure is not quite a filmed one. Ears land in front of the ear hole,
# hips on the front of the thigh, ankles above the joint, the foot's tip on the knuckle of the second toe.
_NUDGE = {
    "nose": (0.0, 0.008, -0.010),
    "left_eye_inner": (-0.002, 0.001, -0.003),
    "left_eye": (-0.003, 0.0, -0.010),
    "left_eye_outer": (-0.006, 0.001, -0.008),
    "left_ear": (-0.020, 0.004, 0.025),
    "mouth_left": (-0.004, 0.010, 0.0),
    "left_shoulder": (-0.010, 0.007, 0.004),
    "left_elbow": (0.0, 0.001, 0.011),
    "left_wrist": (0.012, -0.002, 0.003),
    "left_pinky": (-0.001, -0.005, 0.020),
    "left_index": (-0.009, -0.009, -0.012),
    "left_thumb": (0.015, 0.005, -0.020),
    "left_hip": (0.012, 0.006, 0.022),
    "left_knee": (-0.003, -0.009, 0.0),
    "left_ankle": (0.002, 0.014, 0.004),
    "left_heel": (-0.004, 0.006, 0.018),
    "left_foot_index": (0.014, 0.010, -0.020),
}


def virtual_landmarks(
    v_template: np.ndarray,
    shapedirs: np.ndarray,
    J: np.ndarray,
    J_shapedirs: np.ndarray,
    named: dict[str, int],
    fingers: dict[str, tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joint, offset from it and the offset's shape directions of every landmark.

    Args:
        v_template: (V,3); shapedirs: (V,3,10); J: (24,3); J_shapedirs: (24,3,10), metres.
        named: vertex index of each named point. fingers: bone name -> (3,) head and (3,10) shape directions.

    Returns:
        joint (33,) int, offset (33,3) and offset_dirs (33,3,10), in metres in the rest pose's axes: the
        landmark stands at ``position[joint] + rotation[joint] @ (offset + offset_dirs @ betas)``.
    """
    joint = np.zeros(33, np.int32)
    offset, offset_dirs = np.zeros((33, 3)), np.zeros((33, 3, 10))
    for index, name in enumerate(LANDMARKS):
        if name not in _ATTACHED:
            continue
        anchor, target = _ATTACHED[name]
        k = joint[index] = JOINT_INDEX[anchor]
        kind, key = target.split(":")
        if kind == "v":
            point, dirs = v_template[named[key]], shapedirs[named[key]]
        elif kind == "f":
            point, dirs = fingers[key]
        else:
            point, dirs = J[JOINT_INDEX[key]], J_shapedirs[JOINT_INDEX[key]]
        offset[index] = point - J[k] + _NUDGE[name]
        offset_dirs[index] = dirs - J_shapedirs[k]
    mirror = mirrored_joints()
    for index, name in enumerate(LANDMARKS):
        if "right" in name:  # the left landmark is already placed
            left = LANDMARKS.index(name.replace("right", "left"))
            joint[index] = mirror[joint[left]]
            offset[index] = offset[left] * (-1, 1, 1)
            offset_dirs[index] = offset_dirs[left] * np.array([[-1.0], [1.0], [1.0]])
    return joint, offset, offset_dirs
