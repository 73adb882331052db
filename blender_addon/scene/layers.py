"""The capture below, the animator's corrections above: an NLA strip and an action that adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import bpy

from ...core.errors import InputError
from .fcurves import assign_action, curve_container, make_action
from .handwork import ROTATIONS, bone_path, holds_capture

CAPTURE = "reel2rig_action"
CORRECTIONS = "reel2rig_corrections"

_SAME = 1e-3  # frames; nearer than this two places on the timeline are one


class AlreadyLayered(InputError):
    code = "layers.already"


class OtherLayer(InputError):
    code = "layers.other_action"


class NoCapture(InputError):
    code = "layers.no_capture"


class RotationModeInUse(InputError):
    code = "layers.rotation_mode"


class StripFit(NamedTuple):
    """A strip that shows an action from end to end, and which of the action's frames it begins with."""

    strip: bpy.types.NlaStrip
    first: float


def remember_capture(armature: bpy.types.Object, action: bpy.types.Action) -> None:
    """Note on the armature that `action` holds its capture."""
    armature[CAPTURE] = action


def capture_action(armature: bpy.types.Object) -> bpy.types.Action | None:
    """The action that holds a person's capture, whether it plays by itself or on an NLA strip.

    Where what was written last is not played, another that a capture was written into is meant: the user went
    back to an earlier one.
    """
    noted = _pointed(armature, CAPTURE)
    played = _played(armature)
    if noted in played:
        return noted
    return next((action for action in played if holds_capture(action)), noted)


def corrections_action(armature: bpy.types.Object) -> bpy.types.Action | None:
    """The action in which corrections on top of the capture are keyed, as long as the armature plays it."""
    action = _pointed(armature, CORRECTIONS)
    data = armature.animation_data
    if action is None or data is None:
        return None
    # While a strip is being tweaked, Blender hides what lies on top.
    return action if data.use_tweak_mode or action in _played(armature) else None


def add_corrections(armature: bpy.types.Object) -> bpy.types.Action:
    """Put the capture on an NLA strip and a new, empty action on top whose keys add to it.

    The capture plays as before: same frames, and its first and last pose held outside them.

    Raises NoCapture when the armature does not play its capture; AlreadyLayered when it has corrections;
    OtherLayer when another action lies on top.
    """
    capture = capture_action(armature)
    data = armature.animation_data
    if capture is None or data is None or capture not in _played(armature):
        raise NoCapture(f"{armature.name} does not play its capture; assign its captured action first.")
    if corrections_action(armature) is not None:
        raise AlreadyLayered(
            f"{armature.name} has a corrections layer already; pose it and insert keys to add to the capture."
        )
    if data.use_tweak_mode or data.action not in (None, capture):
        raise OtherLayer(
            f"{armature.name} plays another action above its capture; push that down in the NLA Editor first."
        )
    if data.action == capture:
        data.action = None
        _push_down(armature, capture)
    corrections = make_action(armature, f"{capture.name} corrections")
    assign_action(armature, corrections)
    data.action_blend_type = "COMBINE"
    data.action_influence = 1.0
    data.action_extrapolation = "HOLD"
    data.use_nla = True
    armature[CORRECTIONS] = corrections
    return corrections


def refuse_other_rotation_mode(armature: bpy.types.Object, bones: Iterable[str], mode: str) -> None:
    """Refuse to turn `bones` in another rotation mode than corrections on top were keyed in: those would stop
    acting.

    Raises RotationModeInUse naming what to do.
    """
    corrections = corrections_action(armature)
    if corrections is None:
        return
    keyed = {curve.data_path for curve in curve_container(corrections).fcurves}
    for bone in bones:
        old = armature.pose.bones[bone].rotation_mode
        if old != mode and any(bone_path(bone, name) in keyed for name in ROTATIONS):
            raise RotationModeInUse(
                f"The corrections on top turn {bone} in rotation mode {old}, {mode} would switch them off; "
                f"choose {old} again, or remove the corrections first."
            )


def whole_strips(armature: bpy.types.Object, action: bpy.types.Action) -> list[StripFit]:
    """The armature's strips that show all of `action`, before it is rewritten; for `fit_strips`.

    A strip that was trimmed is left out: it goes on showing the frames it shows.
    """
    first, last = _key_range(action)
    return [
        StripFit(strip, strip.action_frame_start)
        for strip in _strips(armature, action)
        if strip.action_frame_start < first + _SAME and strip.action_frame_end > last - _SAME
    ]


def fit_strips(fits: list[StripFit], action: bpy.types.Action) -> None:
    """Let strips show all of `action` again after it was rewritten, each of its frames where it was."""
    first, last = _key_range(action)
    for strip, before in fits:
        _show(strip, first, last, strip.frame_start + (first - before) * strip.scale)


def _push_down(armature: bpy.types.Object, action: bpy.types.Action) -> None:
    """Let a strip of its own play `action`, each frame where it was."""
    first, last = _key_range(action)
    track = armature.animation_data.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(first), action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = action.slots[0]
    strip.blend_type, strip.extrapolation, strip.influence = "REPLACE", "HOLD", 1.0
    strip.use_sync_length = False
    # A new strip lies on a whole frame, whatever fraction its action starts on.
    _show(strip, first, last, first)


def _show(strip: bpy.types.NlaStrip, first: float, last: float, at: float) -> None:
    """Show the action's frames `first` to `last`, the first of them at scene frame `at`."""
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start_raw, strip.frame_end_raw = at, at + (last - first) * strip.scale * strip.repeat


def _key_range(action: bpy.types.Action) -> tuple[float, float]:
    """First and last key of an action; at least a frame apart, since a strip must have a length."""
    first, last = action.curve_frame_range
    return first, max(last, first + 1.0)


def _strips(armature: bpy.types.Object, action: bpy.types.Action) -> list[bpy.types.NlaStrip]:
    data = armature.animation_data
    tracks = data.nla_tracks if data is not None else ()
    return [strip for track in tracks for strip in track.strips if strip.action == action]


def _played(armature: bpy.types.Object) -> list[bpy.types.Action]:
    """The armature's own action and those on its strips."""
    data = armature.animation_data
    if data is None:
        return []
    strips = [strip.action for track in data.nla_tracks for strip in track.strips]
    return [action for action in (data.action, *strips) if action is not None]


def _pointed(armature: bpy.types.Object, name: str) -> bpy.types.Action | None:
    action = armature.get(name)
    return action if isinstance(action, bpy.types.Action) else None
