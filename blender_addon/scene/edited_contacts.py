"""Contacts that the animator edited in the Dope Sheet, brought back to the frames of the video."""

from __future__ import annotations

import dataclasses

import bpy
import numpy as np

from ...core.motion.cleanup.derive import derive
from ...core.motion.cleanup.settings import Cleanup
from ...core.motion.contacts import foot_contacts
from ...core.motion.timing import frame_times
from .contact_curves import read_contacts
from .made import contact_digest, read_made
from .placed import PlacedPerson
from .stored_settings import contacts_of, keep_contacts


def waits_for_contacts(action: bpy.types.Action) -> bool:
    """Whether contacts were edited since the keys were made, so that these do not know of it yet."""
    made = read_made(action)
    return made is not None and made.curves != contact_digest(action)


def take_edited_contacts(person: bpy.types.Object, action: bpy.types.Action, placed: PlacedPerson) -> bool:
    """Store with the person what was edited in the contact curves of `action`; whether anything was.

    The curves lie where the settings of the time when they were written put them: at another speed, on other
    frames, left and right exchanged. The action's own note tells, whatever is chosen since. Only what differs
    from what was written counts as edited, so that rounding to other frames and back changes nothing.
    """
    made = read_made(action)
    if made is not None and made.curves == contact_digest(action):
        return False
    cleanup = made.cleanup if made else Cleanup()
    if made:
        placed = dataclasses.replace(placed, placing=made.placing(placed.placing))
    clip, known = placed.clip, contacts_of(person, placed.clip)
    written = derive(
        clip,
        # What moves poses but no contacts is left out.
        dataclasses.replace(cleanup, spikes=0.0, smoothing=0.0, foot_lock=0.0),
        feet=placed.feet,
        contacts=known,
        scene_fps=placed.timeline_fps,
        origin=placed.placing.first_source,
    )
    now = read_contacts(action, placed.scene_frames(written.seconds))
    if now is None or np.array_equal(now, written.contacts):
        return False
    edited = now != written.contacts
    if cleanup.mirror:
        now, edited = now[:, ::-1], edited[:, ::-1]
    times = frame_times(clip.fps, clip.frames - placed.placing.first_source) / cleanup.speed
    nearest = _nearest(written.seconds, times)
    base = foot_contacts(clip.contacts) if known is None else known
    keep_contacts(person, clip, np.where(edited[nearest], now[nearest], base))
    return True


def _nearest(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Index of the nearest of `known` (N,), increasing, for each of `wanted` (T,)."""
    after = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(wanted - known[before] < known[after] - wanted, before, after)
