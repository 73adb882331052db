"""A rig of the scene at rest, as arrays in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError
from ....core.motion.retarget.skeleton import Skeleton

Array = NDArray[np.float64]

_UNEVEN = 1e-3  # how much the scale of an axis may differ from the others', or axes from right angles


class UnevenScale(InputError):
    code = "retarget.uneven_scale"


class NoArmature(InputError):
    code = "retarget.no_armature"


@dataclass(frozen=True, eq=False)
class Place:
    """How an armature's own space lies in the scene.

    Attributes:
        turn: (3, 3) rotation. metres: of one unit of the armature's own space. origin: (3,) metres.

    **Convention**: a point p of the armature's space lies at origin + turn (metres p) in the world, z up.
    """

    turn: Array
    metres: float
    origin: Array

    def point(self, points: NDArray[Any]) -> Array:
        """Points (..., 3) of the armature's space in the world, metres."""
        return self.origin + (np.asarray(points, np.float64) * self.metres) @ self.turn.T


def place_of(armature: bpy.types.Object, unit: float = 1.0) -> Place:
    """Where an armature object stands: with its own transform, applied or not, and that of its parents.

    Args:
        armature: the object as it was evaluated last, or its evaluated copy. unit: scene units per metre.

    Raises UnevenScale when its axes are scaled unevenly, sheared or mirrored: no rotation of its bones would
    then be a rotation in the world.
    """
    matrix = np.array(armature.matrix_world, np.float64)
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    scale = float(lengths.mean())
    if not (np.isfinite(scale) and scale > 1e-9):
        raise UnevenScale(f"{armature.name} is scaled to nothing; give it a scale first.")
    turn = matrix[:3, :3] / scale
    if np.linalg.det(turn) < 0:
        raise UnevenScale(f"{armature.name} is mirrored by a negative scale; apply its scale first.")
    if np.abs(turn.T @ turn - np.eye(3)).max() > _UNEVEN:
        raise UnevenScale(f"{armature.name} is scaled unevenly; apply its scale, or give it one scale.")
    turn, _ = np.linalg.qr(turn)
    # QR leaves the signs of the columns open.
    turn = turn * np.sign(np.sum(turn * matrix[:3, :3], axis=0))
    return Place(turn, scale / unit, matrix[:3, 3] / unit)


def refuse_no_armature(thing: bpy.types.Object) -> None:
    """Raise NoArmature for anything but an armature with bones."""
    if thing.type != "ARMATURE" or not thing.data.bones:
        raise NoArmature(f"{thing.name} is no armature with bones; choose an armature.")


def read_skeleton(armature: bpy.types.Object, unit: float = 1.0) -> Skeleton:
    """All bones of an armature at rest, where the object stands now; nothing is changed.

    Args:
        armature: the object as it was evaluated last, or its evaluated copy. unit: scene units per metre.

    Raises NoArmature for anything else, or without bones; UnevenScale as `place_of`.

    **Convention**: see `Skeleton`: the world of the scene, z up, metres.
    """
    refuse_no_armature(armature)
    place = place_of(armature, unit)
    bones = list(armature.data.bones)  # parents come before their children
    rows = {bone.name: row for row, bone in enumerate(bones)}
    return Skeleton(
        names=tuple(rows),
        parents=tuple(rows[bone.parent.name] if bone.parent else -1 for bone in bones),
        heads=place.point([bone.head_local for bone in bones]),
        tails=place.point([bone.tail_local for bone in bones]),
        axes=place.turn @ np.array([bone.matrix_local.to_3x3() for bone in bones], np.float64),
        origin=place.origin,
    )
