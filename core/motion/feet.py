"""Heels and toes: points of the soles that hang rigidly from ankle and ball joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .body import BodyTemplate, free_body, is_free_body
from .clip import MotionClip
from .contacts import FOOT_JOINTS
from .kinematics import forward_kinematics
from .smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# Without a body: shares of the distance from ankle to ball, as the free body has them.
_HEEL_BEHIND, _TOE_AHEAD, _SOLE_BELOW = 0.20, 0.25, 0.17
SAME_LEVEL = 0.1  # metres; the steps of stairs are 15 to 20 cm high
_FOOT_WEIGHT = 0.5  # of a vertex that belongs to the foot


@dataclass(frozen=True, eq=False)
class FootPoints:
    """Left heel, left toe, right heel, right toe at rest: (4, 3) offsets from their joints, metres.

    **Convention**: the template's axes (x to the body's left, y up, z ahead), heels from the ankle and toes
    from the ball joint (`FOOT_JOINTS`); all four lie on the sole, so that a person who stands on the floor
    has them at height zero.
    """

    offsets: Floats

    def positions(self, clip: MotionClip) -> Array:
        """(T, 4, 3) metres, in the clip's space."""
        joints, turns = forward_kinematics(clip.rotations, clip.root, clip.rest_joints)
        feet = list(FOOT_JOINTS)
        return joints[:, feet] + np.einsum("tkij,kj->tki", turns[:, feet], self.offsets)


def foot_points(body: BodyTemplate, clip: MotionClip) -> FootPoints:
    """The points of a body with the clip's shape and size; approximated when the body does not name them."""
    if body.foot_vertices is None:
        return approximate_foot_points(clip)
    vertices = clip.body_scale * body.shaped_vertices(clip.betas)
    joints = clip.body_scale * body.joints(clip.betas)[list(FOOT_JOINTS)]
    points = vertices[body.foot_vertices]
    for foot in (slice(0, 2), slice(2, 4)):
        own = body.weights[:, list(FOOT_JOINTS[foot])].sum(axis=1) > _FOOT_WEIGHT
        points[foot, 1] = vertices[own, 1].min() if own.any() else points[foot, 1].min()
    return FootPoints(points - joints)


def clip_foot_points(clip: MotionClip) -> FootPoints:
    """The points of the body that a clip speaks of: the free body's own where its skeleton is that body's, as
    after a capture, else approximated.
    """
    same = is_free_body(clip.rest_joints, clip.betas, clip.body_scale)
    return foot_points(free_body(), clip) if same else approximate_foot_points(clip)


def approximate_foot_points(clip: MotionClip) -> FootPoints:
    """The points as the free body's feet have them, in proportion to the clip's own rest joints."""
    joints = clip.rest_joints[list(FOOT_JOINTS)].astype(np.float64)
    points = [approximate_soles(ankle, ball, up=1) for ankle, ball in (joints[:2], joints[2:])]
    return FootPoints(np.concatenate(points) - joints)


def approximate_soles(ankle: Floats, ball: Floats, up: int) -> Array:
    """(2, 3) heel and toe of a foot that stands flat, from its ankle and ball joints (3,), metres.

    **Convention**: the axis of number `up` points up.
    """
    ahead = np.where(np.arange(3) == up, 0.0, ball - ankle)
    points = np.stack([ankle - _HEEL_BEHIND * ahead, ball + _TOE_AHEAD * ahead])
    points[:, up] = ball[up] - _SOLE_BELOW * np.linalg.norm(ahead)
    return points


def standing_levels(heights: Floats, contacts: ArrayLike) -> Array:
    """(L,) metres: the heights that people stand on, the floor's own 0 first, then boxes, stairs and roofs.

    Args:
        heights: (T, 4) of the points above the floor. contacts: (T, 4), on above one half.

    Every run of contact has a height, the median of its own; runs within `SAME_LEVEL` share a level.
    """
    on = np.asarray(contacts) > 0.5
    medians = [
        float(np.median(heights[start:stop, point]))
        for point in range(on.shape[1])
        for start, stop in unbroken_runs(on[:, point])
    ]
    levels: list[list[float]] = []
    for height in sorted(height for height in medians if abs(height) > SAME_LEVEL):
        if levels and height - levels[-1][0] <= SAME_LEVEL:
            levels[-1].append(height)
        else:
            levels.append([height])
    return np.array([0.0, *(float(np.median(level)) for level in levels)])


def nearest_level(heights: Floats, levels: Array) -> Array:
    """(...) the level nearest to each of heights (...)."""
    return levels[np.argmin(np.abs(np.asarray(heights)[..., None] - levels), axis=-1)]
