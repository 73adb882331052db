"""F-curves in bulk, the same for legacy actions (4.2, 4.3) and slotted ones (4.4 to 5.x).

`keyframe_insert` searches and sorts for every key, so its cost grows faster than the clip; here a curve's
keys are made in one step and filled from an array.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

# Keys are stored as enum numbers when filled in bulk.
CONSTANT, LINEAR, BEZIER = 0, 1, 2
ALIGNED = 3

_SETTLING_UPDATES = 10


def make_action(owner: bpy.types.ID, name: str, id_type: str = "OBJECT") -> bpy.types.Action:
    """An empty action with a fake user and, where Blender has slots, one slot for `owner`; not assigned."""
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    if hasattr(action, "slots"):
        action.slots.new(id_type=id_type, name=owner.name)
        action.layers.new("Layer").strips.new(type="KEYFRAME")
    return action


def assign_action(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Let `owner` play an action of `make_action`."""
    data = owner.animation_data or owner.animation_data_create()
    data.action = action
    if hasattr(action, "slots"):
        data.action_slot = action.slots[0]


def new_action(owner: bpy.types.ID, name: str, id_type: str = "OBJECT") -> bpy.types.Action:
    """An empty action with a fake user, assigned to `owner` (and its first slot, where Blender has slots)."""
    action = make_action(owner, name, id_type)
    assign_action(owner, action)
    return action


def curve_container(action: bpy.types.Action) -> Any:
    """What holds an action's curves and groups: its first slot's channelbag; before 4.4 the action."""
    if not hasattr(action, "slots"):
        return action
    return action.layers[0].strips[0].channelbag(action.slots[0], ensure=True)


def write_curve(
    container: Any,
    path: str,
    index: int,
    group: str,
    frames: ArrayLike,
    values: ArrayLike,
    interpolation: ArrayLike = LINEAR,
    slopes: ArrayLike | None = None,
) -> bpy.types.FCurve:
    """An F-curve with a key at each of `frames` (T,), scene frames, holding `values` (T,), and no others.

    A curve that is already there keeps what else it has: its modifiers, its colour, whether it is muted.

    Args:
        interpolation: of all keys, or (T,) one each.
        slopes: (T,) of the curve at its keys, per frame, for handles that lie along them and reach a third of
            the way to the keys beside; Blender's own automatic handles otherwise.
    """
    curve = container.fcurves.find(path, index=index)
    if curve is None:
        curve = _new_curve(container, path, index, group)
    else:
        curve.keyframe_points.clear()
    points = np.stack([np.asarray(frames, np.float32), np.asarray(values, np.float32)], axis=-1)
    kinds = np.ascontiguousarray(np.broadcast_to(np.asarray(interpolation, np.int32), len(points)))
    curve.keyframe_points.add(len(points))
    curve.keyframe_points.foreach_set("co", points.ravel())
    curve.keyframe_points.foreach_set("interpolation", kinds)
    # New keys are selected: the next Grab in the Dope Sheet would move them all.
    for part in ("select_control_point", "select_left_handle", "select_right_handle"):
        curve.keyframe_points.foreach_set(part, np.zeros(len(points), bool))
    # Places automatic handles, which exist (and show, once a user asks for curves) even on linear keys.
    curve.update()
    if slopes is not None and len(points) > 1:
        _lay_handles(curve, points, np.asarray(slopes, np.float64))
    return curve


def _lay_handles(curve: bpy.types.FCurve, points: NDArray[np.float32], slopes: NDArray[np.float64]) -> None:
    frames, values = points.astype(np.float64).T
    thirds = np.diff(frames) / 3.0
    keys = curve.keyframe_points
    aligned = np.full(len(points), ALIGNED, np.int32)
    for side, reach in (("left", -np.append(thirds[:1], thirds)), ("right", np.append(thirds, thirds[-1:]))):
        handles = np.stack([frames + reach, values + slopes * reach], axis=-1)
        keys.foreach_set(f"handle_{side}_type", aligned)
        keys.foreach_set(f"handle_{side}", handles.astype(np.float32).ravel())
    # Blender aligns handles anew with every edit, each time in single precision: let it come to an end here,
    # so that handles that move later were moved by somebody.
    before = _handles(curve)
    for _ in range(_SETTLING_UPDATES):
        curve.update()
        after = _handles(curve)
        if np.array_equal(after, before):
            return
        before = after


def _handles(curve: bpy.types.FCurve) -> NDArray[np.float32]:
    places = np.empty((2, 2 * len(curve.keyframe_points)), np.float32)
    for side, row in zip(("left", "right"), places, strict=True):
        curve.keyframe_points.foreach_get(f"handle_{side}", row)
    return places


def remove_curves(container: Any, path: str) -> bool:
    """Remove the F-curves of a property, all its components; returns whether there were any."""
    curves = [curve for curve in container.fcurves if curve.data_path == path]
    for curve in curves:
        container.fcurves.remove(curve)
    return bool(curves)


def _new_curve(container: Any, path: str, index: int, group: str) -> bpy.types.FCurve:
    if isinstance(container, bpy.types.Action):
        return container.fcurves.new(path, index=index, action_group=group)
    if bpy.app.version >= (5, 0, 0):
        return container.fcurves.new(path, index=index, group_name=group)
    curve = container.fcurves.new(path, index=index)
    curve.group = container.groups.get(group) or container.groups.new(group)
    return curve
