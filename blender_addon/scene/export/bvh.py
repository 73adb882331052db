"""BVH through Blender's own writer."""

from __future__ import annotations

import bpy
import numpy as np

from ....core.motion.spaces import BLENDER_TO_YUP
from ..names import ROOT_BONE
from .stage import Stage
from .take import Floats, RigTake


def for_bvh(take: RigTake) -> tuple[RigTake, Floats]:
    """The take as a .bvh file holds it, and the (4, 4) change from the take's armature axes to the file's.

    A `root` bone is left out, so that the hips are the file's root and the one joint that travels.

    **Convention**: y up, metres. BVH knows no axes but is read as y-up everywhere, and its writer takes the
    armature's own coordinates; so the rest pose is the armature's own and the poses are those in the world.
    """
    change = np.eye(4)
    change[:3, :3] = BLENDER_TO_YUP
    bare = _without_root(take)
    return bare.replace(poses=bare.node @ bare.poses, node=np.eye(4)).in_axes(change), change


def write_bvh(stage: Stage, path: str) -> None:
    """Write the only rig of the stage, made by `for_bvh`."""
    bpy.context.view_layer.objects.active = stage.rigs[0].armature
    first, last = stage.frames
    bpy.ops.export_anim.bvh(
        filepath=path, frame_start=first, frame_end=last, root_transform_only=not stage.rigs[0].limbs_travel
    )


def _without_root(take: RigTake) -> RigTake:
    """The largest part of the skeleton below its `root` bone; all of it without such a bone."""
    root = take.row(ROOT_BONE)
    if root is None or take.parents[root] >= 0:
        return take
    branch = list(range(len(take.bones)))
    for row, parent in enumerate(take.parents):
        branch[row] = row if parent in (root, -1) else branch[parent]
    largest = max(set(branch) - {root}, key=branch.count, default=root)
    rows = [row for row in range(len(branch)) if branch[row] == largest]
    place = {row: number for number, row in enumerate(rows)}
    return take.replace(
        bones=tuple(take.bones[row] for row in rows),
        parents=tuple(place.get(take.parents[row], -1) for row in rows),
        lengths=take.lengths[rows],
        rest=take.rest[rows],
        poses=take.poses[:, rows],
    )
