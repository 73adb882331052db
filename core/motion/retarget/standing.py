"""When the heels and toes of a source stand on the floor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..contacts import chosen_contacts, detect_contacts, resting_heights
from .anatomy import Anatomy
from .human import SourceMotion
from .posed import Posed
from .role_carriers import role_carriers
from .roles import SIDES
from .soles import Soles

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

_UP = (0.0, 0.0, 1.0)


def standing_points(source: SourceMotion, of: Anatomy) -> Bools:
    """(T, 4) left heel, left toe, right heel, right toe on the floor.

    Where the source says which feet stand, that is believed, and the motion tells whether by heel or toe or
    both; else all is found from the motion. Feet without a bone never stand.
    """
    soles = Soles.of(of)
    posed = Posed(of.skeleton, source.turns, source.heads, role_carriers(of), len(source.frames))
    points = np.full((len(source.frames), 4, 3), 1e3)  # far above any floor
    for foot, side in enumerate(SIDES):
        if side in soles.feet:
            points[:, 2 * foot : 2 * foot + 2] = soles.seen(of, posed, side).points()
    times, valid = source.frames / source.fps, ~source.held
    if source.contacts is None:
        floor = resting_heights(points[valid] if valid.any() else points, _UP)
        return detect_contacts(points, times, valid=valid, up=_UP, floor=floor) > 0.5
    # The point that stands is the lower one, on whatever level the foot is.
    heights = points[..., 2].reshape(-1, 2, 2)
    above = (heights - heights.min(axis=-1, keepdims=True)).reshape(-1, 4)
    found = detect_contacts(points, times, valid=valid, up=_UP, heights=above)
    known = np.array([side in soles.feet for side in SIDES])
    return chosen_contacts(found, source.contacts & known & valid[:, None]) > 0.5


def sample_rate(source: SourceMotion) -> float:
    """Frames a second of the samples that a source gives, which may lie less than a scene frame apart."""
    if len(source.frames) < 2:
        return source.fps
    return source.fps / float(np.median(np.diff(source.frames)))
