"""The armature object: 24 SMPL bones under a `root`, in a T-pose standing on the floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.motion.skeletons import SMPL_PARENTS
from .bone_axes import RestBones
from .names import BONES, ROOT_BONE

_CONNECTED_WITHIN = 1e-5  # share of the body's height; nearer heads and tails are one point


def build_armature(collection: bpy.types.Collection, name: str, rest: RestBones) -> bpy.types.Object:
    """A new armature object in `collection` with its bones at rest and every bone in quaternion mode.

    Args:
        rest: heads, tails and axes in armature space, already in scene units.

    **Convention**: the object's transform is the identity; Blender's Z is up, the person faces -Y.
    """
    data = bpy.data.armatures.new(name)
    armature = bpy.data.objects.new(name, data)
    collection.objects.link(armature)
    # Enough to be seen through the mesh, as an animator expects of a rig.
    armature.show_in_front = True
    data.display_type = "STICK"
    with edit_bones(armature) as bones:
        _lay_bones(bones, rest)
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    return armature


def _lay_bones(bones: bpy.types.ArmatureEditBones, rest: RestBones) -> None:
    height = float(np.ptp(rest.heads[:, 2]))
    root = bones.new(ROOT_BONE)
    # Along +Y with roll 0 the root's own axes are the armature's: exports write it as the identity.
    root.head, root.tail, root.roll = (0, 0, 0), (0, 0.15 * height, 0), 0.0
    root.use_deform = False
    made = [bones.new(name) for name in BONES]
    for bone, parent in zip(made, SMPL_PARENTS, strict=True):
        bone.parent = made[parent] if parent >= 0 else root
    _place_bones(made, rest)


def _place_bones(made: list[bpy.types.EditBone], rest: RestBones) -> None:
    """Give the 24 bones their places; those whose parent ends where they begin are connected to it."""
    reach = _CONNECTED_WITHIN * float(np.ptp(rest.heads[:, 2]))
    for bone in made:  # a connected bone would drag its parent's tail along
        bone.use_connect = False
    for bone, head, tail, axes in zip(made, rest.heads, rest.tails, rest.axes, strict=True):
        bone.head, bone.tail = head, tail
        bone.align_roll(axes[:, 2])
    for index, (bone, parent) in enumerate(zip(made, SMPL_PARENTS, strict=True)):
        gap = np.linalg.norm(rest.tails[parent] - rest.heads[index]) if parent >= 0 else np.inf
        bone.use_connect = bool(gap < reach)


def move_rest(armature: bpy.types.Object, rest: RestBones) -> None:
    """Lay the 24 bones of an armature made by `build_armature` anew, in scene units."""
    with edit_bones(armature) as bones:
        _place_bones([bones[name] for name in BONES], rest)


@contextmanager
def edit_bones(armature: bpy.types.Object) -> Iterator[bpy.types.ArmatureEditBones]:
    """The edit bones of an armature; selection, active object and modes are afterwards as they were.

    Edit bones exist only in Edit Mode, and Edit Mode only for the active object of the context's view layer.
    The context is not overridden for that: under an override, operators read its dictionary while other
    Python threads may run, and Blender crashes when one does.
    """
    scene, layer = bpy.context.scene, bpy.context.view_layer
    with _lent(armature, scene), _shown(armature, layer), _alone(armature, layer):
        mode = armature.mode
        bpy.ops.object.mode_set(mode="EDIT")
        try:
            yield armature.data.edit_bones
        finally:
            bpy.ops.object.mode_set(mode=mode)


@contextmanager
def _lent(armature: bpy.types.Object, scene: bpy.types.Scene) -> Iterator[None]:
    """The armature straight in the scene: its collection may belong to another one, or be switched off."""
    there = scene.collection.objects
    if armature.name in there:
        yield
        return
    there.link(armature)
    try:
        yield
    finally:
        there.unlink(armature)


@contextmanager
def _shown(armature: bpy.types.Object, layer: bpy.types.ViewLayer) -> Iterator[None]:
    """The armature visible: Blender edits nothing that is hidden."""
    switched_off, hidden = armature.hide_viewport, armature.hide_get(view_layer=layer)
    armature.hide_viewport = False
    armature.hide_set(False, view_layer=layer)
    try:
        yield
    finally:
        armature.hide_set(hidden, view_layer=layer)
        armature.hide_viewport = switched_off


@contextmanager
def _alone(armature: bpy.types.Object, layer: bpy.types.ViewLayer) -> Iterator[None]:
    """The armature active and alone selected: Edit Mode takes every selected armature along."""
    active, selected = layer.objects.active, list(layer.objects.selected)
    for thing in selected:
        thing.select_set(False, view_layer=layer)
    layer.objects.active = armature
    armature.select_set(True, view_layer=layer)
    try:
        yield
    finally:
        armature.select_set(False, view_layer=layer)
        for thing in selected:
            thing.select_set(True, view_layer=layer)
        layer.objects.active = active


def rest_axes(armature: bpy.types.Object) -> NDArray[np.float64]:
    """(24, 3, 3) local axes of the bones as Blender holds them (rolls are stored in single precision)."""
    return np.array([np.array(armature.data.bones[name].matrix_local.to_3x3()) for name in BONES])


def rest_heads(armature: bpy.types.Object) -> NDArray[np.float64]:
    """(24, 3) heads of the bones at rest, armature space."""
    return np.array([armature.data.bones[name].head_local for name in BONES])
