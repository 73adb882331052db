"""What a rig of the user's scene shows, frame by frame, without touching the scene."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError
from ..layers import corrections_action
from ..rigs.played import MOST_FRAMES, MotionTooLong, playing_strips
from ..rigs.playing import refuse_unposable
from ..rigs.stage import Stage, on_stage
from .hierarchy import RestBone, skeleton_rows
from .take import RigTake

Array = NDArray[np.float64]

_EVEN = 1e-3  # how far the scales along an object's axes may differ
_NEAR = 1e-3  # frames
_FINEST_BASE = 1001  # denominators of frame rates: 30000/1001


class UnevenScale(InputError):
    code = "export.uneven_scale"


class NothingPlays(InputError):
    code = "export.no_motion"


def read_takes(
    scene: bpy.types.Scene,
    rigs: Sequence[bpy.types.Object],
    frames: tuple[int, int] | None = None,
    bones: Sequence[str] = (),
) -> list[RigTake]:
    """Evaluate rigs at every whole frame: actions, strips and layers on top, constraints and drivers.

    Args:
        frames: first and last scene frame; None takes all that is keyed on any of the rigs.
        bones: written even where they deform nothing.

    Raises NothingPlays, UnevenScale, MotionTooLong or NotPosed, naming the rig.
    """
    for rig in rigs:
        _check(rig)
    first, last = frames or keyed_frames(rigs)
    if last - first > MOST_FRAMES:
        raise MotionTooLong(
            f"The keys of {rigs[0].name} reach from frame {first} to {last}; remove those far off, or export "
            "the scene's range."
        )
    plans = [_Plan(rig, bones, last - first + 1) for rig in rigs]
    with on_stage(scene, *rigs) as stage:
        for number, frame in enumerate(range(first, last + 1)):
            stage.go_to(frame)
            for plan in plans:
                plan.read(stage, number)
        metre = scene.unit_settings.scale_length
        return [plan.take(metre, first, scene_rate(scene)) for plan in plans]


def keyed_frames(rigs: Sequence[bpy.types.Object]) -> tuple[int, int]:
    """First and last whole scene frame that something keyed on the rigs covers. Raises NothingPlays."""
    spans = [span for rig in rigs for span in _spans(rig)]
    if not spans:
        raise NothingPlays(
            f"{rigs[0].name} plays no action; assign one, or give it the motion with Retarget first."
        )
    first = math.ceil(min(start for start, _ in spans) - _NEAR)
    return first, max(first, math.floor(max(end for _, end in spans) + _NEAR))


def scene_rate(scene: bpy.types.Scene) -> Fraction:
    """Frames per second of a scene as an exact fraction: 30 with base 1.001 is 30000/1001."""
    base = Fraction(float(scene.render.fps_base)).limit_denominator(_FINEST_BASE)
    return Fraction(scene.render.fps) / base


def bones_at_rest(rig: bpy.types.Object) -> list[RestBone]:
    """All bones of an armature, parents before children."""
    number = {bone.name: row for row, bone in enumerate(rig.data.bones)}
    return [
        RestBone(
            bone.name,
            number[bone.parent.name] if bone.parent else -1,
            bone.use_deform,
            tuple(bone.head_local),
            tuple(bone.tail_local),
        )
        for bone in rig.data.bones
    ]


def _spans(rig: bpy.types.Object) -> Iterator[tuple[float, float]]:
    data = rig.animation_data
    if data is None:
        return
    # Corrections add to what lies below and do not make it longer.
    if data.action is not None and data.action != corrections_action(rig):
        first, last = data.action.curve_frame_range
        yield first, last
    yield from ((strip.frame_start, strip.frame_end) for strip in playing_strips(data))


def _check(rig: bpy.types.Object) -> None:
    refuse_unposable(rig)
    scale = np.abs(np.array(rig.matrix_world.to_scale()))
    if scale.min() < 1e-6 or np.ptp(scale) > _EVEN * scale.max() or rig.matrix_world.determinant() < 0:
        raise UnevenScale(
            f"{rig.name} is scaled unevenly or mirrored; apply its scale (Object > Apply > Scale) first."
        )


class _Plan:
    """Which bones of one rig are read, and what has been read of them."""

    def __init__(self, rig: bpy.types.Object, always: Sequence[str], count: int) -> None:
        self.rig = rig
        at_rest = bones_at_rest(rig)
        self.rows, self.parents = skeleton_rows(at_rest, always)
        self.names = [at_rest[row].name for row in self.rows]
        # Pose bones stand in the same order as bones, but only their names are a promise.
        self.order = [rig.pose.bones.find(name) for name in self.names]
        self.poses = np.empty((count, len(self.names), 4, 4), np.float32)
        self.objects = np.empty((count, 4, 4))

    def read(self, stage: Stage, number: int) -> None:
        self.poses[number] = stage.pose(self.rig)[self.order]
        self.objects[number] = np.array(stage.evaluated(self.rig).matrix_world)

    def take(self, metre: float, first: int, fps: Fraction) -> RigTake:
        """All that was read, in metres, with a node that stands still."""
        size = metre * float(np.cbrt(np.linalg.det(self.objects[0][:3, :3])))
        node = self.objects[0].copy()
        node[:3, :3] *= metre / size
        node[:3, 3] *= metre
        # Where the object itself is moved, its bones carry that.
        moves = np.linalg.solve(self.objects[0][None], self.objects)
        rest = np.array([np.array(self.rig.data.bones[name].matrix_local) for name in self.names])
        poses = _unstretched(moves[:, None] @ self.poses.astype(np.float64))
        rest[:, :3, 3] *= size
        poses[..., :3, 3] *= size
        lengths = np.array([self.rig.data.bones[name].length for name in self.names]) * size
        action = played_action(self.rig)
        return RigTake(
            name=self.rig.name,
            action=action.name if action else self.rig.name,
            bones=tuple(self.names),
            parents=tuple(self.parents),
            lengths=lengths,
            rest=rest,
            poses=poses,
            node=node,
            first=first,
            fps=fps,
        )


def _unstretched(poses: Array) -> Array:
    """Poses (..., 4, 4) whose bones keep their direction and place but are scaled evenly or not at all.

    A bone that is stretched would shear those below it in files whose nodes pass their scale on. Where joints
    are is not changed by this.
    """
    along, across = poses[..., :3, 1], poses[..., :3, 0]
    sizes = np.linalg.norm(poses[..., :3, :3], axis=-2)
    y = along / sizes[..., 1:2]
    x = across - np.sum(across * y, axis=-1, keepdims=True) * y
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    even = np.ptp(sizes, axis=-1) < _EVEN * sizes.max(axis=-1)
    size = np.where(even, sizes.mean(axis=-1), 1.0)
    result = poses.copy()
    result[..., :3, :3] = np.stack([x, y, np.cross(x, y)], axis=-1) * size[..., None, None]
    return result


def played_action(rig: bpy.types.Object) -> bpy.types.Action | None:
    """What names the take: the lowest strip's action, for on top lie corrections, else the rig's own."""
    data = rig.animation_data
    strips = [strip.action for track in data.nla_tracks for strip in track.strips] if data else []
    found = [action for action in (*strips, data.action if data else None) if action is not None]
    return found[0] if found else None
