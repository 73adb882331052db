"""From the raw clip packed in the .blend to keys, as clean-up and placement are chosen now.

It always starts from the raw clip, so nothing adds up and every setting can be taken back. Hand work is never
written over: where keys of the capture were edited, the result goes to a new action.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import bpy

from ...core.errors import InputError
from ...core.motion.cleanup.derive import derive
from ...core.motion.cleanup.derived import Derived
from ...core.motion.cleanup.settings import Cleanup, Placement
from .action import write_derived
from .camera_tracks import pose_capture_camera
from .edited_contacts import take_edited_contacts
from .fcurves import assign_action, curve_container, make_action
from .handwork import captured_paths, is_edited
from .layers import capture_action
from .made import EDITED, Made, contact_digest, made_now, read_made, write_made
from .people import capture_of, is_person, people_in
from .placed import PlacedPerson, placed_people
from .stored_settings import cleanup_of, contacts_of, placement_of


class LinkedPerson(InputError):
    code = "cleanup.linked"


@dataclass(frozen=True, eq=False)
class Rederived:
    """What became of one person.

    Attributes:
        action: which holds the result.
        is_new: the one before had been edited by hand, or another person plays it too; it stays as it was.
        notes: sentences for the user.
    """

    action: bpy.types.Action
    is_new: bool
    notes: tuple[str, ...]


def rederive(scene: bpy.types.Scene, person: bpy.types.Object, *, take_contacts: bool = True) -> Rederived:
    """Key a captured person anew, as clean-up and placement are chosen now.

    Contacts that were edited in the Dope Sheet are taken over first and stored with the person; not so
    without `take_contacts`, for someone who was given another clip than the one that the curves speak of.

    Raises PackedClipMissing, PackedClipCorrupt, BadCleanup, LinkedPerson, and what `derive` raises.
    """
    return _rederive(person, placed_people(capture_of(scene, person), [person])[0], take_contacts)


def rederive_capture(scene: bpy.types.Scene, home: bpy.types.Collection) -> list[Rederived]:
    """Key all people of a capture anew, and move its camera with them. Raises as `rederive`."""
    people = people_in(home)
    placed = placed_people(home, people)
    if placed:
        pose_capture_camera(home, placed[0])
    return [_rederive(person, one) for person, one in zip(people, placed, strict=True)]


def is_up_to_date(scene: bpy.types.Scene, person: bpy.types.Object) -> bool:
    """Whether the keys of a person were made from what is chosen now; edits by hand apart.

    Raises BadCleanup when what is chosen cannot be read.
    """
    home = capture_of(scene, person)
    made = read_made(capture_action(person))
    if made is None:
        return cleanup_of(person) == Cleanup() and (home is None or placement_of(home) == Placement())
    placement = placement_of(home) if home else made.placement
    return made.same_inputs(made_now(person, cleanup_of(person), placement, made.start, made.step))


def _rederive(person: bpy.types.Object, placed: PlacedPerson, take_contacts: bool = True) -> Rederived:
    if person.library is not None or person.override_library is not None:
        raise LinkedPerson(f"{person.name} is linked from another file; append it to clean it up here.")
    cleanup = cleanup_of(person)
    old = capture_action(person)
    if old is not None and take_contacts:
        take_edited_contacts(person, old, placed)
    derived = derive(
        placed.clip,
        cleanup,
        feet=placed.feet,
        contacts=contacts_of(person, placed.clip),
        scene_fps=placed.timeline_fps,
        origin=placed.placing.first_source,
    )
    action = old if old is not None and not is_protected(person, old) else _give_new_action(person, old)
    write_derived(person, action, derived, cleanup, placed.scene_frames, placed.unit)
    write_made(action, _note(person, placed, cleanup, derived, action))
    action.update_tag()
    person.update_tag(refresh={"TIME"})
    return Rederived(action, action != old, derived.notes)


def is_protected(person: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Whether the capture's action of a person must not be written: its keys were edited by hand, or another
    person plays it too, as after a linked duplicate.
    """
    return is_edited(action) or any(
        thing != person and is_person(thing) and capture_action(thing) == action for thing in bpy.data.objects
    )


def _give_new_action(person: bpy.types.Object, old: bpy.types.Action | None) -> bpy.types.Action:
    """A copy of the capture's action (or, where it is gone, a new one) that takes its place everywhere.

    The old one keeps all its keys and a fake user, so that saving does not drop it.
    """
    if old is None:
        action = make_action(person, person.name)
        if person.animation_data is not None and person.animation_data.action is not None:
            person.animation_data.action.use_fake_user = True
        assign_action(person, action)
        return action
    # A copy, because the animator may have keyed other things in it too.
    action = old.copy()
    action.use_fake_user = old.use_fake_user = True
    if is_edited(old):
        action[EDITED] = old
    data = person.animation_data or person.animation_data_create()
    if data.action == old:
        assign_action(person, action)
    for strip in (strip for track in data.nla_tracks for strip in track.strips if strip.action == old):
        strip.action = action
    return action


def _note(
    person: bpy.types.Object,
    placed: PlacedPerson,
    cleanup: Cleanup,
    derived: Derived,
    action: bpy.types.Action,
) -> Made:
    paths = captured_paths()
    counts = [
        len(curve.keyframe_points) for curve in curve_container(action).fcurves if curve.data_path in paths
    ]
    now = made_now(person, cleanup, placed.placement, placed.placing.start, placed.placing.step)
    return dataclasses.replace(
        now,
        curves=contact_digest(action),
        notes=derived.notes,
        overlay=derived.overlay,
        kept=sum(counts),
        keys=len(counts) * int((~derived.held).sum()),
    )
