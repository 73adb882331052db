"""Copies of the meshes that a rig deforms, for the stage."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from .stage import Stage, StagedRig
from .take import Floats, RigTake


def skins_of_rig(scene: bpy.types.Scene, rig: bpy.types.Object) -> list[bpy.types.Object]:
    """The meshes of a scene that an armature deforms and that can be seen in one of its view layers."""
    return [
        thing
        for thing in scene.objects
        if thing.type == "MESH"
        and any(thing.visible_get(view_layer=layer) for layer in scene.view_layers)
        and any(modifier.type == "ARMATURE" and modifier.object == rig for modifier in thing.modifiers)
    ]


def binding(rig: bpy.types.Object, skin: bpy.types.Object, take: RigTake) -> Floats:
    """(4, 4) from a mesh's own coordinates to the take's armature axes in metres, at rest."""
    between = np.linalg.solve(np.array(rig.matrix_world), np.array(skin.matrix_world))
    size = float(take.lengths[0]) / rig.data.bones[take.bones[0]].length
    between[:3] *= size
    return between


def put_skin(
    stage: Stage,
    rig: StagedRig,
    skin: bpy.types.Object,
    bound: Floats,
    *,
    one_shape: bool,
) -> bpy.types.Object:
    """Bind a copy of a mesh to a staged rig.

    Args:
        bound: (4, 4) from the mesh's coordinates to the armature's on the stage.
        one_shape: bake the mesh's shape keys into it, as engines start with all of them at zero.
    """
    copy = skin.copy()
    copy.data = skin.data.copy()
    bare(copy)
    copy.hide_viewport = copy.hide_render = False
    stage.scene.collection.objects.link(copy)
    if copy.data.shape_keys is not None:
        copy.data.shape_keys.animation_data_clear()
        if one_shape:
            _bake_shapes(copy)
    matrix = Matrix(bound.tolist())
    mesh: Any = copy.data
    mesh.transform(matrix, shape_keys=True)
    if matrix.determinant() < 0:
        mesh.flip_normals()
    copy.parent = rig.armature
    copy.parent_type = "OBJECT"
    copy.matrix_parent_inverse.identity()
    copy.matrix_basis.identity()
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
