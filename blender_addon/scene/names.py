"""Bone names, and which SMPL joint each bone stands for.

A bone's head is the SMPL joint of the same row. Names end in ``.L`` / ``.R`` so that Blender's own mirror
tools (Paste Flipped, X-Axis Mirror, Symmetrize) find the pairs. SMPL's left is the person's left, which is
+X here.

    SMPL joint  bone        SMPL joint   bone          SMPL joint            bone
    Pelvis      Pelvis      Spine1..3    Spine1..3     L/R_Collar            Collar.L/.R
    L/R_Hip     Thigh.L/.R  Neck         Neck          L/R_Shoulder          UpperArm.L/.R
    L/R_Knee    Shin.L/.R   Head         Head          L/R_Elbow             Forearm.L/.R
    L/R_Ankle   Foot.L/.R                              L/R_Wrist             Hand.L/.R
    L/R_Foot    Toe.L/.R                               L/R_Hand (knuckles)   Fingers.L/.R

Above them all, ``root`` lies on the floor at the origin and has no SMPL joint; it is there for game engines
and for moving a whole performance, and carries no keys unless asked to.
"""

from __future__ import annotations

from ...core.motion.skeletons import SMPL_JOINTS

ROOT_BONE = "root"

BONE_OF_JOINT: dict[str, str] = {
    "Pelvis": "Pelvis",
    "L_Hip": "Thigh.L",
    "R_Hip": "Thigh.R",
    "Spine1": "Spine1",
    "L_Knee": "Shin.L",
    "R_Knee": "Shin.R",
    "Spine2": "Spine2",
    "L_Ankle": "Foot.L",
    "R_Ankle": "Foot.R",
    "Spine3": "Spine3",
    "L_Foot": "Toe.L",
    "R_Foot": "Toe.R",
    "Neck": "Neck",
    "L_Collar": "Collar.L",
    "R_Collar": "Collar.R",
    "Head": "Head",
    "L_Shoulder": "UpperArm.L",
    "R_Shoulder": "UpperArm.R",
    "L_Elbow": "Forearm.L",
    "R_Elbow": "Forearm.R",
    "L_Wrist": "Hand.L",
    "R_Wrist": "Hand.R",
    "L_Hand": "Fingers.L",
    "R_Hand": "Fingers.R",
}

BONES: tuple[str, ...] = tuple(BONE_OF_JOINT[joint] for joint in SMPL_JOINTS)
"""The 24 bone names in SMPL joint order."""
