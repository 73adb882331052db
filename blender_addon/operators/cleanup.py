"""Clean-up that is more than a slider: again, for several people, taken back, from a preset, corrections."""

from __future__ import annotations

import bpy

from ...core.motion.cleanup.settings import Cleanup
from ..live import live
from ..scene.edited_contacts import waits_for_contacts
from ..scene.layers import add_corrections, capture_action, corrections_action
from ..scene.made import EDITED
from ..scene.match import follow_scene_rate
from ..scene.people import active_person, capture_of, people_in, person_of
from ..scene.rederive import rederive
from ..scene.stored_settings import (
    cleanup_of,
    forget_contacts,
    has_edited_contacts,
    keep_cleanup,
)
from .base import report_error
from .of_person import OfPerson


def selected_people(context: bpy.types.Context) -> list[bpy.types.Object]:
    """All captured people of whom something is selected."""
    people = (person_of(thing) for thing in context.selected_objects)
    return list({person.name: person for person in people if person is not None}.values())


class _CleanUp(OfPerson):
    """An operator that keys people anew and says what became of them."""

    contacts_as_found = False

    def people(self, context: bpy.types.Context) -> list[bpy.types.Object]:
        person = active_person(context)
        return [person] if person is not None else []

    def prepare(self, context: bpy.types.Context, person: bpy.types.Object) -> None:
        """Change what is chosen for a person before it is keyed anew."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.drop()  # whatever waits would be made here anyway
        done = False
        try:
            for person in self.people(context):
                self.prepare(context, person)
                if self.contacts_as_found:
                    forget_contacts(person)
                made = rederive(context.scene, person, take_contacts=not self.contacts_as_found)
                done = True
                if made.is_new and (edited := made.action.get(EDITED)):
                    self.report(
                        {"INFO"},
                        f"Keys edited by hand stay in '{edited.name}'; '{made.action.name}' is cleaned up",
                    )
        except Exception as error:
            cancelled = report_error(self, error)
            return {"FINISHED"} if done else cancelled  # what was done can be undone
        live.problem = None
        return {"FINISHED"}


class CleanUpAgain(_CleanUp, bpy.types.Operator):
    bl_idname = "reel2rig.clean_up"
    bl_label = "Clean Up Again"
    bl_description = (
        "Make the keys of this person again, with the contacts as they are in the Dope Sheet now. "
        "Keys edited by hand are kept in an action of their own"
    )


class CleanUpSelected(_CleanUp, bpy.types.Operator):
    bl_idname = "reel2rig.clean_up_selected"
    bl_label = "Clean Up All Selected"
    bl_description = "Make the keys of every selected person again, each with its own clean-up"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not selected_people(context):
            cls.poll_message_set("Select the people to clean up")
            return False
        return True

    def people(self, context: bpy.types.Context) -> list[bpy.types.Object]:
        return selected_people(context)


class CopyCleanup(_CleanUp, bpy.types.Operator):
    bl_idname = "reel2rig.copy_cleanup"
    bl_label = "Copy Clean-up to Selected"
    bl_description = "Give all other selected people the clean-up of the active one"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if not cls._others(context):
            cls.poll_message_set("Select other people too; the active one's clean-up goes to them")
            return False
        return True

    @staticmethod
    def _others(context: bpy.types.Context) -> list[bpy.types.Object]:
        return [person for person in selected_people(context) if person != active_person(context)]

    def people(self, context: bpy.types.Context) -> list[bpy.types.Object]:
        return self._others(context)

    def prepare(self, context: bpy.types.Context, person: bpy.types.Object) -> None:
        keep_cleanup(person, cleanup_of(active_person(context)))


class ResetCleanup(_CleanUp, bpy.types.Operator):
    bl_idname = "reel2rig.reset_cleanup"
    bl_label = "Reset Clean-up"
    bl_description = "Take all clean-up and edited contacts of this person back: the motion as captured"

    contacts_as_found = True

    def prepare(self, context: bpy.types.Context, person: bpy.types.Object) -> None:
        keep_cleanup(person, Cleanup())


class DetectContacts(_CleanUp, bpy.types.Operator):
    bl_idname = "reel2rig.detect_contacts"
    bl_label = "Detect Again"
    bl_description = "Forget how contacts were edited and take those that the capture found"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        person = active_person(context)
        action = capture_action(person)
        if not has_edited_contacts(person) and action is not None and not waits_for_contacts(action):
            cls.poll_message_set("Contacts are as the capture found them")
            return False
        return True

    contacts_as_found = True


class AddCorrections(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.add_corrections"
    bl_label = "Add Corrections Layer"
    bl_description = (
        "Put the capture on an NLA strip and an empty action on top, whose keys add to it. "
        "They stay through every later clean-up"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if corrections_action(active_person(context)) is not None:
            cls.poll_message_set("This person has a corrections layer")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            action = add_corrections(active_person(context))
        except Exception as error:
            return report_error(self, error)
        self.report({"INFO"}, f"Pose the bones and insert keys: they go to '{action.name}'")
        return {"FINISHED"}


class KeepRealTime(OfPerson, bpy.types.Operator):
    bl_idname = "reel2rig.keep_real_time"
    bl_label = "Keep Real Time"
    bl_description = (
        "Move the keys of the capture, and its footage, to the frame rate that the scene has now: "
        "one second of the video is one second again"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        live.drop()
        person = active_person(context)
        home = capture_of(context.scene, person)
        try:
            follow_scene_rate(context.scene, home, people_in(home) if home else [person])
        except Exception as error:
            return report_error(self, error)
        return {"FINISHED"}


CLASSES = (
    CleanUpAgain,
    CleanUpSelected,
    CopyCleanup,
    ResetCleanup,
    DetectContacts,
    AddCorrections,
    KeepRealTime,
)
