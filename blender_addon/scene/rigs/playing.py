"""Letting a target play a new action, with everything it played before kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ....core.errors import InputError
from ..fcurves import assign_action, make_action


class LinkedRig(InputError):
    code = "retarget.linked"


class NotPosed(InputError):
    code = "retarget.not_posed"


def refuse_unposable(armature: bpy.types.Object) -> None:
    """Raise NotPosed for an armature that shows its rest pose, whatever animates it."""
    if armature.mode == "EDIT":
        raise NotPosed(f"{armature.name} is being edited; leave Edit Mode first.")
    if armature.data.pose_position == "REST":
        raise NotPosed(f"{armature.name} shows its rest position; set its armature to Pose Position first.")


def refuse_linked(armature: bpy.types.Object) -> None:
    """Raise LinkedRig for an armature whose animation would not be saved with this file."""
    override = armature.override_library
    if armature.library is not None or (override is not None and override.is_system_override):
        raise LinkedRig(
            f"{armature.name} is linked from another file; use Object > Library Override > Make first."
        )


@contextmanager
def new_action_playing(armature: bpy.types.Object, name: str) -> Iterator[bpy.types.Action]:
    """A new action with a fake user, empty yet, that alone moves the armature from now on.

    The action before keeps its keys and gets a fake user; NLA tracks stay as they are, but switched off. If
    anything fails inside, all that is taken back.
    """
    had_data = armature.animation_data is not None
    data = armature.animation_data or armature.animation_data_create()
    tweaked, nla = data.use_tweak_mode, data.use_nla
    if tweaked:
        data.use_tweak_mode = False
    before, slot = data.action, getattr(data, "action_slot", None)
    action = make_action(armature, name)
    try:
        assign_action(armature, action)
        if data.nla_tracks:
            data.use_nla = False
        yield action
    except BaseException:
        data.action = before
        if before is not None and slot is not None:
            data.action_slot = slot
        data.use_nla, data.use_tweak_mode = nla, tweaked
        bpy.data.actions.remove(action)
        if not had_data:
            armature.animation_data_clear()
        raise
    if before is not None and before.library is None:
        before.use_fake_user = True


def nla_note(armature: bpy.types.Object) -> tuple[str, ...]:
    """What to tell where strips were switched off."""
    data = armature.animation_data
    if data.use_nla or not any(track.strips for track in data.nla_tracks):
        return ()
    return (
        f"The NLA strips of {armature.name} are kept but switched off, so that the new action plays alone.",
    )
