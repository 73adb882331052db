"""The skinned mesh: the body's vertices, weights, UVs, and its ten shape directions as shape keys."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError
from ...core.motion.body import BodyTemplate
from ...core.motion.clip import MotionClip
from ...core.motion.spaces import YUP_TO_BLENDER
from .names import BONES

Array = NDArray[np.float64]


class SkinChanged(InputError):
    code = "skin.changed"


# Muted tints that stay apart from one another when several people stand in one picture.
_TINTS = (
    (0.27, 0.50, 0.72),
    (0.78, 0.45, 0.24),
    (0.36, 0.60, 0.36),
    (0.64, 0.38, 0.60),
    (0.74, 0.62, 0.27),
    (0.32, 0.58, 0.60),
)


def rest_pelvis(clip: MotionClip, body: BodyTemplate | None) -> Array:
    """(3,) metres: rest position of the pelvis joint in armature space, the T-pose standing on the floor.

    **Convention**: Blender's axes; x = y = 0. Without a body the soles are taken to be as far below the toe
    joints as they are on an average person, 2 % of the height of the head joint.
    """
    joints = clip.rest_joints.astype(np.float64)
    if body is not None:
        lowest = clip.body_scale * float(body.shaped_vertices(clip.betas)[:, 1].min())
    else:
        lowest = float(joints[:, 1].min()) - 0.02 * float(np.ptp(joints[:, 1]))
    return np.array([0.0, 0.0, joints[0, 1] - lowest])


def build_skin(
    armature: bpy.types.Object,
    collection: bpy.types.Collection,
    name: str,
    clip: MotionClip,
    body: BodyTemplate,
    pelvis: ArrayLike,
    unit: float = 1.0,
    tint: int = 0,
) -> bpy.types.Object:
    """A mesh object deformed by `armature`, parented to it, at rest in the T-pose.

    Args:
        pelvis: (3,) rest position of the pelvis joint, metres (`rest_pelvis`).
        unit: scene units per metre. tint: which of a few body colours.

    The basis key is the mean body; keys ``Shape 1`` to ``Shape 10`` hold the body's own directions and have
    the clip's betas as values, so the evaluated mesh is the person and agrees with the bones.

    **Convention**: see `_shapes`.
    """
    mesh = bpy.data.meshes.new(name)
    skin = bpy.data.objects.new(name, mesh)
    collection.objects.link(skin)
    mean, directions = _shapes(clip, body, pelvis, unit)
    _fill_mesh(mesh, mean, body.faces)
    _fill_uvs(mesh, body)
    _fill_weights(skin, body.weights)
    skin.shape_key_add(name="Basis", from_mix=False)
    for number in range(1, len(directions) + 1):
        skin.shape_key_add(name=f"Shape {number}", from_mix=False)
    _fill_shape_keys(skin, mean, directions, clip.betas)
    mesh.materials.append(_material(f"{name} Skin", _TINTS[tint % len(_TINTS)]))
    skin.parent = armature
    modifier = skin.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return skin


def reshape_skin(
    skin: bpy.types.Object, clip: MotionClip, body: BodyTemplate, pelvis: ArrayLike, unit: float = 1.0
) -> None:
    """Give a mesh of `build_skin` the shape and size of `clip`; materials and whatever was added to it stay.

    Raises SkinChanged when its vertices or shape keys are no longer those of the body.
    """
    keys = skin.data.shape_keys
    names = {f"Shape {number}" for number in range(1, 1 + len(clip.betas))}
    if (
        len(skin.data.vertices) != len(body.v_template)
        or keys is None
        or not names <= set(keys.key_blocks.keys())
    ):
        raise SkinChanged(
            f"The mesh of {skin.name} was edited, so it cannot follow the shape; remove it and add it again."
        )
    mean, directions = _shapes(clip, body, pelvis, unit)
    _fill_shape_keys(skin, mean, directions, clip.betas)
    skin.data.vertices.foreach_set("co", mean.astype(np.float32).ravel())
    skin.data.update()


def _fill_mesh(mesh: bpy.types.Mesh, vertices: Array, faces: NDArray[np.integer]) -> None:
    count = len(faces)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(3 * count)
    mesh.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(count, bool))
    mesh.update(calc_edges=True)
    # The user's own body file may hold doubled or collapsed faces; Blender must not be left with those.
    if mesh.validate():
        mesh.update()


def _fill_uvs(mesh: bpy.types.Mesh, body: BodyTemplate) -> None:
    if body.uv is None or body.face_uv is None or len(mesh.polygons) != len(body.face_uv):
        return
    layer = mesh.uv_layers.new(name="UVMap")
    layer.data.foreach_set("uv", body.uv[body.face_uv].astype(np.float32).ravel())


def _fill_weights(skin: bpy.types.Object, weights: NDArray[np.float32]) -> None:
    for bone, column in zip(BONES, np.asarray(weights).T, strict=True):
        group = skin.vertex_groups.new(name=bone)
        for vertex in np.flatnonzero(column > 0).tolist():
            group.add([vertex], float(column[vertex]), "REPLACE")


def _shapes(clip: MotionClip, body: BodyTemplate, pelvis: ArrayLike, unit: float) -> tuple[Array, Array]:
    """The mean body (V, 3) and the ten shape directions (10, V, 3) in armature space, scene units.

    **Convention**: vertices are unit * (C (scale (template + S betas) - J0) + pelvis), C renaming SMPL's axes
    as Blender's.
    """
    origin = YUP_TO_BLENDER @ clip.rest_joints[0].astype(np.float64)
    size = unit * clip.body_scale
    mean = body.v_template @ YUP_TO_BLENDER.T * size + unit * (np.asarray(pelvis) - origin)
    return mean, np.einsum("ij,vjk->kvi", YUP_TO_BLENDER, body.shapedirs) * size


def _fill_shape_keys(skin: bpy.types.Object, mean: Array, directions: Array, betas: ArrayLike) -> None:
    blocks = skin.data.shape_keys.key_blocks
    blocks[0].data.foreach_set("co", mean.astype(np.float32).ravel())
    for number, (direction, value) in enumerate(zip(directions, np.asarray(betas), strict=True), start=1):
        key = blocks[f"Shape {number}"]
        key.data.foreach_set("co", (mean + direction).astype(np.float32).ravel())
        reach = max(5.0, float(np.ceil(abs(value))))
        key.slider_min, key.slider_max = -reach, reach
        key.value = float(value)


def _material(name: str, colour: tuple[float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)  # what Solid view shows
    if bpy.app.version < (5, 0, 0):  # from 5.0 on every material has nodes, and the switch is going away
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = 0.7
    return material
