"""Where feet stand: the walking person as the ground sees them, their stances and their contacts (method
section 10.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.contacts import ESTIMATED_FEET, detect_contacts
from ..motion.smoothing import unbroken_runs
from .body_points import PosedPoints
from .path import Ground

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

STANCE_SPREAD, STANCE_DEPTH_SHARE = 0.03, 0.02  # metres of a stance off its floor; error along its ray
STEP_SPREAD, STEP_DEPTH_SHARE = 0.08, 0.06  # the same of a sole that was merely the lowest of its time
ENOUGH_STANCES, STEP_SECONDS = 3, 0.4
LEVEL_GAP = 0.35  # metres between two levels that people stand on; stairs rise less and run into a slope


@dataclass(frozen=True, eq=False)
class Walker:
    """One person as the ground sees them: points about the pelvis, path (T, 3), valid (T,), times (T,) s."""

    points: PosedPoints
    root: Array
    valid: NDArray[np.bool_]
    times: Array

    @property
    def middle_soles(self) -> Array:
        """(T, 4, 3) the middle of each contact point's sole, fixed to the foot, about the pelvis."""
        return self.points.soles.mean(axis=2)

    def lowest_soles(self, up: Array) -> Array:
        """(T, 4, 3) the lowest sole vertex of each contact point along `up`, about the pelvis."""
        lowest = np.argmin(self.points.soles @ up, axis=2)
        return np.take_along_axis(self.points.soles, lowest[:, :, None, None], axis=2)[:, :, 0]


@dataclass(frozen=True, eq=False)
class Stances:
    """Places where feet were on the floor: (S, 3) in camera space, metres, and how sure each is.

    The floor is missed by `spread` (S,) metres, and by the share `depth_share` (S,) of the camera's height
    above it, since an error in depth moves a place along its ray.
    """

    places: Array
    spread: Array
    depth_share: Array

    @classmethod
    def of(cls, stood: list[Array], stepped: list[Array]) -> Stances:
        """Of feet that stood still and of feet that were merely lowest."""
        count = np.array([len(stood), len(stepped)])
        spread = np.repeat([STANCE_SPREAD, STEP_SPREAD], count)
        share = np.repeat([STANCE_DEPTH_SHARE, STEP_DEPTH_SHARE], count)
        return cls(np.array(stood + stepped).reshape(-1, 3), spread, share)


def standing_contacts(walker: Walker, ground: Ground, above: float = 0.0) -> NDArray[np.float32]:
    """(T, 4) contacts of a person on a known floor; heights are those of the lowest vertex of each sole.

    `above` is how far above the floor the person seems to stand, metres, before their path is settled on it.
    """
    soles = walker.lowest_soles(ground.up) + walker.root[:, None] - above * ground.up
    heights = soles @ ground.up + ground.height - ground.level_under(soles)
    return detect_contacts(
        walker.middle_soles + walker.root[:, None],
        walker.times,
        valid=walker.valid,
        up=ground.up,
        heights=heights,
        thresholds=ESTIMATED_FEET,
    )


def find_stances(walker: Walker, up: Array) -> Stances:
    """The places where a foot stood: still, and not above the other foot.

    One place for each unbroken run, since the frames of one stance err together. Runners and jumpers hardly
    stand still: with fewer than three stances, the lowest sole of every step's time counts as well.
    """
    soles = walker.lowest_soles(up) + walker.root[:, None]
    heights = soles @ up
    # There is no floor yet: heights are judged against the lower foot of the frame.
    above_other = heights - heights.min(axis=1, keepdims=True)
    found = detect_contacts(
        walker.middle_soles + walker.root[:, None],
        walker.times,
        valid=walker.valid,
        up=up,
        heights=above_other,
        thresholds=ESTIMATED_FEET,
    )
    contacts = found > 0.5
    places = [
        soles[start:stop, point].mean(axis=0)
        for point in range(4)
        for start, stop in unbroken_runs(contacts[:, point])
    ]
    if len(places) < ENOUGH_STANCES:
        return Stances.of(places, _lowest_of_each_step(soles, heights, walker.times, walker.valid))
    # Nobody sinks into a floor: who is seen well below their stances has left a roof or a box.
    sunk = walker.valid & (heights.min(axis=1) < min(place @ up for place in places) - LEVEL_GAP)
    if sunk.mean() * (walker.times[-1] - walker.times[0]) <= STEP_SECONDS:
        return Stances.of(places, [])
    return Stances.of(places, _lowest_of_each_step(soles, heights, walker.times, sunk))


def _lowest_of_each_step(
    soles: Array, heights: Array, times: Array, counted: NDArray[np.bool_]
) -> list[Array]:
    """The lowest sole (3,) within each time of a step, over the frames that are counted."""
    lowest = np.argmin(heights, axis=1)
    step = (times / STEP_SECONDS).astype(np.int64)
    places = []
    for one in np.unique(step[counted]):
        frames = np.flatnonzero(counted & (step == one))
        frame = frames[np.argmin(heights[frames, lowest[frames]])]
        places.append(soles[frame, lowest[frame]])
    return places
