"""Feet whose IK goal stands still while they roll: a control at the ball of the foot does what moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..rotations import quaternion_conjugate, quaternion_multiply, quaternion_rotate, slerp
from ..smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_RELEASE = 6  # frames at most in which a foot takes back, in the air, what it rolled on the floor
_IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def planted_goal(turns: Floats, balls: Floats, offset: Floats, contacts: ArrayLike) -> tuple[Array, Array]:
    """The turn (T, 4) and the place (T, 3) of a foot's goal, constant while the foot is in contact.

    While in contact, the goal is where the foot has it in the frame of that contact in which the sole lies
    flattest; in the air the difference goes to nothing, so that goal and foot are one again.

    Args:
        turns: (T, 4) of the foot from its rest. balls: (T, 3) where the head of the control at the ball is,
            metres. offset: (3,) from there to the goal at rest. contacts: (T,) bool.

    **Convention**: the world, z up; quaternions w, x, y, z.
    """
    rolled = np.tile(_IDENTITY, (len(turns), 1))  # foot = goal rolled
    drifts = np.zeros((len(turns), 3))
    stretches = tuple(unbroken_runs(contacts))
    upright = quaternion_rotate(turns, [0.0, 0.0, 1.0])[:, 2]
    still = [start + int(np.argmax(upright[start:stop])) for start, stop in stretches]
    for (start, stop), at in zip(stretches, still, strict=True):
        rolled[start:stop] = quaternion_multiply(quaternion_conjugate(turns[at]), turns[start:stop])
        drifts[start:stop] = balls[start:stop] - balls[at]
    stops, starts = [0, *(stop for _, stop in stretches)], [*(start for start, _ in stretches), len(turns)]
    for first, last in zip(stops, starts, strict=True):
        half = (last - first) // 2 if first > 0 and last < len(turns) else last - first
        frames = np.arange(1, min(_RELEASE, half) + 1)
        left = _fading(frames / (len(frames) + 1.0))
        if first > 0:
            _fade(rolled, drifts, first - 1, first - 1 + frames, left)
        if last < len(turns):
            _fade(rolled, drifts, last, last - frames, left)
    goal_turns = quaternion_multiply(turns, quaternion_conjugate(rolled))
    goal_heads = balls - drifts + quaternion_rotate(goal_turns, offset)
    for (start, stop), at in zip(stretches, still, strict=True):
        goal_turns[start:stop], goal_heads[start:stop] = goal_turns[at], goal_heads[at]
    return goal_turns, goal_heads


def _fade(rolled: Array, drifts: Array, of: int, frames: NDArray[np.int_], left: Array) -> None:
    rolled[frames] = slerp(_IDENTITY, rolled[of], left)
    drifts[frames] = left[:, None] * drifts[of]


def _fading(passed: Array) -> Array:
    """From 1 to 0, flat at both ends."""
    return 1.0 - passed * passed * (3.0 - 2.0 * passed)
