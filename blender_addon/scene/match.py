"""Make a scene fit a capture that is already in it: its rate, length, picture size and camera."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

from ...core.errors import InputError
from ..capture_result import Footage
from .camera import show_footage
from .camera_tracks import pose_capture_camera
from .fcurves import curve_container
from .layers import capture_action, corrections_action, fit_strips, whole_strips
from .made import read_made, write_made
from .packed import PROPERTY, read_about, update_about
from .people import camera_of, people_in
from .placed import placed_people
from .placing import Placing, fit_scene, place
from .rederive import is_protected, rederive

_FIELDS = ("co", "handle_left", "handle_right")


class NoCapture(InputError):
    code = "scene.no_capture"


def find_capture(scene: bpy.types.Scene, chosen: bpy.types.Object | None) -> bpy.types.Collection:
    """The collection of the capture that `chosen` belongs to, else of the last one in the scene.

    Raises NoCapture when there is none.
    """
    captures = [
        home
        for home in scene.collection.children_recursive
        if any(PROPERTY in thing for child in home.children for thing in child.objects)
    ]
    for home in captures:
        if chosen is not None and chosen.name in home.all_objects:
            return home
    if not captures:
        raise NoCapture("This scene holds no capture yet; capture or import one first.")
    return captures[-1]


def match_scene(scene: bpy.types.Scene, home: bpy.types.Collection) -> Placing:
    """Give the scene the capture's rate, length, picture size and camera; keys stay on their video frames.

    Other animation in the scene keeps its frames, as it does whenever a scene's rate is changed. Raises as
    `follow_scene_rate`.
    """
    about = read_about(people_in(home)[0])
    fit_scene(scene, _footage(about["video"], home), about["scene_start"])
    after = follow_scene_rate(scene, home, people_in(home))
    if camera := camera_of(home):
        scene.camera = camera
    return after


def follow_scene_rate(
    scene: bpy.types.Scene, home: bpy.types.Collection | None, people: list[bpy.types.Object]
) -> Placing:
    """Move a capture's keys and footage to the scene's frame rate: a second of the video lasts a second.

    What the capture made is keyed anew; keys edited by hand, and corrections on top, are moved as they are.

    Args:
        home: the capture's collection; None for somebody who was appended without it.
        people: everybody in it, or the one who is alone.

    Raises what reading the packed clip and `rederive` raise.
    """
    about = read_about(people[0])
    footage = _footage(about["video"], home)
    before = Placing(about["scene_start"], footage.trim[0], float(about["scene_step"]))
    after = place(scene, footage, before.start)
    moved: set[bpy.types.Action] = set()
    for person in people:
        update_about(person, scene_step=after.step)
    for person in people:
        capture = capture_action(person)
        if capture is not None and is_protected(person, capture):
            strips = whole_strips(person, capture)
            _retime({capture} - moved, before, after)
            fit_strips(strips, capture)
            if made := read_made(capture):
                write_made(capture, dataclasses.replace(made, step=after.step))
        else:
            rederive(scene, person)
        corrections = corrections_action(person)
        _retime({corrections} - moved - {None}, before, after)
        moved |= {action for action in (capture, corrections) if action is not None}
    if home is not None:
        for camera in (thing for thing in home.objects if thing.type == "CAMERA"):
            _replace_footage(camera, scene, footage, after)
        pose_capture_camera(home, placed_people(home, people[:1])[0])
    return after


def _footage(video: dict, home: bpy.types.Collection | None) -> Footage:
    path = next((shown for thing in (home.objects if home else ()) if (shown := _shown_file(thing))), None)
    return Footage(
        path,
        video["width"],
        video["height"],
        Fraction(*video["fps"]),
        video["frame_count"],
        (video["trim"][0], video["trim"][1]),
    )


def _shown_file(camera: bpy.types.Object) -> Path | None:
    """The footage behind a camera, as the file paths in the .blend say now (the user may have moved it)."""
    if camera.type != "CAMERA":
        return None
    for picture in camera.data.background_images:
        source = picture.clip if picture.source == "MOVIE_CLIP" else picture.image
        if source is not None:
            return Path(bpy.path.abspath(source.filepath))
    return None


def _replace_footage(
    camera: bpy.types.Object, scene: bpy.types.Scene, footage: Footage, placing: Placing
) -> None:
    data = camera.data
    old = [picture.clip or picture.image for picture in data.background_images]
    if data.animation_data and data.animation_data.action:
        bpy.data.actions.remove(data.animation_data.action)
    data.background_images.clear()
    bpy.data.batch_remove([thing for thing in old if thing is not None and thing.users == 0])
    show_footage(camera, scene, footage, placing)


def _retime(actions: set[bpy.types.Action], before: Placing, after: Placing) -> None:
    for action in actions:
        for curve in curve_container(action).fcurves:
            points = curve.keyframe_points
            for field in _FIELDS:
                values = np.empty(2 * len(points), np.float32)
                points.foreach_get(field, values)
                values[::2] = after.start + (values[::2] - before.start) * (after.step / before.step)
                points.foreach_set(field, values)
            curve.update()
