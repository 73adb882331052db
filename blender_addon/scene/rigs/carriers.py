"""Which bone of a rig takes which other one along, found by turning them one after the other.

Parents do not tell it: generated rigs hang controls from hidden bones that follow others by constraints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ....core.motion.rotations import quaternion_from_matrix, quaternion_multiply, quaternion_rotate
from .stage import Stage

Array = NDArray[np.float64]

_PROBE = Quaternion((1.0, 1.0, 1.0), 0.1)  # small: a limit should not stop it
_SAME = 0.005  # radians
_PROPERTIES = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
NEUTRAL = {"location": (0.0, 0.0, 0.0), "scale": (1.0, 1.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Binding:
    """How the keyed bones of a rig hang together.

    Attributes:
        carriers: bone -> the keyed bone that takes it along rigidly, None for the armature object.
        offsets: bone -> (4,) what its own rotation needs first, where the rig does not hold it at rest.
        shifts: bone -> (3,) the same for its location, in units of the armature.

    **Convention**: with A the rest axes of a bone, c its carrier, and Z what axes are while no keyed bone is
    turned, offset = Z^T Z_c A_c^T A, and the bone's own rotation is offset times what it would be from rest.
    Its location is offset (location + shift).
    """

    carriers: dict[str, str | None]
    offsets: dict[str, Array]
    shifts: dict[str, Array]

    def own(self, bone: str, rotation: Array) -> Array:
        """(T, 4) the rotation to key, from the one that starts at rest."""
        return quaternion_multiply(self.offsets[bone], rotation)

    def place(self, bone: str, location: Array) -> Array:
        """(T, 3) the location to key, in units of the armature, from the one that starts at rest."""
        return quaternion_rotate(self.offsets[bone], location + self.shifts[bone])


def bind(
    stage: Stage, armature: bpy.types.Object, bones: Sequence[str], cleared: Collection[tuple[str, str]]
) -> Binding:
    """Find out how `bones` move each other; the armature's pose is afterwards what it was.

    Args:
        cleared: (bone, property of `NEUTRAL`) pairs that the new keys will set, whatever they are set to now.

    The armature must not be animated while this is done: one evaluation for each bone.
    """
    rows = [armature.pose.bones.find(bone) for bone in bones]
    with _unturned(armature, bones, cleared):
        stage.update()
        zero = stage.pose(armature)[rows].astype(np.float64)
        turns = np.stack([_response(stage, armature, bone, rows, zero) for bone in bones])
    own = turns[np.arange(len(bones)), np.arange(len(bones))]
    # together[c, j]: turning c turns j just as much. A bone that does not turn takes nothing along.
    together = _angles(turns @ np.swapaxes(own, -1, -2)[:, None]) < _SAME
    together &= (_angles(own) > _SAME)[:, None]
    np.fill_diagonal(together, False)
    depths = together.sum(axis=0)
    carriers: dict[str, str | None] = {}
    for column, bone in enumerate(bones):
        above = np.flatnonzero(together[:, column])
        carriers[bone] = bones[above[np.argmax(depths[above])]] if len(above) else None
    return Binding(carriers, *_offsets(armature, carriers, dict(zip(bones, zero, strict=True))))


def _response(stage: Stage, armature: bpy.types.Object, bone: str, rows: list[int], zero: Array) -> Array:
    """(B, 3, 3) how all bones are turned in the armature's space when one is."""
    posed = armature.pose.bones[bone]
    turn_bone(posed, _PROBE)
    stage.update()
    now = stage.pose(armature)[rows].astype(np.float64)
    turn_bone(posed, Quaternion())
    return _axes(now) @ np.swapaxes(_axes(zero), -1, -2)


def _axes(poses: Array) -> Array:
    axes = poses[..., :3, :3]
    return axes / np.maximum(np.linalg.norm(axes, axis=-2, keepdims=True), 1e-12)


def _angles(turns: Array) -> Array:
    """Angles (...) of rotation matrices (..., 3, 3), exact near zero too."""
    skew = turns - np.swapaxes(turns, -1, -2)
    sine = np.linalg.norm(np.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]]), axis=0) / 2
    return np.arctan2(sine, (np.trace(turns, axis1=-2, axis2=-1) - 1.0) / 2.0)


def _offsets(
    armature: bpy.types.Object, carriers: dict[str, str | None], zero: dict[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    rest = {bone: np.array(armature.data.bones[bone].matrix_local, np.float64) for bone in carriers}
    offsets, shifts = {}, {}
    for bone, carrier in carriers.items():
        there, laid = (zero[carrier], rest[carrier]) if carrier else (np.eye(4), np.eye(4))
        # The carrier's space as it lies at rest and as it lies now, brought together.
        back = np.eye(4)
        back[:3, :3] = _axes(laid) @ _axes(there).T
        back[:3, 3] = laid[:3, 3] - back[:3, :3] @ there[:3, 3]
        held = back @ zero[bone]
        offsets[bone] = quaternion_from_matrix(_axes(held).T @ rest[bone][:3, :3])
        shifts[bone] = rest[bone][:3, :3].T @ (rest[bone][:3, 3] - held[:3, 3])
    return offsets, shifts


def turn_bone(bone: bpy.types.PoseBone, turn: Quaternion) -> None:
    """Set a bone's own rotation, in its own rotation mode."""
    if bone.rotation_mode == "QUATERNION":
        bone.rotation_quaternion = turn
    elif bone.rotation_mode == "AXIS_ANGLE":
        axis, angle = turn.to_axis_angle()
        bone.rotation_axis_angle = (angle, *axis)
    else:
        bone.rotation_euler = turn.to_euler(bone.rotation_mode)


@contextmanager
def _unturned(
    armature: bpy.types.Object, bones: Sequence[str], cleared: Collection[tuple[str, str]]
) -> Iterator[None]:
    """The bones not turned, and neutral in what is `cleared`; afterwards as they were."""
    posed = [armature.pose.bones[bone] for bone in bones]
    before = [{name: tuple(getattr(bone, name)) for name in _PROPERTIES} for bone in posed]
    try:
        for bone in posed:
            turn_bone(bone, Quaternion())
        for bone, name in cleared:
            setattr(armature.pose.bones[bone], name, NEUTRAL[name])
        yield
    finally:
        for bone, values in zip(posed, before, strict=True):
            for name, value in values.items():
                setattr(bone, name, value)
