"""People put on their floor: other systems' worlds begin at any height, and legs of other bodies differ."""

from __future__ import annotations

import numpy as np

from ..clip import MotionClip
from ..feet import approximate_foot_points
from ..spaces import to_space

_STANDS = 0.1  # of all frames, those in which the lower sole is lowest: jumps and raised feet are above
_BODIES_DIFFER = 0.15  # metres, the legs of one adult and another
_NOT_WORTH_TELLING = 0.01  # metres


def sole_level(clip: MotionClip) -> float:
    """Height in metres of the level on which a person stands, in "blender" space.

    **Convention**: z up; of each seen frame the lowest of heels and toes counts, and of these a low quantile.
    """
    placed = to_space(clip, "blender")
    soles = approximate_foot_points(placed).positions(placed)[..., 2].min(axis=1)
    return float(np.quantile(soles[placed.valid] if placed.valid.any() else soles, _STANDS))


def on_floor(clip: MotionClip) -> MotionClip:
    """The clip in "blender" space, raised or lowered as a whole until the person stands at height 0."""
    placed = to_space(clip, "blender")
    return placed.replace(root=placed.root - [0.0, 0.0, sole_level(placed)])


def on_known_floor(clip: MotionClip, other_body: bool) -> MotionClip:
    """The clip in "blender" space, of a world whose floor is at height 0 already.

    Someone on a box stays there; someone sunk into the floor comes up. With `other_body`, legs that are a
    little longer or shorter than those of the body that moved are made up for.
    """
    placed, level = to_space(clip, "blender"), sole_level(clip)
    if level >= -_BODIES_DIFFER and not (other_body and abs(level) <= _BODIES_DIFFER):
        return placed
    if abs(level) <= _NOT_WORTH_TELLING:
        return on_floor(placed)
    way = "down" if level > 0 else "up"
    note = f"Moved {way} by {100 * abs(level):.0f} cm, so that the feet are on the floor."
    return on_floor(placed).replace(notes=(*placed.notes, note))
