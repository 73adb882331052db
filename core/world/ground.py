"""Which way is up and where the floor is, from bodies that stand and walk on it.

The camera does not tell, so three kinds of evidence are weighed by their standard deviations in one robust
least-squares fit (method section 10.3), shared by all people of the shot:

- cameras are held level: roll about 0, pitch a little downwards (weak);
- people who stand are upright, but for a usual lean ahead (the lean towards the camera is seen least);
- points of the feet that stand lie on one plane: decisive once the path spans some ground;
  with several people, their floors are taken to be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ..motion.skeletons import JOINT_INDEX
from .path import Ground
from .stances import LEVEL_GAP, Stances, Walker, find_stances

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

LEVEL_UP = np.array([0.0, -1.0, 0.0])  # of a level camera, whose y points down
PITCH_MEAN, PITCH_SPREAD = np.radians(5.0), np.radians(12.0)
ROLL_SPREAD = np.radians(4.0)
# From the ankles to the neck people lean ahead by some degrees (167 captured motions), hardly ever sideways;
# how far they lean towards the camera is the network's guess.
LEAN_AHEAD, LEAN_AHEAD_SPREAD, LEAN_ASIDE_SPREAD = np.radians(6.0), np.radians(3.0), np.radians(2.5)
LEAN_DEPTH_SPREAD = np.radians(4.0)
SAME_FLOOR = 0.6  # metres: floors of two people that seem to differ by less are one, seen with errors
STRAIGHT = 0.90  # cosine; how straight legs and trunk must be for a person to count as standing


def up_vector(pitch: float, roll: float) -> Array:
    """(3,) direction against gravity in camera axes of a camera pitched down and rolled, radians.

    **Convention**: camera x right, y down, z forward. Positive pitch looks down; positive roll tilts the
    picture's up direction to the right.
    """
    return np.array([np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])


def find_ground(walkers: Sequence[Walker]) -> tuple[Ground, Array]:
    """The floor in camera space, and how far (N,) above it each person seems to stand, metres.

    The floor is the lowest level on which somebody stands: a roof that a person jumps off is a level above
    it. What is left over between a person and the floor is an error in depth, for the path to settle.
    """
    upright = [one for walker in walkers if (one := _upright(walker)) is not None]
    up = _likely_up(upright)
    # The first direction decides which foot is the lower one; once more with the better direction.
    ground, _ = _fit(upright, [find_stances(walker, up) for walker in walkers], up)
    return _fit(upright, [find_stances(walker, ground.up) for walker in walkers], ground.up)


@dataclass(frozen=True, eq=False)
class _Upright:
    """How a person stands on average: direction (3,) from ankles to neck, facing (3,), number of frames.

    `facing` is a mean of unit vectors: short when they turned about, as no lean ahead is then left over.
    """

    direction: Array
    facing: Array
    frames: int


def _upright(walker: Walker) -> _Upright | None:
    """The mean over the frames in which the person stands; None when they never do."""
    joints = {name: walker.points.joints[:, index] for name, index in JOINT_INDEX.items()}
    hips = (joints["L_Hip"] + joints["R_Hip"]) / 2
    legs, trunk = hips - (joints["L_Ankle"] + joints["R_Ankle"]) / 2, joints["Neck"] - hips
    whole = legs + trunk
    length = np.linalg.norm(whole, axis=-1)
    cosine = np.sum(_unit(legs) * _unit(trunk), axis=-1)
    # Sitting folds the body at the hips, crouching shortens it; walkers do neither.
    standing = walker.valid & (cosine > STRAIGHT) & (length > 0.85 * np.quantile(length, 0.95))
    if not standing.any():
        return None
    direction = _unit(np.median(_unit(whole[standing]), axis=0))
    if direction @ LEVEL_UP < 0.5:  # upside down or lying across the picture: no witness for which way is up
        return None
    ahead = np.cross(joints["L_Hip"] - joints["R_Hip"], whole)[standing]
    return _Upright(direction, np.mean(_unit(ahead), axis=0), int(standing.sum()))


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _likely_up(upright: Sequence[_Upright]) -> Array:
    """(3,) up as the standing people show it, their usual lean taken off."""
    if not upright:
        return up_vector(PITCH_MEAN, 0.0)
    return _unit(sum((_without_lean(one) * np.sqrt(one.frames) for one in upright), np.zeros(3)))


def _without_lean(upright: _Upright) -> Array:
    return _unit(upright.direction - np.sin(LEAN_AHEAD) * upright.facing)


def _levels(stances: Sequence[Stances], up: Array) -> NDArray[np.int64]:
    """(S,) which level each place of all people belongs to, lowest first.

    A new level begins after every wide gap. Before that the lowest levels of people who seem to stand on
    nearly the same floor are brought together.
    """
    heights = [part.places @ up for part in stances]
    own = np.array([np.median(h[_steps_of(h) == 0]) for h in heights])
    common = own[np.argmax([len(h) for h in heights])]
    own[np.abs(own - common) > SAME_FLOOR] = common  # another floor altogether: not to be moved
    return _steps_of(np.concatenate([h - low for h, low in zip(heights, own, strict=True)]))


def _steps_of(heights: Array) -> NDArray[np.int64]:
    order = np.argsort(heights)
    level = np.empty(len(heights), dtype=np.int64)
    level[order] = np.concatenate([[0], np.cumsum(np.diff(heights[order]) > LEVEL_GAP)])
    return level


def _fit(upright: Sequence[_Upright], stances: Sequence[Stances], likely: Array) -> tuple[Ground, Array]:
    """Pitch, roll and heights of the levels with the least soft-L1 misfit of all evidence."""
    pitch, roll = float(np.arcsin(np.clip(-likely[2], -1, 1))), float(np.arctan2(likely[0], -likely[1]))
    leans = [(_without_lean(one), _lean_whitening(one, likely)) for one in upright]
    places = np.concatenate([part.places for part in stances])
    person = np.repeat(np.arange(len(stances)), [len(part.places) for part in stances])
    level = _levels(stances, likely)
    count = int(level.max()) + 1
    depth_share = np.concatenate([part.depth_share for part in stances])
    spread = np.hypot(np.concatenate([part.spread for part in stances]), depth_share * (places @ likely))

    def residuals(unknown: Array) -> Array:
        up = up_vector(unknown[0], unknown[1])
        above = places @ up - unknown[2 + level]
        camera = [(unknown[0] - PITCH_MEAN) / PITCH_SPREAD, unknown[1] / ROLL_SPREAD]
        return np.concatenate([above / spread, camera, *(whiten @ (seen - up) for seen, whiten in leans)])

    fits = []
    for start_pitch in (pitch, PITCH_MEAN, 0.35):
        heights = places @ up_vector(start_pitch, roll)
        middles = [float(np.median(heights[level == one])) for one in range(count)]
        start = np.array([start_pitch, roll, *middles])
        fits.append(least_squares(residuals, start, loss="soft_l1", f_scale=1.5))
    best = min(fits, key=lambda fit: fit.cost).x
    # A single place below all others is more likely an error than a floor.
    stood = np.bincount(level, minlength=count)
    floor = int(np.argmax((stood >= 2) | (stood == stood.max())))
    up, heights = up_vector(*best[:2]), best[2 + floor :] - best[2 + floor]
    ground = Ground(up, -float(best[2 + floor]), tuple(float(h) for h in heights if h >= 0))
    above = places @ up - best[2 + level]
    return ground, np.array([np.median(above[person == one]) for one in range(len(stances))])


def _lean_whitening(upright: _Upright, up: Array) -> Array:
    """(2, 3) matrix that turns a lean against `up` into two residuals of unit spread."""
    depth = _unit(np.array([0.0, 0.0, 1.0]) - up[2] * up)  # towards or away from the camera
    basis = np.stack([depth, np.cross(up, depth)])
    facing = basis @ upright.facing
    covariance = LEAN_ASIDE_SPREAD**2 * np.eye(2) + np.diag([LEAN_DEPTH_SPREAD**2, 0.0])
    covariance += (LEAN_AHEAD_SPREAD**2 - LEAN_ASIDE_SPREAD**2) * np.outer(facing, facing)
    # A second of standing is worth the full trust; a single frame may be caught in mid-step.
    caution = 1.0 + 1.0 / np.sqrt(upright.frames)
    return np.linalg.inv(np.linalg.cholesky(covariance)) @ basis / caution
