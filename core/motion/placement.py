"""Where a capture stands in the world: its people and its camera move as one, so the overlay stays true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .camera_track import CameraTrack
from .cleanup.settings import Placement
from .clip import MotionClip
from .focal import change_focal
from .moving_camera import put_in_world
from .rotations import quaternion_from_rotvec, quaternion_to_matrix
from .spaces import move_clip

Array = NDArray[np.float64]


def place_clips(
    clips: Sequence[MotionClip], placement: Placement, track: CameraTrack | None = None
) -> list[MotionClip]:
    """The clips of one capture as `placement` puts them; always from the capture's own, so nothing adds up.

    First the focal length, which finds the people's places and the floor again (focal.py), then the rigid
    move, which keeps every pixel.

    Args:
        clips: in "blender" space, the first person first. Their cameras move along.
        track: the moving camera that filmed them, as `land_camera` made it, with its own focal length. The
            clips then have no still camera any more; `place_track` has the moving one.

    Raises ValueError for a clip in another space, and with a track what `put_in_world` raises.
    """
    for clip in clips:
        if clip.space != "blender":
            raise ValueError(f"clips must be in the space 'blender', not {clip.space!r}")
    placed = list(clips)
    if track is not None:
        placed = [put_in_world(clip, track) for clip in clips]
    elif placement.focal_px is not None:
        placed = change_focal(clips, placement.focal_px)
    turn, shift = rigid_move(placement)
    if np.array_equal(turn, np.eye(3)) and not shift.any():
        return placed
    return [move_clip(clip, turn, shift) for clip in placed]


def place_track(track: CameraTrack, placement: Placement) -> CameraTrack:
    """The moving camera of people placed by `place_clips`."""
    return track.moved(*rigid_move(placement))


def rigid_move(placement: Placement) -> tuple[Array, Array]:
    """Rotation (3, 3) and translation (3,) in metres of a placement, its focal length apart.

    **Convention**: Blender's axes, column vectors. The tilt turns about the capture's origin by the rotation
    vector (x, y, 0); the height raises; the heading then turns about Z, counter-clockwise seen from above;
    the start is where the origin comes to stand.
    """
    tilt = quaternion_to_matrix(quaternion_from_rotvec([*placement.tilt, 0.0]))
    heading = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, placement.heading]))
    return heading @ tilt, np.array([*placement.start, placement.height])
