"""The scene that a file is written from: plain skeletons with a key on every frame, and the meshes on them.

Blender's writers take the scene of the window and all that is in it. So what goes into a file stands in a
scene of its own, and nothing else of the user's can slip in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

import bpy
import numpy as np
from mathutils import Matrix

from ..armature import edit_bones
from ..fcurves import CONSTANT, LINEAR, curve_container, new_action, write_curve
from ..handwork import bone_path
from ..placing import fit_time
from .take import RigTake

_STILL = 1e-4  # share of the longest bone: smaller travels of a bone that should only turn are rounding
_AT_REST = (1.0, 0.0, 0.0, 0.0)
_SAME_SIZE = 1e-4  # a scale nearer to 1 is rounding


@dataclass
class StagedRig:
    """One skeleton on the stage, the take it plays, and its meshes.

    `limbs_travel`: a bone below the top ones moves away from its place, not only turns.
    """

    take: RigTake
    armature: bpy.types.Object
    skins: list[bpy.types.Object] = field(default_factory=list)
    limbs_travel: bool = False


@dataclass
class Stage:
    """A scene to write. `title` names the take in the file, `engine` says for whom it is, or "none".

    `at_rest_before`: the rigs stand at rest in the frame before the first, for writers that take the pose of
    the moment for the rest pose.
    """

    scene: bpy.types.Scene
    title: str
    fps: Fraction
    at_rest_before: bool
    engine: str
    rigs: list[StagedRig] = field(default_factory=list)

    @property
    def frames(self) -> tuple[int, int]:
        return self.scene.frame_start, self.scene.frame_end


@contextmanager
def empty_stage(
    title: str,
    first: int,
    count: int,
    fps: Fraction,
    metre: float = 1.0,
    engine: str = "none",
    at_rest_before: bool = False,
) -> Iterator[Stage]:
    """A new scene in the window; afterwards the window shows what it did, and all that was made is gone.

    Changing a window's scene drops poses without keys, so this is for a Blender without a user.

    Args:
        metre: metres of one unit of the scene.
    """
    window = bpy.context.window
    scene_before, layer_before = window.scene, window.view_layer
    before = set(bpy.data.user_map())
    scene = bpy.data.scenes.new(title)
    try:
        scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", metre
        window.scene = scene
        fit_time(scene, fps, first, first + count - 1)
        yield Stage(scene, title, fps, at_rest_before, engine)
    finally:
        window.scene = scene_before
        window.view_layer = layer_before
        bpy.data.batch_remove([thing for thing in bpy.data.user_map() if thing not in before])


def put_rig(stage: Stage, take: RigTake) -> StagedRig:
    """Build a take's skeleton on the stage and key it."""
    armature = bpy.data.objects.new(take.name, bpy.data.armatures.new(take.name))
    stage.scene.collection.objects.link(armature)
    armature.matrix_world = Matrix(take.node.tolist())
    with edit_bones(armature) as bones:
        made = []
        for row, bone in enumerate(take.bones):
            made.append(bones.new(bone))
            made[-1].tail = (0.0, float(take.lengths[row]), 0.0)
            made[-1].matrix = Matrix(take.rest[row].tolist())
            if take.parents[row] >= 0:
                made[-1].parent = made[take.parents[row]]
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    rig = StagedRig(take, armature)
    _key(rig, stage.scene.frame_start, stage.at_rest_before)
    stage.rigs.append(rig)
    return rig


def _key(rig: StagedRig, start: int, at_rest_before: bool) -> None:
    take, armature = rig.take, rig.armature
    rest = np.array([np.array(armature.data.bones[bone].matrix_local) for bone in take.bones])
    location, rotation, scale = take.basis(rest)
    container = curve_container(new_action(armature, take.action))
    size = float(np.max(take.lengths))
    travels = np.abs(location).max(axis=(0, 2)) > _STILL * size
    rig.limbs_travel = bool(travels[np.array(take.parents) >= 0].any())
    scaled = np.abs(scale - 1.0).max(axis=(0, 2)) > _SAME_SIZE
    before = 1 if at_rest_before else 0
    frames = start - before + np.arange(before + len(take))
    kinds = np.array([CONSTANT] * before + [LINEAR] * len(take))
    for row, bone in enumerate(take.bones):
        channels = [("rotation_quaternion", _AT_REST, rotation)]
        channels += [("location", (0.0,) * 3, location)] if travels[row] else []
        channels += [("scale", (1.0,) * 3, scale)] if scaled[row] else []
        for channel, rest_values, values in channels:
            for part, at_rest in enumerate(rest_values):
                path, curve = bone_path(bone, channel), np.append([at_rest] * before, values[:, row, part])
                write_curve(container, path, part, bone, frames, curve, kinds)
