"""What an armature plays: curves, and the scene frames on which they have keys."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError
from ..fcurves import BEZIER, CONSTANT

Array = NDArray[np.float64]

MOST_FRAMES = 200_000
_STEP_MATCHES = 0.02  # frames; keys are stored in single precision
_WIDEST_STEP = 2.5  # frames between keys that may stand for the motion between them
_FINEST = 3  # decimals of a frame in which keys count as one


class NoMotion(InputError):
    code = "retarget.no_motion"


class MotionTooLong(InputError):
    code = "retarget.too_long"


def played_curves(data: bpy.types.AnimData | None) -> list[bpy.types.FCurve]:
    """The curves of the action that something plays, without those of its NLA strips."""
    if data is None or data.action is None:
        return []
    return _slot_curves(data)


def curve_values(curve: bpy.types.FCurve, frames: Array) -> Array:
    """(T,) what a curve gives at frames (T,), modifiers included."""
    points = curve.keyframe_points
    count = len(points)
    kinds = np.empty(count, np.int32)
    points.foreach_get("interpolation", kinds)
    if not count or curve.modifiers or curve.extrapolation != "CONSTANT" or kinds.max() >= BEZIER:
        return np.array([curve.evaluate(frame) for frame in frames])
    keys = np.empty(2 * count, np.float32)
    points.foreach_get("co", keys)
    times, values = keys.reshape(-1, 2).T.astype(np.float64)
    result = np.interp(frames, times, values)
    before = np.clip(np.searchsorted(times, frames, side="right") - 1, 0, None)
    return np.where(kinds[before] == CONSTANT, values[before], result)


def sampled_frames(armature: bpy.types.Object, scene: bpy.types.Scene) -> Array:
    """(T,) scene frames at which an armature's motion is read.

    The keys themselves where they are dense and regular, as those of a capture or of an imported file are,
    fractions of frames included; else every whole frame from the first key to the last. Gaps in which nobody
    was seen are filled. An armature without keys that something else moves is read over the scene's range.

    Raises NoMotion when nothing moves it, MotionTooLong for more than `MOST_FRAMES` frames.
    """
    times, linear = _key_times(armature)
    if not len(times):
        if not is_moved(armature):
            raise NoMotion(f"{armature.name} has no animation to take over; assign an action to it first.")
        return np.arange(scene.frame_start, scene.frame_end + 1, dtype=np.float64)
    first, last = times[0], times[-1]
    if last - first > MOST_FRAMES:
        raise MotionTooLong(
            f"The keys of {armature.name} reach from frame {first:.0f} to {last:.0f}; remove those far off."
        )
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 1.0
    wholes = np.maximum(np.round(steps / step), 1.0)
    regular = np.abs(steps - wholes * step).max(initial=0.0) < _STEP_MATCHES
    if regular and linear and step < _WIDEST_STEP:
        # Where keys are missing, their gap is filled evenly.
        return np.concatenate(
            [*(a + s / n * np.arange(n) for a, s, n in zip(times, steps, wholes, strict=False)), times[-1:]]
        )
    return np.arange(np.ceil(first - _STEP_MATCHES), np.floor(last + _STEP_MATCHES) + 1.0)


def animated_paths(armature: bpy.types.Object) -> set[str]:
    """Data paths of everything that an armature's action and strips animate."""
    data = armature.animation_data
    curves = [played_curves(data), *(_slot_curves(strip) for strip in playing_strips(data) if strip.action)]
    return {curve.data_path for row in curves for curve in row}


def is_moved(thing: bpy.types.Object) -> bool:
    """Whether anything beside keys moves an armature: constraints, drivers, or a parent."""
    data = thing.animation_data
    return bool(
        (data is not None and data.drivers)
        or thing.constraints
        or thing.parent
        or any(bone.constraints for bone in (thing.pose.bones if thing.pose else ()))
    )


def _key_times(armature: bpy.types.Object) -> tuple[Array, bool]:
    """Scene frames with keys of bones or of the object itself, and whether all lie on straight lines."""
    data = armature.animation_data
    linear = True
    times = {b"": np.empty(0)}  # most curves share their frames
    for curve in played_curves(data):
        if _moves(curve):
            keys, straight = _keys(curve)
            times[keys.tobytes()] = keys
            linear &= straight
    for strip in playing_strips(data):
        linear &= strip.action is not None and strip.repeat == 1 and not strip.use_reverse
        ends = np.array([strip.frame_start, strip.frame_end])
        times[ends.tobytes()] = ends
        if not linear:
            continue
        for curve in _slot_curves(strip):
            if _moves(curve):
                keys, straight = _keys(curve)
                linear &= straight
                shown = strip.frame_start + (keys - strip.action_frame_start) * strip.scale
                times[shown.tobytes()] = shown[(shown > ends[0]) & (shown < ends[1])]
    return np.unique(np.round(np.concatenate(list(times.values())), _FINEST)), linear


def _keys(curve: bpy.types.FCurve) -> tuple[Array, bool]:
    points = curve.keyframe_points
    keys, kinds = np.empty(2 * len(points), np.float32), np.empty(len(points), np.int32)
    points.foreach_get("co", keys)
    points.foreach_get("interpolation", kinds)
    straight = not curve.modifiers and bool(np.all(kinds < BEZIER))
    return keys[::2].astype(np.float64), straight


def _moves(curve: bpy.types.FCurve) -> bool:
    """Whether a curve moves bones, or the object as a whole; custom properties and their like do not."""
    return not curve.mute and curve.data_path.rpartition(".")[2].startswith(("location", "rotation", "scale"))


def playing_strips(data: bpy.types.AnimData | None) -> list[bpy.types.NlaStrip]:
    """The NLA strips of something that play: neither they nor their tracks are muted."""
    if data is None or not data.use_nla:
        return []
    return [strip for track in data.nla_tracks if not track.mute for strip in track.strips if not strip.mute]


def _slot_curves(player: Any) -> list[bpy.types.FCurve]:
    """The curves of what plays an action, animation data or an NLA strip: those of its slot."""
    action = player.action
    if not hasattr(action, "slots"):
        return list(action.fcurves)
    slot = player.action_slot
    if slot is None:
        return []
    bags = [strip.channelbag(slot) for layer in action.layers for strip in layer.strips]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]
