"""Which way is up and where the floor is, from bodies that stand and walk on it.

The camera does not tell, so four kinds of evidence are weighed by their standard deviations in one robust
least-squares fit (method.md 10.3), shared by all people of the shot:

- cameras are held level: roll about 0, pitch a little downwards (weak);
- people who stand are upright, but for a usual lean ahead (the lean towards the camera is seen least);
- points of the feet that stand lie on one plane: decisive once the path spans some ground;
- adults are about as tall as their shape says: with several people, one floor decides who is how large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ..motion.contacts import ContactThresholds, detect_contacts
from ..motion.skeletons import JOINT_INDEX
from ..motion.smoothing import unbroken_runs
from .body_points import PosedPoints
from .path import Ground

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

LEVEL_UP = np.array([0.0, -1.0, 0.0])  # of a level camera, whose y points down
PITCH_MEAN, PITCH_SPREAD = np.radians(5.0), np.radians(12.0)
ROLL_SPREAD = np.radians(4.0)
# From the ankles to the neck people lean ahead by some degrees (167 captured motions), hardly ever sideways;
# how far they lean towards the camera is the network's guess.
LEAN_AHEAD, LEAN_AHEAD_SPREAD, LEAN_ASIDE_SPREAD = np.radians(6.0), np.radians(3.0), np.radians(2.5)
LEAN_DEPTH_SPREAD = np.radians(4.0)
STANCE_SPREAD = 0.03  # metres of a standing foot above or below the floor
STANCE_DEPTH_SHARE = 0.02  # and its error in depth, which moves it along its ray
ENOUGH_STANCES, STEP_SECONDS = 3, 0.4
LEVEL_GAP = 0.35  # metres between two levels that people stand on; stairs rise less and run into a slope
SIZE_SPREAD = 0.06  # of the logarithm of a person's size against what their shape says
# Estimated feet tremble more than captured ones: looser in speed, smoothed a little longer. On captured
# motion with simulated errors these find 69 % of the contacts, 91 % of what they find is right.
ESTIMATED_FEET = ContactThresholds(enter_speed=0.35, stay_speed=0.55, smoothing=2.0 / 30.0)
STRAIGHT = 0.90  # cosine; how straight legs and trunk must be for a person to count as standing


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


def up_vector(pitch: float, roll: float) -> Array:
    """(3,) direction against gravity in camera axes of a camera pitched down and rolled, radians.

    **Convention**: camera x right, y down, z forward. Positive pitch looks down; positive roll tilts the
    picture's up direction to the right.
    """
    return np.array([np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])


def find_ground(walkers: Sequence[Walker]) -> tuple[Ground, Array]:
    """The floor in camera space and the size (N,) of every person against what their shape says.

    A single person's size cannot be told from their distance and is 1. The floor is the lowest level on which
    somebody stands: a roof that a person jumps off is a level above it.
    """
    upright = [one for walker in walkers if (one := _upright(walker)) is not None]
    up = _likely_up(upright)
    # The first direction decides which foot is the lower one; once more with the better direction.
    ground, _ = _fit(upright, [_stances(walker, up) for walker in walkers], up)
    return _fit(upright, [_stances(walker, ground.up) for walker in walkers], ground.up)


def standing_contacts(walker: Walker, ground: Ground) -> NDArray[np.float32]:
    """(T, 4) contacts of a person on a known floor; heights are those of the lowest vertex of each sole."""
    soles = walker.lowest_soles(ground.up) + walker.root[:, None]
    heights = soles @ ground.up + ground.height - ground.level_under(soles)
    return detect_contacts(
        walker.middle_soles + walker.root[:, None],
        walker.times,
        valid=walker.valid,
        up=ground.up,
        heights=heights,
        thresholds=ESTIMATED_FEET,
    )


@dataclass(frozen=True, eq=False)
class _Upright:
    """How a person stands on average: direction (3,) from ankles to neck, where they face (3,), frames that
    count.

    `facing` is the mean of unit vectors: short when they turned about, so that no lean ahead is left in the
    mean.
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


def _stances(walker: Walker, up: Array) -> Array:
    """(S, 3) places in camera space where a foot stood: still, and not above the other foot.

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
        return np.array(places + _lowest_of_each_step(soles, heights, walker.times, walker.valid))
    # Nobody sinks into a floor: who is seen well below their stances has left a roof or a box.
    sunk = walker.valid & (heights.min(axis=1) < min(place @ up for place in places) - LEVEL_GAP)
    if sunk.mean() * (walker.times[-1] - walker.times[0]) > STEP_SECONDS:
        places += _lowest_of_each_step(soles, heights, walker.times, sunk)
    return np.array(places)


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


def _levels(heights: Array) -> NDArray[np.int64]:
    """(S,) which level each height belongs to, lowest first: a new one begins after every wide gap."""
    order = np.argsort(heights)
    level = np.empty(len(heights), dtype=np.int64)
    level[order] = np.concatenate([[0], np.cumsum(np.diff(heights[order]) > LEVEL_GAP)])
    return level


def _fit(upright: Sequence[_Upright], stances: Sequence[Array], likely: Array) -> tuple[Ground, Array]:
    """Pitch, roll, heights of the levels and log sizes with the least soft-L1 misfit of all evidence."""
    pitch, roll = float(np.arcsin(np.clip(-likely[2], -1, 1))), float(np.arctan2(likely[0], -likely[1]))
    leans = [(_without_lean(one), _lean_whitening(one, likely)) for one in upright]
    places = np.concatenate(stances)
    person = np.repeat(np.arange(len(stances)), [len(part) for part in stances])
    level = _levels(places @ likely)
    count = int(level.max()) + 1
    spread = np.hypot(STANCE_SPREAD, STANCE_DEPTH_SHARE * float(np.median(places @ likely)))
    people = 0 if len(stances) == 1 else len(stances)

    def residuals(unknown: Array) -> Array:
        up = up_vector(unknown[0], unknown[1])
        log_size = unknown[2 + count :] if people else np.zeros(1)
        above = np.exp(log_size)[person] * (places @ up) - unknown[2 + level]
        camera = [(unknown[0] - PITCH_MEAN) / PITCH_SPREAD, unknown[1] / ROLL_SPREAD]
        lean = [whiten @ (seen - up) for seen, whiten in leans]
        return np.concatenate([above / spread, camera, log_size / SIZE_SPREAD, *lean])

    fits = []
    for start_pitch in (pitch, PITCH_MEAN, 0.35):
        heights = places @ up_vector(start_pitch, roll)
        middles = [float(np.median(heights[level == one])) for one in range(count)]
        start = np.array([start_pitch, roll, *middles, *[0.0] * people])
        fits.append(least_squares(residuals, start, loss="soft_l1", f_scale=1.5))
    best = min(fits, key=lambda fit: fit.cost).x
    # A single place below all others is more likely an error than a floor.
    stood = np.bincount(level, minlength=count)
    floor = int(np.argmax((stood >= 2) | (stood == stood.max())))
    above_floor = best[2 + floor : 2 + count] - best[2 + floor]
    ground = Ground(
        up_vector(*best[:2]), -float(best[2 + floor]), tuple(float(h) for h in above_floor if h >= 0)
    )
    return ground, np.exp(best[2 + count :]) if people else np.ones(1)


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
