"""Where each run of contact holds its foot: one anchor for its heel, one for its toe, that fit each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .feet import SAME_LEVEL, nearest_level
from .rotations import normalized, quaternion_rotate
from .smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FootShape:
    """What decides how far heel and toe of a foot are apart.

    Attributes:
        heel, ball: (3,) metres from the ankle, in the ankle's axes. toe: (3,) from the ball, in its own axes.
        bend: (T, 4) local rotation of the ball joint, sign-continuous unit quaternions.
    """

    heel: Floats
    ball: Floats
    toe: Floats
    bend: Floats

    def length(self, bend: Floats) -> float:
        """Metres from heel to toe with the ball joint at `bend` (4,)."""
        return float(np.linalg.norm(self.ball + quaternion_rotate(bend, self.toe) - self.heel))


@dataclass(frozen=True, eq=False)
class Footholds:
    """How one foot is held.

    Attributes:
        held: (T, 2) whether its heel and its toe are.
        anchors: (T, 2, 3) metres, where they are held.
        bend: (T, 4) the ball joint's local rotation: still where heel and toe are both held, as captured
            elsewhere.
    """

    held: Bools
    anchors: Array
    bend: Array


@dataclass(frozen=True)
class _Run:
    """Frames start..stop in which a point stands: 0 the heel, 1 the toe."""

    point: int
    start: int
    stop: int

    def frames_with(self, other: _Run) -> slice | None:
        first, last = max(self.start, other.start), min(self.stop, other.stop)
        return slice(first, last) if self.point != other.point and first < last else None


def find_footholds(points: Floats, on: Bools, foot: FootShape, levels: Array) -> Footholds:
    """Anchors for a foot whose heel and toe, points (T, 2, 3), stand where `on` (T, 2) says.

    A run is held at the median place of its point, on the level (L,) that it is near. Where heel and toe
    stand together the foot is rigid and their distance its own: the longest run is placed first, and what
    stands together with it in front of it or behind it, the way the foot points.

    **Convention**: z up.
    """
    held = _without_leaps(on)
    anchors, bend = np.zeros((len(held), 2, 3)), np.array(foot.bend, dtype=np.float64)
    heels, toes = ([_Run(k, *run) for run in unbroken_runs(held[:, k])] for k in (0, 1))
    neighbours, placed = _together(heels, toes), set[_Run]()
    for first in sorted(heels + toes, key=lambda run: run.start - run.stop):
        if first in placed:
            continue
        anchors[first.start : first.stop, first.point] = _middle(points, first, levels)
        placed.add(first)
        settled = [first]
        # Runs of one point lie apart, so that runs which share frames form a tree: none is placed twice.
        for neighbour in settled:
            for run in [run for run in neighbours[neighbour] if run not in placed]:
                shared = run.frames_with(neighbour)
                bend[shared] = normalized(foot.bend[shared].mean(axis=0))
                fixed = anchors[neighbour.start, neighbour.point]
                ahead = (points[shared, run.point] - points[shared, neighbour.point]).mean(axis=0)
                place = _middle(points, run, levels)
                flat = foot.length(bend[shared][0]) ** 2 - (place[2] - fixed[2]) ** 2
                way = ahead[:2] / max(float(np.linalg.norm(ahead[:2])), 1e-9)
                place[:2] = fixed[:2] + way * np.sqrt(max(flat, 0.0))
                anchors[run.start : run.stop, run.point] = place
                placed.add(run)
                settled.append(run)
    return Footholds(held, anchors, bend)


def _together(heels: list[_Run], toes: list[_Run]) -> dict[_Run, list[_Run]]:
    """Each run, and the runs of the other point that share frames with it, in their order."""
    neighbours: dict[_Run, list[_Run]] = {run: [] for run in heels + toes}
    heel = toe = 0
    while heel < len(heels) and toe < len(toes):
        first, second = heels[heel], toes[toe]
        if first.frames_with(second):
            neighbours[first].append(second)
            neighbours[second].append(first)
        if first.stop <= second.stop:
            heel += 1
        else:
            toe += 1
    return neighbours


def _middle(points: Floats, run: _Run, levels: Array) -> Array:
    """(3,) the median place of a run, on its level."""
    place = np.median(points[run.start : run.stop, run.point].astype(np.float64), axis=0)
    level = float(nearest_level(place[2], levels))
    if abs(place[2] - level) <= SAME_LEVEL:
        place[2] = level
    return place


def _without_leaps(on: Bools) -> Bools:
    """Contacts (T, 2) with a frame of both wherever a foot goes over from heel to toe, or back."""
    held = np.array(on, dtype=bool)
    before, after = on[:-1], on[1:]
    for ending, starting in ((0, 1), (1, 0)):
        leaps = before[:, ending] & ~after[:, ending] & ~before[:, starting] & after[:, starting]
        held[1:, ending] |= leaps
    return held
