"""Where the way of a moving camera comes from: a file, an animated camera, or Blender's motion tracking."""

from __future__ import annotations

from fractions import Fraction

import bpy
import numpy as np

from ...core.errors import InputError
from ...core.motion.camera_track import BadCameraTrack, CameraTrack, CameraTrackMissesFrames, from_poses
from ...core.motion.moving_camera import land_camera
from ...core.motion.spaces import CV_TO_BLENDER_CAMERA, to_space
from .body_shape import unit_of
from .camera import build_camera
from .camera_tracks import TRACK, keep_track
from .packed import read_about, unpack_clip
from .people import camera_of, people_in
from .placing import Placing
from .rederive import Rederived, rederive_capture

_SHIFTED = 0.005  # of the picture's width


class CannotTrackCamera(InputError):
    code = "track.camera_unsuited"


class NotSolved(InputError):
    code = "track.not_solved"


def give_camera_track(
    scene: bpy.types.Scene,
    home: bpy.types.Collection,
    track: CameraTrack,
    scale: float | None = None,
    level: bool = True,
) -> list[Rederived]:
    """Let a capture have been filmed by a moving camera: people and camera are keyed in its world.

    Whatever goes wrong, the camera before is kept.

    Args:
        scale: metres per unit of the track; None finds it by the feet, where the track does not know it.
        level: find the floor by the feet and put it at z = 0; False keeps the track's own world.

    Raises CameraTrackMissesFrames, CameraTrackOfOtherVideo, and as `rederive_capture`.
    """
    people = people_in(home)
    video = read_about(people[0])["video"]
    fitted = track.fitted(Fraction(*video["fps"]), video["width"], video["height"])
    clips = [to_space(unpack_clip(person)[0], "blender") for person in people]
    landed = land_camera(fitted, clips, scale, level)
    if camera_of(home) is None:
        build_camera(home, f"Camera {home.name}", landed.cameras()[0], unit_of(people[0]))
    return _exchange(scene, home, landed)


def take_camera_track(scene: bpy.types.Scene, home: bpy.types.Collection) -> list[Rederived]:
    """Let a capture have been filmed by a still camera again. Raises as `rederive_capture`."""
    return _exchange(scene, home, None)


def _exchange(
    scene: bpy.types.Scene, home: bpy.types.Collection, track: CameraTrack | None
) -> list[Rederived]:
    before = home.get(TRACK)
    keep_track(home, track)
    try:
        return rederive_capture(scene, home)
    except BaseException:
        keep_track(home, None)
        if before is not None:
            home[TRACK] = before
        raise


def track_of_camera(
    scene: bpy.types.Scene, home: bpy.types.Collection, camera: bpy.types.Object
) -> CameraTrack:
    """The way of a camera object over the frames of a capture, whatever moves it: keys, constraints, parents.

    Raises CannotTrackCamera for a camera that has no focal length or looks past its middle.

    **Convention**: in the scene's world, in metres if the scene has them, which a tracked one seldom does; a
    Blender camera looks along its own -Z with Y up.
    """
    if camera.data.type != "PERSP":
        raise CannotTrackCamera(f"{camera.name} is no perspective camera; choose one that is.")
    about = read_about(people_in(home)[0])
    first, end = about["video"]["trim"]
    placing = Placing(about["scene_start"], first, float(about["scene_step"]))
    now, within = scene.frame_current, scene.frame_subframe
    poses, focal = np.empty((end - first, 4, 4)), np.empty(end - first)
    width, height = _render_size(scene)
    try:
        for row, frame in enumerate(placing.scene_frames(np.arange(first, end))):
            whole = int(np.floor(frame + 1e-5))
            scene.frame_set(whole, subframe=max(0.0, float(frame) - whole))
            seen = camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
            poses[row] = np.array(seen.matrix_world.normalized())
            focal[row] = _focal_px(scene, seen, width)
    finally:
        scene.frame_set(now, subframe=within)
    turns, places = poses[:, :3, :3] @ CV_TO_BLENDER_CAMERA, poses[:, :3, 3] / unit_of(people_in(home)[0])
    fps = Fraction(*about["video"]["fps"])
    return from_poses(turns, places, focal, fps, width, height, first, metric=False)


def _render_size(scene: bpy.types.Scene) -> tuple[int, int]:
    render = scene.render
    return (
        round(render.resolution_x * render.pixel_aspect_x),
        round(render.resolution_y * render.pixel_aspect_y),
    )


def _focal_px(scene: bpy.types.Scene, camera: bpy.types.Object, width: int) -> float:
    corners = np.array(camera.data.view_frame(scene=scene))
    across = float(np.ptp(corners[:, 0]))
    if np.abs(corners[:, :2].mean(axis=0)).max() > _SHIFTED * across:
        raise CannotTrackCamera(
            f"The lens of {camera.name} is shifted; set Shift X and Y of the camera to 0."
        )
    return float(-corners[0, 2]) / across * width


def track_of_solve(home: bpy.types.Collection, clip: bpy.types.MovieClip) -> CameraTrack:
    """The camera that Blender's motion tracking solved for a movie clip, in the units of its solution.

    Raises NotSolved, and CameraTrackMissesFrames when the solution does not cover the people.
    """
    about = read_about(people_in(home)[0])
    tracking = clip.tracking
    solution = tracking.objects[0].reconstruction if len(tracking.objects) else tracking.reconstruction
    if not solution.is_valid or not len(solution.cameras):
        raise NotSolved(
            f"{clip.name} has no solved camera; solve its camera motion in the Movie Clip Editor."
        )
    # Blender counts the pictures of a clip from 1.
    found = {camera.frame - 1: np.array(camera.matrix) for camera in solution.cameras}
    first, last = min(found), max(found)
    for frame in range(first, last + 1):
        if frame not in found:
            raise CameraTrackMissesFrames(
                f"The solved camera of {clip.name} misses frame {frame + 1}; track more features there."
            )
    poses = np.array([found[frame] for frame in range(first, last + 1)])
    if first < 0:
        raise BadCameraTrack(f"The solved camera of {clip.name} begins before its first picture.")
    turns = poses[:, :3, :3] / np.linalg.norm(poses[:, :3, :3], axis=1, keepdims=True) @ CV_TO_BLENDER_CAMERA
    focal = np.full(len(poses), tracking.camera.focal_length_pixels)
    fps = Fraction(*about["video"]["fps"])
    width, height = clip.size
    return from_poses(turns, poses[:, :3, 3], focal, fps, width, height, first, metric=False)
