"""Rigs of all kinds at rest, for tests of retargeting: as plain arrays, or as armatures in Blender.

Four come from MakeHuman's CC0 tables (`rig_tables.json`); the others are a body made after a shipped map.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.retarget import maps
from reel2rig.core.motion.retarget.rig_map import RigMap, parse_map
from reel2rig.core.motion.retarget.skeleton import Skeleton
from rig_bodies import Row, body_after

TABLES: tuple[str, ...] = ("mixamo", "makehuman", "game_engine", "cmu")
PREFIXES = {"mixamo": "mixamorig:"}
POSES: tuple[str, ...] = ("rest", "T", "A")
ROLLS: tuple[str, ...] = ("own", "odd")

MIXAMO_OBJECT = np.array([[0.01, 0, 0, 0], [0, 0, -0.01, 0], [0, 0.01, 0, 0], [0, 0, 0, 1.0]])
"""A hundredth of the size, turned by 90 degrees about x: how Blender imports Mixamo's FBX files."""


def rig_skeleton(kind: str, pose: str = "T", rolls: str = "own", prefix: str | None = None) -> Skeleton:
    """A rig at rest, about 1.7 m tall, its soles on the floor, its object at the origin.

    Args:
        kind: the file name of a shipped map: one of `TABLES`, or such as "unreal" for a body made after it.
        pose: "T" has straight level arms, "A" straight arms 45 degrees down, "rest" those of the table.
        rolls: "odd" turns every bone about itself by another angle.
        prefix: what stands before all names; without, what is usual for the kind.

    **Convention**: Blender's axes, z up, the person faces -y, their left is at +x.
    """
    rest = _rest(kind)
    if pose != "rest":
        for side in ("left", "right"):
            rest = _with_straight_arm(rest, shipped_map(kind), side, {"T": 0.0, "A": 45.0}[pose])
    if rolls == "odd":
        rest = replace(rest, axes=rest.axes @ _spins(len(rest.names)))
    before = PREFIXES.get(kind, "") if prefix is None else prefix
    return replace(rest, names=tuple(before + name for name in rest.names))


def build_rig(
    kind: str,
    pose: str = "T",
    rolls: str = "own",
    prefix: str | None = None,
    matrix: Any = None,
    collection: Any = None,
) -> Any:
    """The rig of `rig_skeleton` as an armature object named after its kind, no bone keyed or constrained.

    Args:
        matrix: (4, 4) the object's own transform, such as `MIXAMO_OBJECT`; the bones lie in the world where
            they would lie without it.
        collection: where it goes; without, the scene's own.
    """
    import bpy
    from mathutils import Matrix, Vector

    rest = rig_skeleton(kind, pose, rolls, prefix)
    data = bpy.data.armatures.new(kind)
    armature = bpy.data.objects.new(kind, data)
    (collection or bpy.context.scene.collection).objects.link(armature)
    armature.matrix_world = Matrix.Identity(4) if matrix is None else Matrix(matrix)
    into = armature.matrix_world.inverted()
    turn = into.to_3x3().normalized()
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for row, name in enumerate(rest.names):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = into @ Vector(rest.heads[row]), into @ Vector(rest.tails[row])
        bone.align_roll(turn @ Vector(rest.axes[row, :, 2]))
        if rest.parents[row] >= 0:
            bone.parent = data.edit_bones[rest.names[rest.parents[row]]]
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.update()
    return armature


@cache
def shipped_map(kind: str) -> RigMap:
    """A map as it lies in the package, by the name of its file."""
    return parse_map((Path(maps.__file__).parent / f"{kind}.json").read_text("utf-8"))


@cache
def _tables() -> dict[str, dict[str, Row]]:
    data = json.loads(Path(__file__).with_name("rig_tables.json").read_text("utf-8"))
    return {
        kind: {
            name: (parent, np.array(head), np.array(tail), roll)
            for name, (parent, head, tail, roll) in rows.items()
        }
        for kind, rows in data["rigs"].items()
    }


@cache
def _rest(kind: str) -> Skeleton:
    """The rig as its table has it."""
    if kind in TABLES:
        table = _tables()[kind]
    else:
        table = body_after(shipped_map(kind), shipped_map("mixamo"), _tables()["mixamo"])
    names = tuple(table)
    rows = list(table.values())
    return Skeleton(
        names=names,
        parents=tuple(names.index(parent) if parent else -1 for parent, *_ in rows),
        heads=np.array([head for _, head, _, _ in rows]),
        tails=np.array([tail for _, _, tail, _ in rows]),
        axes=np.array([_axes(tail - head, roll) for _, head, tail, roll in rows]),
        origin=np.zeros(3),
    )


def _with_straight_arm(rest: Skeleton, rig_map: RigMap, side: str, degrees: float) -> Skeleton:
    """The rig with one arm straight, sideways and so far down; what hangs from it goes along."""
    down = np.radians(degrees)
    wanted = np.array([np.cos(down) * (1.0 if side == "left" else -1.0), 0.0, -np.sin(down)])
    chain = [rig_map.bones[side + part][0] for part in ("UpperArm", "LowerArm", "Hand")]
    heads, tails, axes = rest.heads.copy(), rest.tails.copy(), rest.axes.copy()
    for bone, end in pairwise(chain):
        joint = heads[rest.index[bone]].copy()
        turn = _shortest(heads[rest.index[end]] - joint, wanted)
        moved = _hanging_from(rest, rest.index[bone])
        heads[moved] = joint + (heads[moved] - joint) @ turn.T
        tails[moved] = joint + (tails[moved] - joint) @ turn.T
        axes[moved] = turn @ axes[moved]
    return replace(rest, heads=heads, tails=tails, axes=axes)


def _hanging_from(rest: Skeleton, first: int) -> list[int]:
    """A bone and all below it."""
    rows = {first}
    for row, parent in enumerate(rest.parents):
        if parent in rows:
            rows.add(row)
    return sorted(rows)


def _shortest(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) the shortest turn of one direction onto another; not for opposite ones."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    cross = np.cross(a, b)
    k = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.eye(3) + k + k @ k / (1.0 + a @ b)


def _axes(along: NDArray[np.float64], roll: float) -> NDArray[np.float64]:
    """(3, 3) a bone's axes from its direction and roll.

    **Convention**: Blender's: y along the bone, reached from the world's y by the shortest turn (half a turn
    about z where it points the other way), then turned about itself by the roll.
    """
    y = along / np.linalg.norm(along)
    lean = np.diag([-1.0, -1.0, 1.0]) if y[1] < -0.99999 else _shortest(np.array([0.0, 1.0, 0.0]), y)
    return lean @ _about_y(roll)


def _about_y(angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])


def _spins(count: int) -> NDArray[np.float64]:
    """(count, 3, 3) turns about the bones themselves, no two alike."""
    return np.array([_about_y(angle) for angle in np.random.default_rng(5).uniform(-np.pi, np.pi, count)])
