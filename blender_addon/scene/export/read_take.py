"""What a rig of the user's scene shows, frame by frame, without touching the scene.

A scene of its own is evaluated, in which the rig alone stands: Blender's dependency graph brings along
whatever moves it. The user's frame, poses without keys and selection so stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError
from ..layers import corrections_action
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


class RigInEditMode(InputError):
    code = "export.edit_mode"


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

    Raises NothingPlays, UnevenScale or RigInEditMode, naming the rig.
    """
    for rig in rigs:
        _check(rig)
    first, last = frames or keyed_frames(rigs)
    with _own_scene(scene, rigs) as own:
        plans = [_Plan(rig, bones, last - first + 1) for rig in rigs]
        for number, frame in enumerate(range(first, last + 1)):
            own.frame_set(frame)
            for plan in plans:
                plan.read(own.view_layers[0].depsgraph, number)
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


def _spans(rig: bpy.types.Object) -> Iterator[Sequence[float]]:
    data = rig.animation_data
    if data is None:
        return
    # Corrections add to what lies below and do not make it longer.
    if data.action is not None and data.action != corrections_action(rig):
        yield data.action.curve_frame_range
    if data.use_nla:
        for track in data.nla_tracks:
            yield from ((s.frame_start, s.frame_end) for s in track.strips if not (s.mute or track.mute))


def _check(rig: bpy.types.Object) -> None:
    scale = np.abs(rig.matrix_world.to_scale())
    if scale.min() < 1e-6 or np.ptp(scale) > _EVEN * scale.max() or rig.matrix_world.determinant() < 0:
        raise UnevenScale(
            f"{rig.name} is scaled unevenly or mirrored; apply its scale (Object > Apply > Scale) first."
        )
    if rig.mode == "EDIT":
        raise RigInEditMode(f"{rig.name} is in Edit Mode; leave it before exporting.")


class _Plan:
    """Which bones of one rig are read, and what has been read of them."""

    def __init__(self, rig: bpy.types.Object, always: Sequence[str], count: int) -> None:
        self.rig = rig
        bones = rig.data.bones
        number = {bone.name: row for row, bone in enumerate(bones)}
        at_rest = [
            RestBone(
                bone.name,
                number[bone.parent.name] if bone.parent else -1,
                bone.use_deform,
                tuple(bone.head_local),
                tuple(bone.tail_local),
            )
            for bone in bones
        ]
        self.rows, self.parents = skeleton_rows(at_rest, always)
        self.names = [at_rest[row].name for row in self.rows]
        # Pose bones stand in the same order as bones, but only their names are a promise.
        self.order = [rig.pose.bones.find(name) for name in self.names]
        self.buffer = np.empty(16 * len(rig.pose.bones), np.float32)
        self.poses = np.empty((count, len(self.names), 4, 4), np.float32)
        self.objects = np.empty((count, 4, 4))

    def read(self, depsgraph: bpy.types.Depsgraph, number: int) -> None:
        shown = self.rig.evaluated_get(depsgraph)
        shown.pose.bones.foreach_get("matrix", self.buffer)
        # Blender hands out matrices column by column.
        self.poses[number] = self.buffer.reshape(-1, 4, 4).swapaxes(1, 2)[self.order]
        self.objects[number] = np.array(shown.matrix_world)

    def take(self, metre: float, first: int, fps: Fraction) -> RigTake:
        """All that was read, in metres, with a node that stands still."""
        size = metre * float(np.cbrt(np.linalg.det(self.objects[0][:3, :3])))
        node = self.objects[0].copy()
        node[:3, :3] *= metre / size
        node[:3, 3] *= metre
        # Where the object itself is moved, its bones carry that.
        moves = np.linalg.solve(self.objects[0][None], self.objects)
        rest = np.array([np.array(self.rig.data.bones[name].matrix_local) for name in self.names])
        poses = moves[:, None] @ self.poses.astype(np.float64)
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


def played_action(rig: bpy.types.Object) -> bpy.types.Action | None:
    """What names the take: the lowest strip's action, for on top lie corrections, else the rig's own."""
    data = rig.animation_data
    strips = [strip.action for track in data.nla_tracks for strip in track.strips] if data else []
    found = [action for action in (*strips, data.action if data else None) if action is not None]
    return found[0] if found else None


@contextmanager
def _own_scene(scene: bpy.types.Scene, rigs: Sequence[bpy.types.Object]) -> Iterator[bpy.types.Scene]:
    """A scene with the rigs alone, at the given scene's rate; hidden rigs are shown in it and posed."""
    own = bpy.data.scenes.new(f"{scene.name} export")
    shown = [(rig, rig.hide_viewport, rig.data.pose_position) for rig in rigs]
    try:
        for part in ("fps", "fps_base", "frame_map_old", "frame_map_new"):
            setattr(own.render, part, getattr(scene.render, part))
        for rig in rigs:
            if rig.hide_viewport:
                rig.hide_viewport = False
            if rig.data.pose_position != "POSE":
                rig.data.pose_position = "POSE"
            own.collection.objects.link(rig)
        yield own
    finally:
        for rig, hidden, position in shown:
            if rig.hide_viewport != hidden:
                rig.hide_viewport = hidden
            if rig.data.pose_position != position:
                rig.data.pose_position = position
        bpy.data.scenes.remove(own)
