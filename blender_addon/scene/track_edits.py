"""Putting right who is who among people who are in the scene already: merging, splitting, swapping.

Armatures stay wherever they can, with their materials, constraints, placement and clean-up: they are given
another clip, and their keys are derived from it anew. Hand work is never written over (`rederive`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...core.errors import InputError
from ...core.motion.body import BodyTemplate
from ...core.motion.clip import MotionClip
from ...core.motion.track_parts import TracksDiffer, merge_clips, split_clip, swap_clips
from ...core.motion.tracks import free_track
from .body_shape import Shape, body_of, set_shape, shape_of, unit_of
from .build import build_person
from .edited_contacts import take_edited_contacts
from .handwork import is_edited
from .layers import capture_action
from .packed import PROPERTY as CLIP
from .packed import pack_clip, read_about, unpack_clip
from .people import capture_of, people_in, skins_of
from .placed import placed_people
from .placing import Placing
from .rederive import LinkedPerson, Rederived, rederive
from .stored_settings import CLEANUP, cleanup_of, contacts_of, forget_contacts


class CaptureGone(InputError):
    code = "tracks.no_capture"


@dataclass(frozen=True, eq=False)
class EditedTracks:
    """Who is there after an edit, and what became of their keys, in the same order."""

    people: tuple[bpy.types.Object, ...]
    rederived: tuple[Rederived, ...]


def merge_people(scene: bpy.types.Scene, stays: bpy.types.Object, ends: bpy.types.Object) -> EditedTracks:
    """Make two people of one capture one: `stays` goes on as `ends`, and takes its place in every reference.

    The body becomes the mean of both, unless the user chose a shape for `stays`. The action of `ends` is kept
    when it was edited by hand.

    Raises what `merge_clips`, `unpack_clip`, `load_body` and `rederive` raise; nothing is changed then but
    for the last.
    """
    _capture_of(scene, stays, ends)
    clip, other = _edited_clip(scene, stays), _edited_clip(scene, ends)
    own_shape = shape_of(stays, clip)
    chosen = own_shape if own_shape != Shape.of(clip) else None
    body_of(stays)
    merged = merge_clips(clip, other)
    _exchange_clip(stays, merged)
    set_shape(stays, chosen, unit_of(stays))
    _replace_person(ends, stays)
    return _rederived(scene, stays)


def split_person(scene: bpy.types.Scene, person: bpy.types.Object, frame: int) -> EditedTracks:
    """Make the motion of a person from source frame `frame` on a second person, built beside the first.

    The new one has the same body, shape, clean-up and collection of the capture.

    Raises what `split_clip`, `unpack_clip`, `load_body` and `rederive` raise.
    """
    home = _capture_of(scene, person)
    clip = _edited_clip(scene, person)
    early, late = split_clip(clip, frame, free_track([unpack_clip(one)[0] for one in people_in(home)]))
    body = body_of(person) if skins_of(person) else None
    chosen = shape_of(person, clip)
    new = _build_beside(person, home, late, body)
    if CLEANUP in person:
        new[CLEANUP] = person[CLEANUP]
    if chosen != Shape.of(clip):
        set_shape(new, chosen, unit_of(person))
    _exchange_clip(person, early)
    return _rederived(scene, person, new)


def swap_people(
    scene: bpy.types.Scene, first: bpy.types.Object, second: bpy.types.Object, frame: int | None = None
) -> EditedTracks:
    """Let two people of one capture exchange their motion from source frame `frame` on, or all of it.

    Raises what `swap_clips`, `unpack_clip` and `rederive` raise.
    """
    _capture_of(scene, first, second)
    clips = swap_clips(_edited_clip(scene, first), _edited_clip(scene, second), frame)
    for person, clip in zip((first, second), clips, strict=True):
        _exchange_clip(person, clip)
    return _rederived(scene, first, second)


def source_frame(person: bpy.types.Object, scene_frame: float) -> int:
    """The video frame that a person shows at a scene frame, before or after the clip too.

    Raises as `read_about` and `cleanup_of`.
    """
    about = read_about(person)
    passed = (scene_frame - about["scene_start"]) / about["scene_step"] * cleanup_of(person).speed
    return int(about["video"]["trim"][0]) + round(passed)


def scene_frames(person: bpy.types.Object, source_frames: Iterable[int]) -> list[float]:
    """The scene frames at which a person shows video frames. Raises as `source_frame`."""
    about = read_about(person)
    pace, first = about["scene_step"] / cleanup_of(person).speed, about["video"]["trim"][0]
    return [about["scene_start"] + (frame - first) * pace for frame in source_frames]


def _capture_of(scene: bpy.types.Scene, *people: bpy.types.Object) -> bpy.types.Collection:
    homes = [capture_of(scene, person) for person in people]
    if homes[0] is None:
        raise CaptureGone(
            f"{people[0].name} is no longer in its capture's collection; move it back in the Outliner."
        )
    if any(home != homes[0] for home in homes):
        names = " and ".join(person.name for person in people)
        raise TracksDiffer(f"{names} come from different captures; choose two people of one capture.")
    for person in people:
        if person.library is not None or person.override_library is not None:
            raise LinkedPerson(f"{person.name} is linked from another file; append it to edit it here.")
    return homes[0]


def _rederived(scene: bpy.types.Scene, *people: bpy.types.Object) -> EditedTracks:
    # Their curves still hold the contacts of the clips that they had before.
    return EditedTracks(people, tuple(rederive(scene, one, take_contacts=False) for one in people))


def _edited_clip(scene: bpy.types.Scene, person: bpy.types.Object) -> MotionClip:
    """The raw clip with the contacts that the user edited, which then need no other place."""
    placed = placed_people(capture_of(scene, person), [person])[0]
    action = capture_action(person)
    if action is not None:
        take_edited_contacts(person, action, placed)
    clip, _ = unpack_clip(person)
    contacts = contacts_of(person, clip)
    return clip if contacts is None else clip.replace(contacts=np.repeat(contacts, 2, axis=1))


def _exchange_clip(person: bpy.types.Object, clip: MotionClip) -> None:
    """Pack another clip with a person. The old one goes, unless a duplicate of the person uses it too."""
    old = person[CLIP]
    pack_clip(person, clip, read_about(person))
    forget_contacts(person)
    _drop(old)


def _build_beside(
    person: bpy.types.Object, home: bpy.types.Collection, clip: MotionClip, body: BodyTemplate | None
) -> bpy.types.Object:
    """A new person in the capture of another one: in the same place, on the same frames of the scene."""
    about = read_about(person)
    placing = Placing(about["scene_start"], about["video"]["trim"][0], float(about["scene_step"]))
    new = build_person(home, home.name, clip, about, placing, body, len(people_in(home))).armature
    new.parent, new.parent_type, new.parent_bone = person.parent, person.parent_type, person.parent_bone
    new.matrix_parent_inverse, new.matrix_basis = person.matrix_parent_inverse, person.matrix_basis
    return new


def _replace_person(old: bpy.types.Object, new: bpy.types.Object) -> None:
    """Remove a person; constraints, modifiers and children of the user's then hang from the other one.

    The captured action goes too, unless keys in it were edited; so do the person's own empty collections.
    """
    action, skins, homes = capture_action(old), skins_of(old), old.users_collection
    spare: list[Any] = [old[CLIP], old.data, *(skin.data for skin in skins)]
    spare += [slot.material for skin in skins for slot in skin.material_slots if slot.material]
    if action is not None and not is_edited(action):
        spare.append(action)
    for skin in skins:
        bpy.data.objects.remove(skin)
    for home in homes:
        home.objects.unlink(old)
    old.user_remap(new)
    bpy.data.objects.remove(old)
    for home in homes:
        if not home.all_objects and not home.children:
            bpy.data.collections.remove(home)
    for thing in spare:
        _drop(thing)


def _drop(thing: bpy.types.ID) -> None:
    """Remove a datablock that nothing uses any more."""
    had_fake_user, thing.use_fake_user = thing.use_fake_user, False
    if thing.users:
        thing.use_fake_user = had_fake_user
    else:
        bpy.data.batch_remove([thing])
