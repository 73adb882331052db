"""Noticing that somebody edited the keys of a captured motion, so that no clean-up ever writes over it."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np

from .fcurves import BEZIER, curve_container
from .names import BONES, ROOT_BONE

ROTATIONS: tuple[str, ...] = ("rotation_quaternion", "rotation_euler", "rotation_axis_angle")
"""The properties of a pose bone of which one counts, by its rotation mode."""

_WRITTEN = "reel2rig_keys"  # on the action: what its curves were when they were written


def bone_path(bone: str, name: str) -> str:
    """Data path of a pose bone's property."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{name}'


def captured_paths() -> frozenset[str]:
    """Data paths of everything that a capture may key on the bones; all else in its action is the user's."""
    rotations = {bone_path(bone, name) for bone in (*BONES, ROOT_BONE) for name in ROTATIONS}
    return frozenset(rotations | {bone_path(bone, "location") for bone in ("Pelvis", ROOT_BONE)})


def remember_keys(action: bpy.types.Action) -> None:
    """Store with the action what a capture's curves hold now, for `is_edited`."""
    action[_WRITTEN] = _fingerprint(action)


def holds_capture(action: bpy.types.Action) -> bool:
    """Whether a capture was ever written into an action, or into the one that it is a copy of."""
    return _WRITTEN in action


def is_edited(action: bpy.types.Action) -> bool:
    """Whether a capture's curves differ from what `remember_keys` saw; so they do where it never looked.

    Keys moved, added, removed or changed in value, interpolation or handles count. Contact curves are an
    input and do not; neither does anything that a capture would not key.
    """
    return action.get(_WRITTEN, "") != _fingerprint(action)


def _fingerprint(action: bpy.types.Action) -> str:
    digest = hashlib.blake2b(digest_size=16)
    paths = captured_paths()
    curves = [curve for curve in curve_container(action).fcurves if curve.data_path in paths]
    for curve in sorted(curves, key=lambda curve: (curve.data_path, curve.array_index)):
        digest.update(f"{curve.data_path} {curve.array_index} {len(curve.keyframe_points)}".encode())
        for part in _contents(curve):
            digest.update(part.tobytes())
    return digest.hexdigest()


def _contents(curve: bpy.types.FCurve) -> list[np.ndarray]:
    """Everything about a curve's keys that shapes it, and the kinds of their handles."""
    points = curve.keyframe_points
    count = len(points)
    kinds = []
    for name in ("interpolation", "handle_left_type", "handle_right_type"):
        values = np.empty(count, np.int32)
        points.foreach_get(name, values)
        kinds.append(values)
    places = []
    for name in ("co", "handle_left", "handle_right"):
        values = np.empty(2 * count, np.float32)
        points.foreach_get(name, values)
        places.append(values.reshape(count, 2))
    # Handles shape only Bezier curves. Elsewhere Blender may lay automatic ones anew at any time.
    bent = kinds[0] == BEZIER
    places[1][~np.concatenate([[False], bent[:-1]])[:count]] = 0.0
    places[2][~bent] = 0.0
    return [*kinds, *places]
