"""Putting a motion onto another rig."""

from __future__ import annotations

import json

import bpy

from ...core.errors import Reel2RigError
from ...core.motion.retarget.edit_map import role_words
from ..live import live
from ..retarget_properties import chosen_source, chosen_target
from ..rig_map_fields import kept_map
from ..scene.people import chosen_people
from ..scene.rigs.retarget_rig import Retargeted, retarget_rig
from .base import redraw, report_error

NOTES = "reel2rig_retarget_notes"
"""Custom property of an action: what its making had to say, for the panel."""


class _Retargeting:
    """Mixin: greyed out, with the reason, until there is a rig that can take a motion."""

    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if reason := cls.why_not(context):
            cls.poll_message_set(reason)  # type: ignore[attr-defined]
            return False
        return True

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Why nothing can be retargeted now, "" if it can."""
        target = chosen_target(context)
        if target is None:
            return "Choose the rig that gets the motion"
        if target.mode == "EDIT":
            return f"Leave Edit Mode of {target.name} first"
        try:
            rig_map = kept_map(target)
        except Reel2RigError as error:
            return error.message
        missing = rig_map.missing() if rig_map else ()
        if len(missing) > 1:
            return f"Map the bones of {target.name} first; {len(missing)} parts of the body have none yet"
        return f"Map a bone of {target.name} to {role_words(missing[0])} first" if missing else ""


class Retarget(_Retargeting, bpy.types.Operator):
    bl_idname = "reel2rig.retarget"
    bl_label = "Retarget"
    bl_description = (
        "Put the motion onto the rig, as a new action; the one that it played before is kept in the file"
    )

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        source = chosen_source(context)
        if source is None:
            return "Select a captured person, or choose the armature whose motion is taken"
        if source == chosen_target(context):
            return "Choose another rig to put the motion onto"
        return super().why_not(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.flush()
        try:
            made = _retarget(context, chosen_source(context))
        except Exception as error:
            return report_error(self, error)
        first, last = (round(frame) for frame in made.frames)
        self.report({"INFO"}, f"{made.action.name}: frames {first} to {last}")
        redraw()
        return {"FINISHED"}


class RetargetPeople(_Retargeting, bpy.types.Operator):
    bl_idname = "reel2rig.retarget_people"
    bl_label = "Retarget Selected People"
    bl_description = (
        "Put the motion of each selected captured person onto the rig, as one new action each; "
        "the rig plays that of the active person"
    )

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        if len(_people(context)) < 2:
            return "Select two captured people or more"
        return super().why_not(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.flush()
        made: list[Retargeted] = []
        try:
            for person in reversed(_people(context)):  # the active one last, so that its action is played
                made.append(_retarget(context, person))
        except Exception as error:
            told = report_error(self, error)
            return {"FINISHED"} if made else told
        self.report({"INFO"}, f"{len(made)} new actions for {chosen_target(context).name}")
        redraw()
        return {"FINISHED"}


def _people(context: bpy.types.Context) -> list[bpy.types.Object]:
    return [person for person in chosen_people(context) if person != chosen_target(context)]


def _retarget(context: bpy.types.Context, source: bpy.types.Object) -> Retargeted:
    options = context.scene.reel2rig_retarget.options()
    made = retarget_rig(context.scene, source, chosen_target(context), options=options)
    made.action[NOTES] = json.dumps(made.notes)
    return made


def notes_of(action: bpy.types.Action | None) -> list[str]:
    """What the making of an action had to say."""
    return json.loads(action.get(NOTES, "[]")) if action is not None else []


CLASSES = (Retarget, RetargetPeople)
