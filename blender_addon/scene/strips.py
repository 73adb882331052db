"""The NLA strips that play an action, kept right when the action changes its length or place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

_SAME = 0.5  # frames; a strip that begins or ends nearer than this to its action has not been trimmed


def strips_of(owner: bpy.types.Object, action: bpy.types.Action) -> list[bpy.types.NlaStrip]:
    """The NLA strips of `owner` that play `action`."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    return [strip for track in tracks for strip in track.strips if strip.action == action]


@contextmanager
def fitted_strips(action: bpy.types.Action) -> Iterator[None]:
    """While the action is rewritten: a strip that plays the whole of it plays the whole of what it becomes.

    Every frame stays where it was on the timeline, and what was trimmed stays trimmed. Blender moves the
    following strips of a track out of the way.
    """
    first, last = action.curve_frame_range
    strips = [
        (
            strip,
            abs(strip.action_frame_start - first) < _SAME,
            abs(strip.action_frame_end - last) < _SAME,
        )
        for thing in bpy.data.objects
        for strip in strips_of(thing, action)
    ]
    yield
    first, last = action.curve_frame_range
    for strip, whole_start, whole_end in strips:
        at = strip.frame_start
        if whole_end and strip.action_frame_end != last:
            strip.action_frame_end = max(last, strip.action_frame_start + 1.0)
        if whole_start and (moved := first - strip.action_frame_start):
            strip.action_frame_start = first
            strip.frame_start = at + moved * strip.scale
