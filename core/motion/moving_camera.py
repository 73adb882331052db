"""People whom a moving camera filmed, put into the world through which it moved.

A capture takes its camera for a still one: what it knows is how people stood before the camera. With the
camera's own way known, X_world(t) = C(t) X_camera(t). A tracked camera seldom knows metres or the floor; both
are found from feet, which stand still on one level when they stand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .camera_track import CameraTrack, CameraTrackOfOtherVideo
from .clip import MotionClip
from .contacts import ESTIMATED_FEET, detect_contacts
from .feet import approximate_foot_points
from .focal import FOOT_SPREAD, Sight, seen_frames, turned
from .level import fit_level, unit
from .smoothing import unbroken_runs

Array = NDArray[np.float64]

_LEAN_SPREAD = np.radians(6.0)  # which way is up, as a capture that took its camera for still one knows it
_LAG = (
    0.1  # seconds between two places of a foot; longer tells more of a slow camera, shorter of a quick step
)
_SCALES = np.geomspace(1e-3, 1e3, 181)  # looked through, as multiples of a first guess
_ROUNDS = 3  # the scale tells which feet stand, and they tell the scale
_FLOOR_ROUNDS = 2  # likewise the floor
_TRUSTED = 2.0  # factor by which stances may correct the first scale
_STILL = 0.02  # by which the right scale must make feet stand better than none, to be believed
_FLOOR_SHARE = 0.1  # of the frames in which the lowest foot is still lower than where it stands
_UP = np.array([0.0, 0.0, 1.0])


def land_camera(
    track: CameraTrack, clips: Sequence[MotionClip], scale: float | None = None, level: bool = True
) -> CameraTrack:
    """The track in metres in the world in which the captured people are to stand.

    Args:
        track: fitted to the video of the capture.
        clips: of one capture, in "blender" space with their still camera, the first person first.
        scale: metres per unit of the track; None believes a track in metres and a set that is in place, and
            finds the scale with which feet stand still for any other.
        level: put the floor at z = 0 and the first person's first seen pose over the origin, the camera
            looking along +Y then. False keeps the track's own world, as for a set that is modelled already.

    Raises CameraTrackMissesFrames, CameraTrackOfOtherVideo.
    """
    if scale is None:
        scale = 1.0 if track.metric or not level else feet_scale(track, clips)
    track = track.scaled(scale)
    if not level:
        return track
    placed = [put_in_world(clip, track) for clip in clips]
    up = unit(np.sum([_likely_up(clip, track) for clip in clips], axis=0))
    height = -min(_lowest(clip, up) for clip in placed)
    for _ in range(_FLOOR_ROUNDS):
        points = np.concatenate([_feet(clip)[_contacts(clip, up) > 0.5] for clip in placed])
        if len(points):
            spreads = np.full(len(points), FOOT_SPREAD)
            up, height = fit_level(points, np.ones(len(points)), spreads, up, _LEAN_SPREAD)
    return _on_floor(track, clips[0], placed[0], up, height)


def put_in_world(clip: MotionClip, track: CameraTrack) -> MotionClip:
    """A clip of a still camera as a person in the world through which the camera of `track` moved.

    Where the lens is another one than the capture took, as in a zoom, the person stands nearer or farther.
    Which feet stand is found anew: before a moving camera, other feet seem to. The clip has no still camera
    any more.

    Args:
        clip: in "blender" space, with the still camera of its capture.

    Raises CameraTrackOfOtherVideo for a clip without a camera, CameraTrackMissesFrames.
    """
    if clip.camera is None:
        raise CameraTrackOfOtherVideo(
            f"Person {clip.track} was not filmed by a known camera, so no camera track can move them."
        )
    part = track.at(clip.frames)
    rows = clip.frames - part.first_frame
    sight, _ = Sight.of(clip, clip.camera).refocused(part.focal_px[rows] / clip.camera.focal_px)
    turns = part.rotation[rows].transpose(0, 2, 1)
    root = np.einsum("tij,tj->ti", turns, sight.root) + part.positions[rows]
    moved = clip.replace(root=root, rotations=turned(sight.rotations, turns), camera=None)
    return moved.replace(contacts=_contacts(moved, _UP))


def feet_scale(track: CameraTrack, clips: Sequence[MotionClip]) -> float:
    """Metres per unit of the track with which feet stand still while they stand; 1 when the camera does.

    At every moment one foot point counts, the one that moves least: so the scale is looked for over six
    powers of ten. Then the stances that it shows settle it.
    """
    steps = [_steps(clip, track) for clip in clips]
    person = np.concatenate([one for one, _ in steps])  # (S, 4, 3) how the feet moved before the camera
    camera = np.concatenate([one for _, one in steps])[:, None]  # (S, 1, 3) how the camera moved
    way = np.linalg.norm(camera, axis=-1)
    if not len(person) or np.median(way) < 1e-9:
        return 1.0
    guess = float(np.median(np.linalg.norm(person, axis=-1)) / np.median(way))

    def restlessness(scale: float) -> float:
        return float(np.linalg.norm(person + scale * camera, axis=-1).min(axis=1).mean())

    scale = min(guess * _SCALES, key=restlessness)
    if restlessness(scale) > (1.0 - _STILL) * restlessness(0.0):
        return 1.0
    for _ in range(_ROUNDS):
        scale = _stance_scale(track, clips, scale)
    return scale


def _stance_scale(track: CameraTrack, clips: Sequence[MotionClip], scale: float) -> float:
    """The scale with which feet stay nearest to the middles of their stances, those seen at `scale`.

    A stance lasts longer than a step of `_steps`, and its middle is nobody's choice: noise averages out.
    """
    along = across = 0.0
    for clip in clips:
        moved = put_in_world(clip, track.scaled(scale))
        camera = track.at(clip.frames).positions[clip.frames - clip.frames[0]]
        feet = _feet(moved)
        for point in range(4):
            for start, stop in unbroken_runs(moved.contacts[:, point] > 0.5, clip.frames):
                way = camera[start:stop] - camera[start:stop].mean(axis=0)
                foot = feet[start:stop, point] - scale * camera[start:stop]
                along += float(np.sum(way**2))
                across -= float(np.sum((foot - foot.mean(axis=0)) * way))
    found = across / along if along > 0 else 0.0
    # A few stances of a camera that hardly moved in them may say anything.
    return found if scale / _TRUSTED < found < scale * _TRUSTED else scale


def _steps(clip: MotionClip, track: CameraTrack) -> tuple[Array, Array]:
    """How feet (S, 4, 3) and camera (S, 3) moved over a short time, in the axes of the track's world."""
    lag, seen = max(1, round(_LAG * float(clip.fps))), seen_frames(clip)
    positions = track.at(clip.frames).positions[clip.frames - clip.frames[0]]
    about_camera = _feet(put_in_world(clip, track)) - positions[:, None]
    linked = seen[lag:] & seen[:-lag] & (clip.frames[lag:] - clip.frames[:-lag] == lag)
    return (about_camera[lag:] - about_camera[:-lag])[linked], (positions[lag:] - positions[:-lag])[linked]


def _feet(clip: MotionClip) -> Array:
    """(T, 4, 3) left heel, left toe, right heel, right toe, on the sole."""
    return approximate_foot_points(clip).positions(clip)


def _lowest(clip: MotionClip, up: Array) -> float:
    """Metres along `up` of the floor that a person walks on, as far as their lowest feet tell."""
    heights = (_feet(clip) @ up).min(axis=1)[seen_frames(clip)]
    return float(np.quantile(heights, _FLOOR_SHARE))


def _contacts(clip: MotionClip, up: Array) -> NDArray[np.float32]:
    feet = _feet(clip)
    heights = feet @ up - _lowest(clip, up)
    return detect_contacts(feet, clip.times, valid=clip.valid, heights=heights, thresholds=ESTIMATED_FEET)


def _likely_up(clip: MotionClip, track: CameraTrack) -> Array:
    """(3,) which way is up in the track's world, as the people look who stand before the camera."""
    part = track.at(clip.frames)
    assert clip.camera is not None  # put_in_world has asked
    return np.einsum("tji,j->i", part.rotation, clip.camera.rotation @ _UP)


def _on_floor(
    track: CameraTrack, raw: MotionClip, first: MotionClip, up: Array, height: float
) -> CameraTrack:
    """The track in a world turned upright and moved onto the first person's first place.

    **Convention**: on the floor up . X + height = 0; afterwards z = 0. The camera's heading in the first seen
    frame becomes +Y.
    """
    start = int(np.argmax(seen_frames(raw)))
    part = track.at(raw.frames)
    looks = part.rotation[raw.frames[start] - part.first_frame]
    ahead = looks[2] - (looks[2] @ up) * up
    if np.linalg.norm(ahead) < 1e-3:  # looking straight down: the top of the picture is ahead
        ahead = -looks[1] + (looks[1] @ up) * up
    ahead = unit(ahead)
    turn = np.stack([np.cross(ahead, up), ahead, up])
    below = turn @ first.root[start].astype(np.float64)
    return track.moved(turn, [-below[0], -below[1], height])
