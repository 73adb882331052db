"""What an exported file says: its motion after Blender's own import, and its raw tree where it has one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FBX_SECOND = 46186158000  # FBX counts time in these


class Motion:
    """Where bones are and how they are turned from rest, in the world: (T, B, 3) and (T, B, 3, 3)."""

    def __init__(self, scene: Any, rig: Any, frames: Any, bones: Any) -> None:
        self.heads = np.empty((len(frames), len(bones), 3))
        self.turns = np.empty((len(frames), len(bones), 3, 3))
        rest = []
        for number, frame in enumerate(frames):
            whole = int(np.floor(frame))
            scene.frame_set(whole, subframe=float(frame - whole))
            shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
            world = np.array(shown.matrix_world)
            rest = [_turn(world @ np.array(rig.data.bones[bone].matrix_local)) for bone in bones]
            for row, bone in enumerate(bones):
                matrix = world @ np.array(shown.pose.bones[bone].matrix)
                self.heads[number, row] = matrix[:3, 3]
                self.turns[number, row] = _turn(matrix) @ rest[row].T
        world = np.array(rig.matrix_world)
        self.rest = np.array([(world @ [*rig.data.bones[bone].head_local, 1.0])[:3] for bone in bones])

    def metres_from(self, other: Motion) -> float:
        """The farthest that any head is from where it is in the other motion."""
        return float(np.abs(self.heads - other.heads).max())

    def degrees_from(self, other: Motion) -> float:
        """The largest angle between the same bone's turns at the same time."""
        between = np.einsum("tbij,tbik->tbjk", self.turns, other.turns)
        skew = np.linalg.norm(between - np.swapaxes(between, -1, -2), axis=(-1, -2)) / np.sqrt(8)
        traces = (np.trace(between, axis1=-2, axis2=-1) - 1) / 2
        return float(np.degrees(np.arctan2(skew, traces)).max())


def _turn(matrix: Any) -> Any:
    """The rotation in a matrix, whatever scale and shear are in it too."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return left @ right


def skin_points(scene: Any, skin: Any, frame: int) -> Array:
    """(V, 3) where the vertices of a mesh are, in the world."""
    scene.frame_set(frame)
    shown = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(shown.data.vertices), np.float32)
    shown.data.vertices.foreach_get("co", points)
    world = np.array(shown.matrix_world)
    return points.astype(np.float64).reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]


def opened(path: Path, file_format: str, fps: float) -> Any:
    """Import a file into a new and empty scene of a rate; returns the scene.

    Blender's importers do not take over a rate, except for what stands in .blend files.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = round(fps)
    scene.render.fps_base = round(fps) / fps
    if file_format == "fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif file_format == "glb":
        scene.render.fps_base = 1.0  # which the importer would multiply with
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif file_format == "bvh":
        bpy.ops.import_anim.bvh(filepath=str(path), rotate_mode="QUATERNION")
    elif file_format == "usdc":
        bpy.ops.wm.usd_import(filepath=str(path), set_frame_range=True)
    elif file_format == "abc":
        bpy.ops.wm.alembic_import(filepath=str(path), set_frame_range=True, as_background_job=False)
    else:
        bpy.ops.wm.open_mainfile(filepath=str(path))
    return bpy.context.scene


class FbxTree:
    """The raw tree of an .fbx file, read by Blender's own parser."""

    def __init__(self, path: Path) -> None:
        folder = str(Path(bpy.utils.resource_path("LOCAL")) / "scripts" / "addons_core")
        if folder not in sys.path:
            sys.path.append(folder)
        parse_fbx = importlib.import_module("io_scene_fbx.parse_fbx")

        self.root, _ = parse_fbx.parse(str(path))
        objects = _child(self.root, b"Objects")
        self.models = {model.props[0]: model for model in _children(objects, b"Model")}
        self.names = {key: _name(model) for key, model in self.models.items()}
        self.kinds = {_name(model): model.props[2].decode() for model in self.models.values()}
        self.stacks = [_name(stack) for stack in _children(objects, b"AnimationStack")]
        self.layers = _children(objects, b"AnimationLayer")
        self.curves = _children(objects, b"AnimationCurve")
        self.shapes = [each for each in _children(objects, b"Deformer") if each.props[2] == b"BlendShape"]
        self.links = [each.props[:3] for each in _child(self.root, b"Connections").elems]

    def setting(self, name: str) -> Any:
        """A value of the global settings."""
        return _properties(_child(self.root, b"GlobalSettings"))[name][0]

    def transform(self, name: str) -> tuple[Array, Array, Array]:
        """Translation, rotation in degrees and scale of a node."""
        (key,) = (key for key, found in self.names.items() if found == name)
        found = _properties(_child(self.models[key], b"Properties70"))
        return tuple(
            np.array(found.get(f"Lcl {part}", (rest,) * 3), float)
            for part, rest in (("Translation", 0.0), ("Rotation", 0.0), ("Scaling", 1.0))
        )  # type: ignore[return-value]

    def parent(self, name: str) -> str:
        """The node that a node hangs from, "" for the scene."""
        for _, child, parent in self.links:
            if self.names.get(child) == name and (parent == 0 or parent in self.names):
                return self.names.get(parent, "")
        raise KeyError(name)

    def key_times(self) -> list[Array]:
        """Seconds of the keys of every curve."""
        return [np.array(_child(curve, b"KeyTime").props[0]) / FBX_SECOND for curve in self.curves]


def _children(element: Any, name: bytes) -> list[Any]:
    return [child for child in element.elems if child.id == name]


def _child(element: Any, name: bytes) -> Any:
    (child,) = _children(element, name)
    return child


def _name(element: Any) -> str:
    return element.props[1].split(b"\x00\x01")[0].decode()


def _properties(element: Any) -> dict[str, tuple[Any, ...]]:
    table = element if element.id == b"Properties70" else _child(element, b"Properties70")
    return {row.props[0].decode(): tuple(row.props[4:]) for row in table.elems}
