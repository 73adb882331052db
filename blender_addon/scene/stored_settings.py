"""The choices about clean-up and placement, kept in the .blend as one JSON text each.

Plain custom properties: they travel with the armature through append, duplicate, undo and the opening of the
file elsewhere, and need no registered property. Nobody keeps a second copy of them.
"""

from __future__ import annotations

import json
from functools import lru_cache

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.motion.cleanup.settings import BadCleanup, Cleanup, Placement, Record, from_json, to_json
from ...core.motion.clip import MotionClip
from ...core.motion.smoothing import unbroken_runs

CLEANUP = "reel2rig_cleanup"
PLACEMENT = "reel2rig_placement"
CONTACTS = "reel2rig_contacts"

Bools = NDArray[np.bool_]


def cleanup_of(person: bpy.types.Object) -> Cleanup:
    """The clean-up chosen for a person. Raises BadCleanup when the stored text cannot be read."""
    return _read(person, CLEANUP, Cleanup, "press Reset Clean-up")


def placement_of(home: bpy.types.Collection) -> Placement:
    """Where a whole capture was put. Raises BadCleanup when the stored text cannot be read."""
    return _read(home, PLACEMENT, Placement, "press Reset Placement")


def keep_cleanup(person: bpy.types.Object, cleanup: Cleanup) -> bool:
    """Store the clean-up with a person; whether it is another one than before."""
    return _keep(person, CLEANUP, cleanup)


def keep_placement(home: bpy.types.Collection, placement: Placement) -> bool:
    """Store the placement with a capture's collection; whether it is another one than before."""
    return _keep(home, PLACEMENT, placement)


def contacts_of(person: bpy.types.Object, clip: MotionClip) -> Bools | None:
    """(T, 2) contacts of left and right foot on the clip's frames as the user edited them; None unless
    edited. Raises BadCleanup when the stored text cannot be read.
    """
    text = person.get(CONTACTS)
    if text is None:
        return None
    try:
        runs = json.loads(text)
        contacts = np.zeros((len(clip), 2), dtype=bool)
        for foot, name in enumerate(("left", "right")):
            for first, last in runs[name]:
                contacts[:, foot] |= (clip.frames >= int(first)) & (clip.frames <= int(last))
    except (ValueError, TypeError, KeyError) as error:
        raise BadCleanup(
            f"The contacts stored with {person.name} cannot be read; press Detect Again."
        ) from error
    return contacts


def has_edited_contacts(person: bpy.types.Object) -> bool:
    """Whether edited contacts are stored with a person."""
    return CONTACTS in person


def keep_contacts(person: bpy.types.Object, clip: MotionClip, contacts: Bools) -> None:
    """Store edited contacts (T, 2) of the clip's frames as runs of video frames."""
    runs = {
        name: [
            [int(clip.frames[start]), int(clip.frames[stop - 1])]
            for start, stop in unbroken_runs(contacts[:, foot])
        ]
        for foot, name in enumerate(("left", "right"))
    }
    person[CONTACTS] = json.dumps(runs)


def forget_contacts(person: bpy.types.Object) -> None:
    """Let the contacts that the capture found count again."""
    if has_edited_contacts(person):
        del person[CONTACTS]


def _read(owner: bpy.types.ID, name: str, kind: type[Record], way_out: str) -> Record:
    text = owner.get(name)
    try:
        return kind() if text is None else _parsed(kind, text)
    except (ValueError, TypeError, BadCleanup) as error:
        what = "clean-up" if kind is Cleanup else "placement"
        raise BadCleanup(f"The {what} stored with {owner.name} cannot be read; {way_out}.") from error


@lru_cache(maxsize=64)
def _parsed(kind: type[Record], text: str) -> Record:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return from_json(kind, data)


def _keep(owner: bpy.types.ID, name: str, record: Cleanup | Placement) -> bool:
    text = json.dumps(to_json(record))
    if owner.get(name) == text:
        return False
    owner[name] = text
    return True
