"""People put back on their floor without moving in the picture: every frame along its own line of sight.

Depth is what a picture hardly tells, so that is what gives way: feet that stand are on the floor and stay
where they are, and bodies accelerate only so hard. One unknown a frame, one linear least-squares problem; the
standard deviations are those with which a capture solves a path (method section 10.2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .level import unit

Array = NDArray[np.float64]

DEPTH_SHARE = 0.03  # of the distance: how far the apparent size is trusted
FLOOR_MISS = 0.02  # metres
SLIDE_SPEED = 0.12  # m/s at 30 fps
ACCELERATION = 4.0  # m/s^2 at 30 fps


def slide_along_sight(
    root: ArrayLike,
    feet: ArrayLike,
    contacts: ArrayLike,
    above: ArrayLike,
    up: ArrayLike,
    joined: ArrayLike,
    fps: float,
) -> Array:
    """(T, 3) pelvis positions before a camera at the origin, moved along their lines of sight.

    Args:
        root: (T, 3) metres. feet: (T, 4, 3) foot points about the pelvis, less what they may slide.
        contacts: (T, 4) in [0, 1], which of them stand.
        above: (T, 4) metres that each one has to come down.
        up: (3,) unit vector against gravity. joined: (T - 1,) bool, False at jumps in time.
    """
    x, offset = np.asarray(root, np.float64), np.asarray(feet, np.float64)
    rate, linked = np.sqrt(fps / 30.0), np.asarray(joined, bool)
    sunk = np.asarray(above, np.float64)
    standing = np.asarray(contacts, np.float64) / 2.0  # heel and toe of a foot say nearly the same
    distance, sight = np.linalg.norm(x, axis=1), unit(x)
    system = _Band(len(x))

    system.diagonal += (DEPTH_SHARE * np.maximum(distance, 0.1)) ** -2.0

    slope = sight @ np.asarray(up, np.float64)
    system.diagonal += standing.sum(axis=1) * (slope / FLOOR_MISS) ** 2
    system.right -= (standing * sunk).sum(axis=1) * slope / FLOOR_MISS**2

    both = np.minimum(standing[1:], standing[:-1]) * linked[:, None] / (SLIDE_SPEED * rate / fps) ** 2
    strength = both.sum(axis=1)
    slides = np.einsum("tp,tpi->ti", both, np.diff(offset + x[:, None], axis=0))
    system.diagonal[1:] += strength
    system.diagonal[:-1] += strength
    system.next[:-1] -= strength * np.sum(sight[1:] * sight[:-1], axis=1)
    system.right[1:] -= np.sum(slides * sight[1:], axis=1)
    system.right[:-1] += np.sum(slides * sight[:-1], axis=1)

    calm = (linked[1:] & linked[:-1]) / (ACCELERATION * rate / fps**2) ** 2
    for frame, weight in enumerate((1.0, 4.0, 1.0)):
        system.diagonal[frame : frame + len(calm)] += weight * calm
    system.next[: len(calm)] -= 2.0 * calm
    system.next[1 : 1 + len(calm)] -= 2.0 * calm
    system.after_next[: len(calm)] += calm
    return x + system.solve()[:, None] * sight


class _Band:
    """A symmetric positive system in which each unknown meets the two after it; rows and right side (T,)."""

    def __init__(self, count: int) -> None:
        self.diagonal, self.next, self.after_next, self.right = np.zeros((4, count))

    def solve(self) -> Array:
        """(T,) by elimination, in plain floats: numpy has no banded solver, and a step is a few products."""
        d, e, f = self.diagonal.tolist(), self.next.tolist(), self.after_next.tolist()
        b = self.right.tolist()
        count = len(d)
        for row in range(count - 1):
            share = e[row] / d[row]
            d[row + 1] -= share * e[row]
            b[row + 1] -= share * b[row]
            if row + 2 < count:
                e[row + 1] -= share * f[row]
                share = f[row] / d[row]
                d[row + 2] -= share * f[row]
                b[row + 2] -= share * b[row]
        x = [0.0] * (count + 2)
        for row in reversed(range(count)):
            x[row] = (b[row] - e[row] * x[row + 1] - f[row] * x[row + 2]) / d[row]
        return np.array(x[:count])
