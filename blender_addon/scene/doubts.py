"""Where a captured motion wants to be looked at: feet that may or may not stand, and stretches not seen."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.motion.smoothing import unbroken_runs
from .contact_curves import CONFIDENCES, NOT_SEEN
from .fcurves import curve_container

Array = NDArray[np.float64]
DOUBTFUL = 0.5  # a confidence below this is no more than a guess
_SHORTEST = 3  # frames; every step passes through doubt for a frame or two as the foot comes down


def doubtful_frames(action: bpy.types.Action) -> Array:
    """(N,) action frames, increasing: of each stretch in which a contact is a guess, the worst one. Stretches
    of a frame or two are left out: they could move a step by no more.
    """
    first, last = (round(float(end)) for end in action.frame_range)
    frames = np.arange(first, last + 1)
    sure = np.ones(len(frames))
    for name in CONFIDENCES:
        keys = _keys(action, name)
        if len(keys):
            sure = np.minimum(sure, np.interp(frames, keys[:, 0], keys[:, 1]))
    stretches = [run for run in unbroken_runs(sure < DOUBTFUL) if run[1] - run[0] >= _SHORTEST]
    worst = [frames[start + int(np.argmin(sure[start:stop]))] for start, stop in stretches]
    return np.array(worst, np.float64)


def gap_frames(action: bpy.types.Action) -> Array:
    """(N,) action frames at which stretches begin in which the person was not seen for long."""
    keys = _keys(action, NOT_SEEN)
    return keys[keys[:, 1] > 0.5, 0].astype(np.float64)


def scene_frames(person: bpy.types.Object, action: bpy.types.Action, frames: Array) -> Array:
    """Scene frames at which a person shows `frames` of its capture's action, through the first NLA strip that
    plays it.
    """
    tracks = person.animation_data.nla_tracks if person.animation_data else ()
    for track in tracks:
        for strip in track.strips:
            if strip.action == action:
                return strip.frame_start + (frames - strip.action_frame_start) * strip.scale
    return frames


def next_frame(frames: Array, now: float, forwards: bool) -> float | None:
    """The first of `frames` after `now` (before it, going backwards), from the other end where there is none;
    None without any.
    """
    if not len(frames):
        return None
    if forwards:
        ahead = frames[frames > now + 0.5]
        return float(ahead[0] if len(ahead) else frames[0])
    behind = frames[frames < now - 0.5]
    return float(behind[-1] if len(behind) else frames[-1])


def _keys(action: bpy.types.Action, name: str) -> NDArray[np.float32]:
    """(N, 2) frames and values of the keys of one of our custom properties."""
    curve = curve_container(action).fcurves.find(f'["{name}"]')
    keys = np.empty((len(curve.keyframe_points) if curve else 0, 2), np.float32)
    if curve:
        curve.keyframe_points.foreach_get("co", keys.ravel())
    return keys
