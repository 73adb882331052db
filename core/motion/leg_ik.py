"""Two-bone inverse kinematics: a leg that brings its ankle to a place, bending its knee as it was bent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rotations import normalized, quaternion_from_rotvec, quaternion_to_matrix

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

NEARLY_STRAIGHT = 0.999  # share of its length up to which a leg goes wherever it is asked to
_HINGE_SHARE = 0.1  # how much of the hinge keeps the bending plane of a leg that is nearly straight


def reach_target(chain: Floats, target: Floats, hinge: Floats) -> tuple[Array, Array]:
    """World rotations of thigh and shin (T, 3, 3) after which the ankle is at `target`.

    Args:
        chain: (T, 3, 3) where hip, knee and ankle are. target: (T, 3) where the ankle shall be, metres.
        hinge: (T, 3) unit axis about which the knee bends anatomically, positive when the foot goes back.

    The knee turns about the normal of the plane that hip, knee and ankle lie in, the hip by the least turn
    that then points the leg at the target. Knees only bend the way knees do: a leg captured with a knee
    bent backwards comes out bent as much forwards. A target beyond `NEARLY_STRAIGHT` of the leg's length is
    approached ever more slowly, and never beyond what the leg has.

    **Convention**: column vectors; both rotations are multiplied from the left onto the global rotation of
    their bone, and the second contains the first.
    """
    hip, knee, ankle = np.moveaxis(np.asarray(chain, dtype=np.float64), 1, 0)
    thigh, shin = knee - hip, ankle - knee
    axis = bending_axis(thigh, shin, hinge)
    along = np.sum(shin * axis, axis=-1, keepdims=True) * axis
    swing = shin - along
    # thigh . shin turned by D about the axis is a cos D + b sin D + c.
    a = np.sum(thigh * swing, axis=-1)
    b = np.sum(thigh * np.cross(axis, swing), axis=-1)
    c = np.sum(thigh * along, axis=-1)
    squares = np.sum(thigh**2, axis=-1) + np.sum(shin**2, axis=-1)
    longest = np.sqrt(squares + 2.0 * (np.hypot(a, b) + c))
    wanted = within_reach(np.linalg.norm(target - hip, axis=-1), longest)
    cosine = ((wanted**2 - squares) / 2.0 - c) / np.maximum(np.hypot(a, b), 1e-12)
    bend = np.arctan2(b, a) + np.arccos(np.clip(cosine, -1.0, 1.0))
    knee_turn = quaternion_to_matrix(quaternion_from_rotvec(bend[:, None] * axis))
    bent = thigh + np.einsum("tij,tj->ti", knee_turn, shin)
    hip_turn = least_turn(bent, target - hip)
    return hip_turn, hip_turn @ knee_turn


def within_reach(distance: Floats, longest: Floats) -> Array:
    """(T,) distances as they are up to `NEARLY_STRAIGHT` of the longest, then smoothly bounded by it."""
    free = NEARLY_STRAIGHT * np.asarray(longest, dtype=np.float64)
    rest = longest - free
    over = np.maximum(distance - free, 0.0)
    return np.where(over > 0.0, free + rest * (1.0 - np.exp(-over / rest)), distance)


def least_turn(source: Floats, target: Floats) -> Array:
    """(T, 3, 3) the shortest rotations that point vectors `source` (T, 3) along `target` (T, 3)."""
    a = source / np.maximum(np.linalg.norm(source, axis=-1, keepdims=True), 1e-12)
    b = target / np.maximum(np.linalg.norm(target, axis=-1, keepdims=True), 1e-12)
    half = np.concatenate([1.0 + np.sum(a * b, axis=-1, keepdims=True), np.cross(a, b)], axis=-1)
    return quaternion_to_matrix(normalized(half))


def bending_axis(upper: Floats, lower: Floats, hinge: Floats, share: float = _HINGE_SHARE) -> Array:
    """(T, 3) unit normals of the planes of limbs, on the side of the hinge however straight the limb is.

    Args:
        upper, lower: (T, 3) from hip to knee and from knee to ankle. hinge: (T, 3) as in `reach_target`.
        share: the sine of the bend at which plane and hinge count alike.
    """
    lengths = np.linalg.norm(upper, axis=-1, keepdims=True) * np.linalg.norm(lower, axis=-1, keepdims=True)
    normal = np.cross(upper, lower) / np.maximum(lengths, 1e-12)
    backwards = np.minimum(np.sum(normal * hinge, axis=-1, keepdims=True), 0.0)
    axis = normal - backwards * hinge + share * hinge
    return axis / np.linalg.norm(axis, axis=-1, keepdims=True)
