"""Select, show and hide the people of a capture."""

from __future__ import annotations

import bpy

from ..scene.people import active_capture, people_in, skins_of


class _OnePerson:
    """An operator on the person whose armature is called `person`."""

    bl_options = {"UNDO", "INTERNAL"}  # noqa: RUF012

    person: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def found(self, context: bpy.types.Context) -> bpy.types.Object | None:
        """The armature; None, with a word to the user, where this view layer leaves it out."""
        person = context.view_layer.objects.get(self.person)
        if person is None:
            told = f"{self.person} lies in a collection that is switched off in this view layer"
            self.report({"WARNING"}, told)  # type: ignore[attr-defined]
        return person


class ToggleSelected(_OnePerson, bpy.types.Operator):
    bl_idname = "reel2rig.toggle_person"
    bl_label = "Select With Others"
    bl_description = "Add this person to what is selected, or take them out of it"

    def execute(self, context: bpy.types.Context) -> set[str]:
        person = self.found(context)
        if person is None:
            return {"CANCELLED"}
        person.select_set(not person.select_get())
        if person.select_get():
            context.view_layer.objects.active = person
        return {"FINISHED"}


class ToggleShown(_OnePerson, bpy.types.Operator):
    bl_idname = "reel2rig.show_person"
    bl_label = "Show or Hide"
    bl_description = "Show or hide this person in the viewport, bones and body"

    def execute(self, context: bpy.types.Context) -> set[str]:
        person = self.found(context)
        if person is None:
            return {"CANCELLED"}
        hide = not person.hide_get()
        for thing in (person, *skins_of(person)):
            thing.hide_set(hide)
        return {"FINISHED"}


class SelectPeople(bpy.types.Operator):
    bl_idname = "reel2rig.select_people"
    bl_label = "Select All People"
    bl_description = "Select all people of the capture, and nothing else"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if active_capture(context) is None:
            cls.poll_message_set("Select somebody of the capture")
            return False
        if context.mode != "OBJECT":
            cls.poll_message_set("Go back to Object Mode first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        home = active_capture(context)
        people = [person for person in people_in(home) if person.visible_get()] if home else []
        for thing in context.selected_objects:
            thing.select_set(False)
        for person in people:
            person.select_set(True)
        if people and context.object not in people:
            context.view_layer.objects.active = people[0]
        return {"FINISHED"}


CLASSES = (ToggleSelected, ToggleShown, SelectPeople)
