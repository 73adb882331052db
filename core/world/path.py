"""The path of the pelvis through a clip: one linear least-squares problem over all its frames (method
section 10.2).

Four kinds of evidence, each a row with a standard deviation: where the landmarks put every frame (sideways to
a centimetre, in depth to some percent), that bodies accelerate only so hard, that a standing foot is on the
floor, and that it does not slide. Depth, which a single picture hardly shows, is what the other three repair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from .translation import Placement

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

ACCELERATION = 4.0  # m/s^2, standard deviation of the pelvis' acceleration at 30 fps
FLOOR_MISS = 0.02  # metres
SINKING = 0.05  # metres that a foot may be below the floor before it is lifted
SLIDE_SPEED = 0.12  # m/s
ANY_SPEED = 30.0  # m/s; so weak that it only decides where nothing else does
_LANDMARK_OUTLIER = 3.0  # standard deviations at which a frame's placement has lost half its say
_LANDING = 3.0  # standard deviations of acceleration at which a jolt is believed by half: people land
_ROUNDS = 5
_HARDLY = 1e-6  # 1/m^2, keeps a frame of which nothing is known where it was put
_BAND = 6  # the acceleration couples frame t to t + 2: six unknowns away


@dataclass(frozen=True, eq=False)
class Ground:
    """What is known of the floor in camera space.

    up: (3,) unit vector against gravity.
    height: metres of the camera above the floor, so that a point X of the floor has up . X + height = 0.
    levels: heights above the floor on which people stand, the floor's own 0 first, then boxes and roofs.
    """

    up: Array
    height: float
    levels: tuple[float, ...] = (0.0,)

    def level_under(self, points: Floats) -> Array:
        """(...) the level nearest to points (..., 3) in camera space, metres above the floor."""
        heights = points @ self.up + self.height
        levels = np.array(self.levels)
        return levels[np.argmin(np.abs(heights[..., None] - levels), axis=-1)]


@dataclass(frozen=True, eq=False)
class Steps:
    """How the feet tie the pelvis to the floor; positions are about the pelvis, in camera axes, metres.

    contacts: (T, 4) in [0, 1] of left heel, left toe, right heel, right toe.
    lowest: (T, 4, 3) their lowest points, which touch the floor.
    levels: (T, 4) heights above the floor of what they touch; heights: (T, 4) their own before this path.
    middles: (T, 4, 3) points fixed to the feet, which do not slide: the lowest point of a foot that rolls
    wanders along its sole.
    """

    contacts: Floats
    lowest: Floats
    levels: Floats
    heights: Floats
    middles: Floats
    ground: Ground

    def part(self, frames: slice) -> Steps:
        arrays = (self.contacts, self.lowest, self.levels, self.heights, self.middles)
        contacts, lowest, levels, heights, middles = (array[frames] for array in arrays)
        return Steps(contacts, lowest, levels, heights, middles, self.ground)


def solve_path(placement: Placement, fps: float, steps: Steps | None = None) -> Array:
    """(T, 3) pelvis positions in camera space, metres.

    Args:
        placement: what the landmarks say per frame.
        steps: the feet on a known floor, when there is one yet.

    Frames without information (zero matrices) are bridged by the acceleration term, in a cubic curve.
    """
    count, dt = len(placement.root), 1.0 / fps
    # One jolt has the same strength in m/s^2 whatever the rate: white noise, whose spread grows with the root
    # of it.
    jolt = ACCELERATION * np.sqrt(fps / 30.0) * dt**2
    weight, calm = np.ones(count), np.ones(max(count - 2, 0))
    fixed = _System(count)
    fixed.add_standing(np.full((count - 1, 1), (ANY_SPEED * dt) ** -2), np.zeros((count, 1, 3)))
    fixed.add_blocks(np.broadcast_to(_HARDLY * np.eye(3), (count, 3, 3)), _HARDLY * placement.root)
    if steps is not None:
        standing = (
            np.asarray(steps.contacts, dtype=np.float64) / 2.0
        )  # heel and toe of a foot say nearly the same
        sunk = np.argmin(steps.lowest @ steps.ground.up, axis=1)[:, None] == np.arange(4)
        sunk &= steps.heights < -SINKING
        strength = np.maximum(standing / FLOOR_MISS**2, sunk / SINKING**2)
        fixed.add_floor(strength, steps)
        both = np.minimum(standing[1:], standing[:-1])
        fixed.add_standing(both / (SLIDE_SPEED * np.sqrt(fps / 30.0) * dt) ** 2, steps.middles)
    path = placement.root
    for _ in range(_ROUNDS):
        system = fixed.copy()
        information = placement.information * weight[:, None, None]
        system.add_blocks(information, np.einsum("tij,tj->ti", information, placement.root))
        system.add_accelerations(calm / jolt**2)
        path = system.solve()
        miss = path - placement.root
        distance = np.einsum("ti,tij,tj->t", miss, placement.information, miss)
        weight = 1.0 / (1.0 + distance / _LANDMARK_OUTLIER**2)
        jolts = np.sum(np.diff(path, 2, axis=0) ** 2, axis=-1) / jolt**2
        calm = 1.0 / (1.0 + jolts / _LANDING**2)
    return path


class _System:
    """Normal equations of a path (T, 3): a band matrix in LAPACK's lower form, and a right side."""

    def __init__(self, count: int) -> None:
        self.band = np.zeros((_BAND + 1, count, 3))
        self.right = np.zeros((count, 3))

    def copy(self) -> _System:
        twin = _System(0)
        twin.band, twin.right = self.band.copy(), self.right.copy()
        return twin

    def add_blocks(self, blocks: Array, right: Array) -> None:
        """Add (T, 3, 3) matrices on the diagonal and (T, 3) on the right."""
        for column in range(3):
            for row in range(column, 3):
                self.band[row - column, :, column] += blocks[:, row, column]
        self.right += right

    def add_accelerations(self, strength: Array) -> None:
        """Second differences of the path (strength (T - 2,)) are about zero."""
        stencil = np.array([1.0, -2.0, 1.0])
        inner = len(strength)
        for first in range(3):
            for second in range(first, 3):
                product = strength * stencil[first] * stencil[second]
                self.band[3 * (second - first), first : first + inner] += product[:, None]

    def add_floor(self, strength: Array, steps: Steps) -> None:
        """Standing points (strength (T, 4)) have up . (x + lowest) + height = level."""
        up = steps.ground.up
        wanted = steps.levels - steps.lowest @ up - steps.ground.height
        blocks = strength.sum(axis=1)[:, None, None] * np.outer(up, up)
        self.add_blocks(blocks, (strength * wanted).sum(axis=1)[:, None] * up)

    def add_standing(self, strength: Array, soles: Floats) -> None:
        """Points that stand in two frames (strength (T - 1, 4)) do not move from one to the other."""
        total = strength.sum(axis=1)
        moved = (strength[..., None] * (soles[1:] - soles[:-1])).sum(axis=1)
        self.band[0, :-1] += total[:, None]
        self.band[0, 1:] += total[:, None]
        self.band[3, :-1] -= total[:, None]
        self.right[1:] -= moved
        self.right[:-1] += moved

    def solve(self) -> Array:
        count = len(self.right)
        band = self.band.reshape(_BAND + 1, 3 * count)
        # Entries that would lie below the last row stay zero, as LAPACK expects.
        return solveh_banded(band, self.right.reshape(-1), lower=True).reshape(count, 3)
