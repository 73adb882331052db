"""From a placed clip to what is keyed: everything that clean-up does to one person, in its order."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clip import MotionClip
from ..contacts import ESTIMATED_FEET, chosen_contacts, contact_confidence, foot_confidence, foot_contacts
from ..feet import FootPoints, clip_foot_points, nearest_level, standing_levels
from ..footlock import lock_feet
from ..gaps import held_frames
from ..loop import make_loop
from ..mirror import mirror_clip
from ..retime import change_speed, last_frame_on, resample_clip
from ..spaces import to_space
from ..timing import frame_times, resample_positions
from ..travel import split_travel
from .derived import Derived
from .parts import smooth_parts
from .settings import Cleanup
from .spikes import remove_spikes

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


def derive(
    clip: MotionClip,
    cleanup: Cleanup,
    *,
    feet: FootPoints | None = None,
    contacts: NDArray[Any] | None = None,
    scene_fps: Fraction | None = None,
    origin: int | None = None,
) -> Derived:
    """The motion after clean-up: what the panel and the batch key, and `clean_up` of the Python API.

    With every setting at its default the clip is given back as it is, in Blender's axes.

    Args:
        clip: as it is placed in a world, its axes "blender" or "world_yup".
        feet: where its soles are; None is `clip_foot_points`.
        contacts: (T, 2) which feet stand, when the user has changed what the capture found.
        scene_fps: the rate that poses are put on the frames of; needed for `cleanup.resample` alone.
        origin: source frame at which seconds begin, the capture's first; None takes the clip's own first.

    Raises ValueError for a clip in its camera's space, contacts of another shape, or no rate to resample to,
    and what `make_loop` raises.
    """
    if clip.space == "camera_cv":
        raise ValueError("clean-up needs a clip in a world with a floor, not in the space of its camera")
    clip = to_space(clip, "blender")
    points = feet or clip_foot_points(clip)
    zero = int(clip.frames[0]) if origin is None else origin
    held = held_frames(clip.valid, clip.fps)
    found, known_notes = foot_contacts(clip.contacts), clip.notes
    if contacts is not None:
        clip = clip.replace(contacts=chosen_contacts(clip.contacts, contacts))
    clip = remove_spikes(clip, cleanup.spikes)
    clip = smooth_parts(clip, cleanup.smoothing, cleanup.smooth_parts)
    confidence = _confidence(clip, points, found)
    clip = lock_feet(clip, points, cleanup.foot_lock)
    if cleanup.mirror:
        clip, confidence = mirror_clip(clip), confidence[:, ::-1]
    if cleanup.loop:
        clip = make_loop(clip, cleanup.loop_blend)
    clip, location, heading = split_travel(clip, cleanup.travel, cleanup.heading_on_root)
    clip = change_speed(clip, cleanup.speed)
    broken = _why_not_over_the_video(cleanup)
    derived = Derived(
        clip=clip,
        seconds=frame_times(clip.fps, clip.frames - zero),
        root_location=location,
        root_heading=heading,
        contacts=foot_contacts(clip.contacts),
        confidence=confidence,
        held=held,
        overlay=not broken,
        notes=(*broken, *(note for note in clip.notes if note not in known_notes)),
    )
    return _on_whole_frames(derived, scene_fps, zero, cleanup.loop) if cleanup.resample else derived


def _confidence(clip: MotionClip, feet: FootPoints, found: Bools) -> Array:
    """(T, 2) how sure the clip's contacts are; where they differ from those `found` the user is sure."""
    points = feet.positions(clip)
    heights = points[..., 2]
    above = np.abs(heights - nearest_level(heights, standing_levels(heights, clip.contacts)))
    sure = contact_confidence(
        points, clip.times, clip.contacts, valid=clip.valid, heights=above, thresholds=ESTIMATED_FEET
    )
    chosen = foot_contacts(clip.contacts) != found
    return np.where(chosen, 1.0, foot_confidence(clip.contacts, sure))


def _on_whole_frames(derived: Derived, scene_fps: Fraction | None, zero: int, loop: bool) -> Derived:
    """The same motion with its poses on frames of the scene's rate, counted from source frame `zero`."""
    if scene_fps is None:
        raise ValueError("scene_fps is needed to put poses on the frames of the scene")
    start = (int(derived.clip.frames[0]) - zero) / derived.clip.fps
    if loop:  # its last pose closes it and must not fall between two frames
        clip = last_frame_on(derived.clip, scene_fps)
        moved = resample_clip(clip, scene_fps)
        since_start = moved.times
        moved = moved.replace(frames=moved.frames + round(start * scene_fps))
    else:
        clip = derived.clip
        moved = resample_clip(clip, scene_fps, zero)
        since_start = frame_times(scene_fps, moved.frames) - float(start)
    after = np.clip(np.searchsorted(clip.times, since_start), 1 if len(clip) > 1 else 0, len(clip) - 1)
    before = np.maximum(after - 1, 0)
    nearer = since_start - clip.times[before] < clip.times[after] - since_start
    nearest = np.where(nearer, before, after)
    return dataclasses.replace(
        derived,
        clip=moved,
        seconds=frame_times(scene_fps, moved.frames),
        root_location=resample_positions(derived.root_location, clip.times, since_start),
        root_heading=resample_positions(derived.root_heading, clip.times, since_start),
        contacts=foot_contacts(moved.contacts),
        confidence=derived.confidence[nearest],
        held=derived.held[nearest],
    )


def _why_not_over_the_video(cleanup: Cleanup) -> tuple[str, ...]:
    """What takes the person away from where the video shows them, as one sentence."""
    reasons = (
        (cleanup.travel == "in place", "they stay in place"),
        (cleanup.speed != 1.0, "they play at another speed"),
        (cleanup.loop, "the motion loops"),
        (cleanup.mirror, "the motion is mirrored"),
    )
    given = [reason for holds, reason in reasons if holds]
    return (f"The person no longer covers the video: {' and '.join(given)}.",) if given else ()
