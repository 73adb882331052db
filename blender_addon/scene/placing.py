"""Source frames and scene frames, and making a scene fit the video."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..capture_result import Footage

SAME_RATE = 1e-6  # fps_base is stored in single precision, so equal rates differ by up to 6e-8
_STARTUP = {"Cube": "MESH", "Light": "LIGHT", "Camera": "CAMERA"}


@dataclass(frozen=True)
class Placing:
    """Where a capture lies on the scene's timeline.

    Attributes:
        start: scene frame of the first captured video frame.
        first_source: that frame's number in the video.
        step: scene frames per video frame; exactly 1 when the rates agree.
    """

    start: int
    first_source: int
    step: float

    def scene_frames(self, source_frames: ArrayLike) -> NDArray[np.float64]:
        """Scene frames, fractions kept, of source frame numbers."""
        return self.start + (np.asarray(source_frames, np.float64) - self.first_source) * self.step

    def last(self, trim: tuple[int, int]) -> int:
        """Scene frame that shows the last captured video frame."""
        return math.ceil(self.start + (trim[1] - 1 - trim[0]) * self.step - 1e-6)


def place(scene: bpy.types.Scene, footage: Footage, start: int | None) -> Placing:
    """Put the first captured frame on `start`, or on the scene's first frame, and keep time from there."""
    step = scene_fps(scene) / float(footage.fps)
    step = 1.0 if abs(step - 1.0) < SAME_RATE else step
    return Placing(scene.frame_start if start is None else start, footage.trim[0], step)


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames per second of a scene."""
    return scene.render.fps / scene.render.fps_base


def is_untouched(scene: bpy.types.Scene) -> bool:
    """Whether a scene holds nothing of the user's: it is empty, or still as Blender starts up with it."""
    return all(
        _STARTUP.get(thing.name) == thing.type
        and thing.animation_data is None
        and not (thing.type == "MESH" and (len(thing.data.vertices) != 8 or thing.modifiers))
        for thing in scene.objects
    )


def make_room(scene: bpy.types.Scene) -> None:
    """Hide the start-up cube, which stands where the first person will: on the floor's origin."""
    cube = scene.objects.get("Cube")
    if cube is not None and _STARTUP["Cube"] == cube.type:
        cube.hide_render = True
        for layer in scene.view_layers:
            cube.hide_set(True, view_layer=layer)


def fit_scene(scene: bpy.types.Scene, footage: Footage, start: int | None) -> None:
    """Give the scene the video's rate, length and picture size."""
    first = scene.frame_start if start is None else start
    fit_time(scene, footage.fps, first, first + max(0, footage.trim[1] - footage.trim[0] - 1))
    scene.render.resolution_x, scene.render.resolution_y = footage.width, footage.height
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0


def fit_time(scene: bpy.types.Scene, rate: Fraction, first: int, last: int) -> None:
    """Give the scene a frame rate and a range, and go to its first frame.

    The rate is exact to single precision: 30000/1001 becomes fps 30 with base 1.001.
    """
    whole = max(1, round(rate))
    scene.render.fps = whole
    scene.render.fps_base = float(Fraction(whole) / rate)
    # The end is moved out of the way first: Blender keeps start <= end by pushing the other one.
    scene.frame_end = max(scene.frame_end, first)
    scene.frame_start = first
    scene.frame_end = last
    scene.frame_set(first)
