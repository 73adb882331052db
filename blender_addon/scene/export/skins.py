"""Copies of the meshes that go with a rig, for the stage: what it deforms, and what hangs from its bones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from .hierarchy import carrier_row
from .read_take import bones_at_rest
from .stage import Stage, StagedRig
from .take import Floats, RigTake


@dataclass(frozen=True, eq=False)
class Skin:
    """A mesh that goes with a rig.

    Attributes:
        thing: the mesh object. take: number of the take of its rig.
        bound: (4, 4) from its own coordinates to the take's armature axes in metres, at rest.
        bone: that it hangs from as a whole, as eyes and helmets do; "" for a mesh that the rig deforms.
    """

    thing: bpy.types.Object
    take: int
    bound: Floats
    bone: str = ""


def skins_of_rig(scene: bpy.types.Scene, rig: bpy.types.Object, take: RigTake, number: int) -> list[Skin]:
    """The meshes that an armature deforms or carries on a bone, of those seen in a view layer of the scene.

    Args:
        take: of the rig. number: what the take is called by.
    """
    size = float(take.lengths[0]) / rig.data.bones[take.bones[0]].length
    skins = []
    for thing in scene.objects:
        if thing.type != "MESH" or not any(thing.visible_get(view_layer=one) for one in scene.view_layers):
            continue
        if any(modifier.type == "ARMATURE" and modifier.object == rig for modifier in thing.modifiers):
            between, bone = np.linalg.solve(np.array(rig.matrix_world), np.array(thing.matrix_world)), ""
        elif bone := _carrier(rig, thing, take):
            between = _hung(rig, thing)
        else:
            continue
        between[:3] *= size
        skins.append(Skin(thing, number, between, bone))
    return skins


def _carrier(rig: bpy.types.Object, thing: bpy.types.Object, take: RigTake) -> str:
    """The written bone that a mesh hangs from, or ""."""
    if thing.parent != rig or thing.parent_type != "BONE" or thing.parent_bone not in rig.data.bones:
        return ""
    row = carrier_row(bones_at_rest(rig), rig.data.bones.find(thing.parent_bone), take.bones)
    return rig.data.bones[row].name if row >= 0 else ""


def _hung(rig: bpy.types.Object, thing: bpy.types.Object) -> Floats:
    """(4, 4) from the coordinates of a mesh that hangs from a bone to the armature's, at rest.

    **Convention**: Blender hangs things from a bone's tail, or with Relative Parenting where they were at
    rest.
    """
    bone = rig.data.bones[thing.parent_bone]
    tail = bone.matrix_local @ Matrix.Translation((0.0, bone.length, 0.0))
    hook = Matrix.Identity(4) if bone.use_relative_parent else tail
    return np.array(hook @ thing.matrix_parent_inverse @ thing.matrix_basis)


def put_skin(
    stage: Stage,
    rig: StagedRig,
    skin: Skin,
    change: Floats,
    *,
    one_shape: bool,
) -> bpy.types.Object:
    """Bind a copy of a mesh to a staged rig.

    Args:
        change: (4, 4) from the take's axes to the armature's on the stage.
        one_shape: bake the mesh's shape keys into it, as engines start with all of them at zero.
    """
    copy = skin.thing.copy()
    copy.data = skin.thing.data.copy()
    bare(copy)
    copy.hide_viewport = copy.hide_render = False
    stage.scene.collection.objects.link(copy)
    if copy.data.shape_keys is not None:
        copy.data.shape_keys.animation_data_clear()
        if one_shape:
            _bake_shapes(copy)
    matrix = Matrix((change @ skin.bound).tolist())
    mesh: Any = copy.data
    mesh.transform(matrix, shape_keys=True)
    if matrix.determinant() < 0:
        mesh.flip_normals()
    copy.parent = rig.armature
    copy.parent_type = "OBJECT"
    copy.matrix_parent_inverse.identity()
    copy.matrix_basis.identity()
    if skin.bone:
        copy.vertex_groups.clear()
        copy.vertex_groups.new(name=skin.bone).add(range(len(mesh.vertices)), 1.0, "REPLACE")
    copy.modifiers.new("Armature", "ARMATURE").object = rig.armature
    rig.skins.append(copy)
    return copy


def bare(thing: bpy.types.Object) -> None:
    """Free a copy of a mesh object from everything that moves it, and from the library it may come from."""
    if thing.override_library is not None:
        thing.make_local(clear_liboverride=True)
    thing.animation_data_clear()
    thing.constraints.clear()
    thing.parent = None
    for modifier in list(thing.modifiers):
        if modifier.type == "ARMATURE":
            thing.modifiers.remove(modifier)


def _bake_shapes(thing: bpy.types.Object) -> None:
    """Make the shape that all keys give together the mesh's only one."""
    mix = thing.shape_key_add(name="mix", from_mix=True)
    points = np.empty(3 * len(mix.data), np.float32)
    mix.data.foreach_get("co", points)
    thing.shape_key_clear()
    thing.data.vertices.foreach_set("co", points)
    thing.data.update()
