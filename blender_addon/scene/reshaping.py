"""Another shape for a captured person, with the motion brought along."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from .armature import rest_axes, rest_heads
from .body_shape import Shape, set_shape, unit_of
from .fcurves import curve_container
from .handwork import bone_path, is_edited
from .layers import capture_action
from .made import read_made
from .people import capture_of
from .placed import PlacedPerson, placed_people
from .rederive import rederive

_FIELDS = ("co", "handle_left", "handle_right")


def reshape_person(scene: bpy.types.Scene, person: bpy.types.Object, shape: Shape | None) -> None:
    """Give a person another shape, or with None the captured one; the feet stay where they were on the floor.

    The motion is derived anew. Where its keys were edited by hand they are kept, and only the height of the
    pelvis is moved by what the legs grew.

    Raises what `set_shape` and `rederive` raise.
    """
    action = capture_action(person)
    if action is None or not is_edited(action):
        set_shape(person, shape, unit_of(person))
        rederive(scene, person)
        return
    before, heads = _placed(scene, person), rest_heads(person)
    set_shape(person, shape, unit_of(person))
    after = _placed(scene, person)
    grown = (after.clip.root.astype(np.float64) - before.clip.root) * after.unit
    moved = (grown - (rest_heads(person)[0] - heads[0])) @ rest_axes(person)[0]
    made = read_made(action)
    played = after.clip.times / (made.cleanup.speed if made else 1.0)
    first = after.placing.scene_frames(after.clip.frames[:1])
    _shift_pelvis(action, first + played * float(after.timeline_fps), moved)


def _placed(scene: bpy.types.Scene, person: bpy.types.Object) -> PlacedPerson:
    return placed_people(capture_of(scene, person), [person])[0]


def _shift_pelvis(action: bpy.types.Action, frames: NDArray[np.float64], moved: NDArray[np.float64]) -> None:
    """Add `moved` (T, 3), given at scene `frames` (T,), to the keys of the pelvis's location.

    **Convention**: the rest axes of the pelvis bone, scene units.
    """
    for curve in curve_container(action).fcurves:
        if curve.data_path != bone_path("Pelvis", "location"):
            continue
        points = curve.keyframe_points
        for field in _FIELDS:
            values = np.empty(2 * len(points), np.float32)
            points.foreach_get(field, values)
            values[1::2] += np.interp(values[::2], frames, moved[:, curve.array_index])
            points.foreach_set(field, values)
        curve.update()
