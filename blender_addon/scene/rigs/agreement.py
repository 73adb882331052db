"""Whether a rig does what it was keyed to do, seen on a few evaluated frames."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.motion.retarget.human import TargetMotion
from ....core.motion.retarget.skeleton import Skeleton
from ....core.motion.rotations import quaternion_to_matrix
from .read_rig import Place
from .stage import Stage
from .write_target import named

Array = NDArray[np.float64]

_LOOKED_AT = 12  # frames
_COSINE = np.cos(np.radians(1.0))
_APART = 0.005  # metres


def disagreements(
    stage: Stage, armature: bpy.types.Object, target: TargetMotion, skeleton: Skeleton, place: Place
) -> tuple[str, ...]:
    """Sentences about bones that something beside their keys moves: a constraint, a driver, another bone.

    Args:
        place: of the armature, as `skeleton` was read.

    **Convention**: compared in the armature's own space: with W its turn in the world, the axes of a bone are
    W^T turn A.
    """
    seen = np.flatnonzero(~np.asarray(target.held, bool))
    looked = seen[np.unique(np.linspace(0, len(seen) - 1, _LOOKED_AT).astype(int))]
    off: dict[str, None] = {}
    for index in looked:
        stage.go_to(float(target.frames[index]))
        poses = stage.pose(armature).astype(np.float64)
        for bone, turns in target.turns.items():
            pose = poses[armature.pose.bones.find(bone)]
            wanted = place.turn.T @ quaternion_to_matrix(turns[index]) @ skeleton.axes[skeleton.index[bone]]
            if not _same_axes(pose[:3, :3], wanted) or not _same_head(pose, target, bone, index, place):
                off[bone] = None
    return tuple(_sentence(armature, list(off)))


def _same_axes(axes: Array, wanted: Array) -> bool:
    length = np.linalg.norm(axes, axis=0)
    return bool(np.all(np.sum(axes * wanted, axis=0) >= _COSINE * length))


def _same_head(pose: Array, target: TargetMotion, bone: str, index: int, place: Place) -> bool:
    head = target.heads.get(bone)
    return head is None or bool(np.linalg.norm(place.point(pose[:3, 3]) - head[index]) < _APART)


def _sentence(armature: bpy.types.Object, bones: list[str]) -> list[str]:
    if not bones:
        return []
    held = [
        constraint.name
        for bone in bones
        for constraint in armature.pose.bones[bone].constraints
        if not constraint.mute and constraint.influence > 0.0
    ]
    by = f"constraints ({named(list(dict.fromkeys(held)))})" if held else "something else of the rig"
    return [f"Not only their keys move {named(bones)}, but {by}."]
