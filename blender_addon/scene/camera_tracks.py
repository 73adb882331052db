"""The moving camera of a capture: kept as one JSON text with its collection, keyed on its camera object."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...core.motion.camera_track import CameraTrack
from ...core.motion.clip import Camera
from ...core.motion.files.camera_json import camera_track_text, parse_camera_track
from ...core.motion.placement import place_track
from ...core.motion.rotations import quaternion_from_matrix, sign_continuous
from ...core.motion.spaces import CV_TO_BLENDER_CAMERA
from .camera import SENSOR_MM, pose_camera
from .fcurves import assign_action, curve_container, make_action, new_action, remove_curves, write_curve
from .people import camera_of

if TYPE_CHECKING:
    from .placed import PlacedPerson

TRACK = "reel2rig_camera_track"
_ACTION = "reel2rig_camera_action"


def has_track(home: bpy.types.Collection) -> bool:
    """Whether a moving camera was given to a capture; quick, for drawing."""
    return TRACK in home


def track_of(home: bpy.types.Collection) -> CameraTrack | None:
    """The moving camera of a capture, where people were landed in its world. Raises BadCameraTrack."""
    text = home.get(TRACK)
    return None if text is None else _parsed(text)


def keep_track(home: bpy.types.Collection, track: CameraTrack | None) -> None:
    """Store a landed track with a capture's collection; None forgets it."""
    if track is not None:
        home[TRACK] = camera_track_text(track)
    elif TRACK in home:
        del home[TRACK]


@lru_cache(maxsize=4)
def _parsed(text: str) -> CameraTrack:
    return parse_camera_track(text)


def pose_capture_camera(home: bpy.types.Collection, placed: PlacedPerson) -> None:
    """Put the camera of a capture where it filmed the people as they are placed: still, or keyed along its
    track. A capture without a camera object stays without.
    """
    thing, track = camera_of(home), track_of(home)
    if thing is None:
        return
    if track is not None:
        moving = place_track(track, placed.placement)
        key_camera(thing, moving, placed.placing.scene_frames(track.frames), placed.unit)
    elif placed.clip.camera is not None:
        _unkey(thing)
        pose_camera(thing, placed.clip.camera, placed.unit)


def key_camera(thing: bpy.types.Object, track: CameraTrack, frames: np.ndarray, unit: float) -> None:
    """Key a camera object along a track, at scene frames (N,); what is keyed on it otherwise gives way.

    **Convention**: as `pose_camera`; the quaternions keep their sign from key to key.
    """
    middle = track.cameras()[len(track) // 2]
    pose_camera(thing, Camera(float(track.focal_px[0]), middle.width, middle.height, middle.rotation,
                              middle.translation), unit)  # fmt: skip
    action = thing.get(_ACTION)
    if not isinstance(action, bpy.types.Action):
        action = thing[_ACTION] = make_action(thing, f"{thing.name} Track")
    if thing.animation_data is None or thing.animation_data.action != action:
        assign_action(thing, action)
    container, group = curve_container(action), "Object Transforms"
    places = track.positions * unit
    turns = quaternion_from_matrix(track.rotation.transpose(0, 2, 1) @ CV_TO_BLENDER_CAMERA)
    thing.rotation_mode = "QUATERNION"
    for axis in range(3):
        write_curve(container, "location", axis, group, frames, places[:, axis])
    for part, values in enumerate(sign_continuous(turns).T):
        write_curve(container, "rotation_quaternion", part, group, frames, values)
    _key_lens(thing.data, track, frames)


def _key_lens(data: bpy.types.Camera, track: CameraTrack, frames: np.ndarray) -> None:
    action = data.animation_data.action if data.animation_data else None
    if np.ptp(track.focal_px) < 1e-6 * track.focal_px[0]:
        if action is not None:
            remove_curves(curve_container(action), "lens")
        return
    if action is None:
        action = new_action(data, f"{data.name} Lens", id_type="CAMERA")
    lens = track.focal_px * SENSOR_MM / max(track.width, track.height)
    write_curve(curve_container(action), "lens", 0, "Lens", frames, lens)


def _unkey(thing: bpy.types.Object) -> None:
    """Take away the keys that `key_camera` made."""
    action = thing.get(_ACTION)
    if not isinstance(action, bpy.types.Action):
        return
    del thing[_ACTION]
    bpy.data.actions.remove(action)
    thing.rotation_mode = "XYZ"
    data = thing.data.animation_data
    if data is not None and data.action is not None:
        remove_curves(curve_container(data.action), "lens")
