"""How Blender itself evaluates a captured person's armature, frame by frame."""

from __future__ import annotations

import numpy as np

WRISTS_AND_TOES = ("Hand.L", "Hand.R", "Toe.L", "Toe.R")


def own_turns(scene, armature, frames, bones) -> np.ndarray:
    """(T, B, 4) the bones' own rotations, whatever their rotation mode."""
    return np.array([_at(scene, armature, frame, bones, _turn) for frame in frames])


def heads(scene, armature, frames, bones) -> np.ndarray:
    """(T, B, 3) heads of the bones in armature space."""
    return np.array([_at(scene, armature, frame, bones, _head) for frame in frames])


def poses(scene, armature, frames, bones) -> np.ndarray:
    """(T, B, 4, 4) bone matrices in armature space."""
    return np.array([_at(scene, armature, frame, bones, _matrix) for frame in frames])


def _at(scene, armature, frame, bones, read):
    whole = int(np.floor(frame))
    scene.frame_set(whole, subframe=float(frame - whole))
    return [read(armature.pose.bones[bone]) for bone in bones]


def _turn(bone):
    return list(bone.matrix_basis.to_quaternion())


def _head(bone):
    return list(bone.head)


def _matrix(bone):
    return [list(row) for row in bone.matrix]
