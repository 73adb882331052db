"""Finding captured people in a scene: by what is selected, by capture, and what belongs to one of them."""

from __future__ import annotations

import bpy

from .packed import PROPERTY


def is_person(thing: bpy.types.Object | None) -> bool:
    """Whether an object is the armature of a captured person."""
    return thing is not None and thing.type == "ARMATURE" and PROPERTY in thing


def person_of(thing: bpy.types.Object | None) -> bpy.types.Object | None:
    """The person that an object is, or hangs from (a body mesh, something parented to a bone)."""
    while thing is not None and not is_person(thing):
        thing = thing.parent
    return thing


def active_person(context: bpy.types.Context) -> bpy.types.Object | None:
    """The captured person whom the user works on: the active object's, else the scene's only one."""
    if person := person_of(context.object):
        return person
    people = [thing for thing in context.scene.objects if is_person(thing)]
    return people[0] if len(people) == 1 else None


def chosen_people(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The captured people who are selected, by bones or by body, the active one first."""
    people = [person_of(thing) for thing in (context.object, *context.selected_objects)]
    if context.object not in context.selected_objects:
        people = people[1:]
    return [person for person in dict.fromkeys(people) if person is not None]


def capture_of(scene: bpy.types.Scene, person: bpy.types.Object) -> bpy.types.Collection | None:
    """The collection of the capture that a person came with: people who share its camera and floor."""
    for home in scene.collection.children_recursive:
        if any(person.name in child.objects for child in home.children):
            return home
    return None


def active_capture(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The capture of the active object, be it a person, a body or the camera; else the scene's only one."""
    captures = [home for home in context.scene.collection.children_recursive if people_in(home)]
    chosen = context.object
    for home in captures:
        if chosen is not None and chosen.name in home.all_objects:
            return home
    return captures[0] if len(captures) == 1 else None


def people_in(home: bpy.types.Collection) -> list[bpy.types.Object]:
    """The armatures of all people of a capture, in the order in which they were built."""
    return [thing for child in home.children for thing in child.objects if is_person(thing)]


def skins_of(person: bpy.types.Object) -> list[bpy.types.Object]:
    """The meshes that a person's armature deforms."""
    return [
        thing
        for thing in person.children
        if thing.type == "MESH"
        and any(modifier.type == "ARMATURE" and modifier.object == person for modifier in thing.modifiers)
    ]


def camera_of(home: bpy.types.Collection) -> bpy.types.Object | None:
    """The solved camera of a capture."""
    return next((thing for thing in home.objects if thing.type == "CAMERA"), None)
