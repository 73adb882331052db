"""What an action was made from, written on the action itself.

The keys and this note lie in one datablock, so undo, redo and a copy of the action cannot part them: by it
the add-on knows whether the keys still say what is chosen, and how scene frames lead back to video frames.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

import bpy
import numpy as np

from ...core.errors import Reel2RigError
from ...core.motion.cleanup.settings import Cleanup, Placement, from_json, to_json
from .body_shape import PROPERTY as SHAPE
from .contact_curves import CONTACTS as CURVES
from .fcurves import curve_container
from .placing import Placing
from .stored_settings import CONTACTS

PROPERTY = "reel2rig_made"
EDITED = "reel2rig_edited"  # on an action: the one edited by hand whose place it took


@dataclass(frozen=True)
class Made:
    """The note on an action.

    Attributes:
        cleanup, placement: the settings it was made with.
        start: scene frame of the capture's first video frame. step: scene frames per video frame.
        contacts, shape: the stored texts of edited contacts and of the body's shape, empty for none.
        curves: digest of the contact curves as they were written.
        notes: sentences for the user. overlay: whether the body still covers the person in the video.
        kept, keys: how many keys the bones have, and how many they have unreduced.
    """

    cleanup: Cleanup
    placement: Placement
    start: int
    step: float
    contacts: str = ""
    shape: str = ""
    curves: str = ""
    notes: tuple[str, ...] = ()
    overlay: bool = True
    kept: int = 0
    keys: int = 0

    def placing(self, now: Placing) -> Placing:
        """Where the capture lay on the timeline then, whatever `now` is."""
        return dataclasses.replace(now, start=self.start, step=self.step)

    def same_inputs(self, other: Made) -> bool:
        """Whether an action made like `other` would hold the same keys."""
        return _inputs(self) == _inputs(other)


def _inputs(made: Made) -> tuple[object, ...]:
    return made.cleanup, made.placement, made.start, made.step, made.contacts, made.shape


def made_now(
    person: bpy.types.Object, cleanup: Cleanup, placement: Placement, start: int, step: float
) -> Made:
    """The note of an action that would be made now."""
    return Made(cleanup, placement, start, step, person.get(CONTACTS, ""), person.get(SHAPE, ""))


def write_made(action: bpy.types.Action, made: Made) -> None:
    """Write the note on an action."""
    data = dataclasses.asdict(made)
    data |= {"cleanup": to_json(made.cleanup), "placement": to_json(made.placement)}
    action[PROPERTY] = json.dumps(data, ensure_ascii=False)


def read_made(action: bpy.types.Action | None) -> Made | None:
    """The note on an action; None when it carries none that can be read, as after the plain build."""
    text = action.get(PROPERTY) if action else None
    if text is None:
        return None
    try:
        data = json.loads(text)
        data["cleanup"] = from_json(Cleanup, data["cleanup"])
        data["placement"] = from_json(Placement, data["placement"])
        data["notes"] = tuple(data["notes"])
        return Made(**data)
    except (ValueError, KeyError, TypeError, Reel2RigError):
        return None


def contact_digest(action: bpy.types.Action) -> str:
    """A text that changes when a key of the contact curves is changed, added or removed."""
    digest = hashlib.blake2b(digest_size=16)
    for name in CURVES:
        curve = curve_container(action).fcurves.find(f'["{name}"]')
        points = np.empty(2 * len(curve.keyframe_points) if curve else 0, np.float32)
        if curve:
            curve.keyframe_points.foreach_get("co", points)
        digest.update(name.encode() + points.tobytes())
    return digest.hexdigest()
