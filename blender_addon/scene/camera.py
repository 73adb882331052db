"""The solved camera, with the footage behind the body."""

from __future__ import annotations

import contextlib

import bpy
import numpy as np
from mathutils import Matrix

from ...core.motion.clip import Camera
from ...core.motion.spaces import CV_TO_BLENDER_CAMERA
from ..capture_result import Footage
from .fcurves import CONSTANT, curve_container, new_action, write_curve
from .placing import Placing

SENSOR_MM = 36.0  # the longer side of the picture


def build_camera(
    collection: bpy.types.Collection, name: str, camera: Camera, unit: float = 1.0
) -> bpy.types.Object:
    """A camera object that projects exactly as `camera` does, which must be posed in the "blender" space.

    Args:
        unit: scene units per metre.
    """
    thing = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    collection.objects.link(thing)
    thing.data.display_size = 0.3 * unit
    pose_camera(thing, camera, unit)
    return thing


def pose_camera(thing: bpy.types.Object, camera: Camera, unit: float = 1.0) -> None:
    """Let an existing camera object project as `camera` does; its footage and all else of it stay.

    Args:
        unit: scene units per metre.

    **Convention**: `camera` is posed in the "blender" space. A Blender camera looks along its own -Z with Y
    up, an OpenCV camera along +Z with Y down, so the object's axes are R^T diag(1, -1, -1) and it stands at
    -R^T t. The longer side of the picture is 36 mm, and the sensor is fitted to it by name, so that a
    portrait video keeps its angle in any render size.
    """
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation.T @ CV_TO_BLENDER_CAMERA, camera.position * unit
    thing.matrix_world = Matrix(pose.tolist())
    data = thing.data
    if camera.width >= camera.height:
        data.sensor_fit, data.sensor_width = "HORIZONTAL", SENSOR_MM
    else:
        data.sensor_fit, data.sensor_height = "VERTICAL", SENSOR_MM
    data.lens = camera.focal_px * SENSOR_MM / max(camera.width, camera.height)
    distance = float(np.linalg.norm(camera.position)) * unit
    data.clip_start, data.clip_end = 0.01 * unit, max(100.0 * unit, 10.0 * distance)


def footage_behind(camera: bpy.types.Object) -> bpy.types.CameraBackgroundImage | None:
    """The video behind a camera; None when it has none."""
    return next(iter(camera.data.background_images), None)


def show_footage(
    camera: bpy.types.Object, scene: bpy.types.Scene, footage: Footage, placing: Placing
) -> None:
    """Show the video behind everything when looking through `camera`, in time with the body.

    A movie clip plays one of its frames per scene frame, so where the scene runs at another rate the video
    is an image sequence whose frame offset is keyed: it stays in time with the body at any rate.
    """
    if footage.path is None:
        return
    data = camera.data
    picture = data.background_images.new()
    if placing.step == 1.0:
        picture.source = "MOVIE_CLIP"
        clip = bpy.data.movieclips.load(str(footage.path), check_existing=False)
        clip.frame_start = placing.start - footage.trim[0]
        picture.clip = clip
        _make_relative(clip)
    else:
        picture.source = "IMAGE"
        image = bpy.data.images.load(str(footage.path), check_existing=False)
        picture.image = image
        _make_relative(image)
        _keep_in_time(data, picture.image_user, footage, placing)
    picture.display_depth = "BACK"
    picture.alpha = 1.0
    picture.frame_method = _frame_method(data, scene, footage)
    data.show_background_images = True


def _keep_in_time(
    data: bpy.types.Camera, user: bpy.types.ImageUser, footage: Footage, placing: Placing
) -> None:
    # Blender shows movie frame (scene frame - frame_start + 1 + frame_offset), counted from 1.
    user.frame_start = placing.start
    user.frame_duration = footage.frame_count
    user.use_auto_refresh = True
    first, end = footage.trim
    frames = np.arange(placing.start, placing.last(footage.trim) + 1)
    wanted = np.clip(first + np.floor((frames - placing.start) / placing.step + 1e-6), first, end - 1)
    offsets = wanted - (frames - placing.start)
    container = curve_container(new_action(data, f"{data.name} Footage", id_type="CAMERA"))
    path = "background_images[0].image_user.frame_offset"
    write_curve(container, path, 0, "Footage", frames, offsets, CONSTANT)


def _frame_method(data: bpy.types.Camera, scene: bpy.types.Scene, footage: Footage) -> str:
    """The way to fill the frame in which the side that fixes the angle of view is filled exactly."""
    render = scene.render
    frame = (render.resolution_x * render.pixel_aspect_x) / (render.resolution_y * render.pixel_aspect_y)
    wider = frame > footage.width / footage.height
    return "FIT" if wider == (data.sensor_fit == "VERTICAL") else "CROP"


def _make_relative(thing: bpy.types.MovieClip | bpy.types.Image) -> None:
    # Blender itself makes paths relative when a file is saved for the first time.
    if bpy.data.is_saved:
        # On another drive of Windows only an absolute path will do.
        with contextlib.suppress(ValueError):
            thing.filepath = bpy.path.relpath(bpy.path.abspath(thing.filepath))
