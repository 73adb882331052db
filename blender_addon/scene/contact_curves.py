"""Which foot stands on the floor, as curves that an animator can read and edit in the Dope Sheet.

They animate custom properties of the armature object in the capture's action: a stepped 0 or 1 for each foot
in the F-curve group "Contacts", together with `not_seen` where the person could not be seen, and how sure the
contacts are in a group of its own, whose many keys would hide the few that are edited.
"""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.motion.cleanup.derived import Derived
from .fcurves import CONSTANT, LINEAR, curve_container, remove_curves, write_curve

GROUP, CONFIDENCE_GROUP = "Contacts", "Contact Confidence"
CONTACTS: tuple[str, str] = ("contact_L", "contact_R")
CONFIDENCES: tuple[str, str] = ("contact_L_confidence", "contact_R_confidence")
NOT_SEEN = "not_seen"
GAP_MARKER, SEEN_MARKER = "Not seen", "Seen again"

_CONFIDENCE_STEP = 0.05  # finer differences of a confidence say nothing and get no keys
_ABOUT = {
    CONTACTS[0]: "1 where the left foot stands on the floor",
    CONTACTS[1]: "1 where the right foot stands on the floor",
    CONFIDENCES[0]: "How sure it is whether the left foot stands on the floor",
    CONFIDENCES[1]: "How sure it is whether the right foot stands on the floor",
    NOT_SEEN: "1 where the person could not be seen for too long, so that the pose is held",
}


def write_contacts(
    armature: bpy.types.Object, action: bpy.types.Action, frames: ArrayLike, derived: Derived
) -> None:
    """Write contacts, confidences and gaps of `derived` into `action`, in place of what is there.

    Args:
        frames: (T,) scene frames of the derived motion, increasing.

    A contact has a key where it changes, so that a change is moved by dragging one key.
    """
    container = curve_container(action)
    numbers = np.asarray(frames, np.float64)
    for side in range(2):
        _write_steps(armature, container, CONTACTS[side], numbers, derived.contacts[:, side])
        _declare(armature, CONFIDENCES[side], 1.0)
        kept = _bends(derived.confidence[:, side])
        curve = write_curve(container, _path(CONFIDENCES[side]), 0, CONFIDENCE_GROUP, numbers[kept],
                            derived.confidence[kept, side], LINEAR)  # fmt: skip
        curve.lock = True  # it says what the computer thought, which editing would not change
    if np.any(derived.held):
        _write_steps(armature, container, NOT_SEEN, numbers, derived.held).lock = True
    else:
        remove_curves(container, _path(NOT_SEEN))
        if NOT_SEEN in armature:
            del armature[NOT_SEEN]
    _mark_gaps(action, numbers, derived.held)


def read_contacts(action: bpy.types.Action, frames: ArrayLike) -> NDArray[np.bool_] | None:
    """The contacts as they are in the action, edited or not: left, right (T, 2) at scene frames (T,).

    A curve that was deleted says "no contact"; None when both are missing.
    """
    curves = [curve_container(action).fcurves.find(_path(name)) for name in CONTACTS]
    if not any(curves):
        return None
    numbers = np.asarray(frames, np.float64)
    return np.array(
        [[curve is not None and curve.evaluate(frame) > 0.5 for curve in curves] for frame in numbers], bool
    )


def _path(name: str) -> str:
    return f'["{name}"]'


def _declare(armature: bpy.types.Object, name: str, value: float) -> None:
    """Give the armature the custom property, from 0 to 1, unless it has it."""
    if name not in armature:
        armature[name] = value
        armature.id_properties_ui(name).update(min=0, max=1, soft_min=0, soft_max=1, description=_ABOUT[name])


def _write_steps(
    armature: bpy.types.Object, container: object, name: str, frames: NDArray[np.float64], on: ArrayLike
) -> bpy.types.FCurve:
    _declare(armature, name, 0)
    values = np.asarray(on, np.int64)
    changed = np.flatnonzero(np.diff(values, prepend=-1))
    return write_curve(container, _path(name), 0, GROUP, frames[changed], values[changed], CONSTANT)


def _bends(values: ArrayLike) -> NDArray[np.intp]:
    """Indices of `values` (T,) between which they run straight, within `_CONFIDENCE_STEP`."""
    given = np.asarray(values, np.float64)
    kept = {0, len(given) - 1}
    open_spans = [(0, len(given) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        inside = np.arange(first, last + 1)
        away = np.abs(given[inside] - np.interp(inside, [first, last], given[[first, last]]))
        worst = int(np.argmax(away))
        if away[worst] > _CONFIDENCE_STEP:
            kept.add(first + worst)
            open_spans += [(first, first + worst), (first + worst, last)]
    return np.array(sorted(kept))


def _mark_gaps(action: bpy.types.Action, frames: NDArray[np.float64], held: NDArray[np.bool_]) -> None:
    for marker in [m for m in action.pose_markers if m.name in (GAP_MARKER, SEEN_MARKER)]:
        action.pose_markers.remove(marker)
    for index in np.flatnonzero(np.diff(held.astype(np.int8), prepend=0)):
        marker = action.pose_markers.new(GAP_MARKER if held[index] else SEEN_MARKER)
        marker.frame = round(frames[index])
