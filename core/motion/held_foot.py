"""What holds a foot that stands: how far its ankle moves, how it turns, how deep the hips must go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blending import carried, covered
from .footholds import FootShape, find_footholds
from .leg_ik import NEARLY_STRAIGHT, least_turn
from .rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    quaternion_to_matrix,
    quaternion_to_rotvec,
)

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

BLEND_SECONDS = 0.15  # before a foot is held, and after
_LOWERING_SECONDS = 0.25  # on either side, over which the hips are lowered
_HARDLY_MOVED = 0.003  # metres at which a leg is bent by half of what brings its foot to its place


@dataclass(frozen=True, eq=False)
class SeenFoot:
    """A foot as it moves before anything holds it, over T frames.

    Attributes:
        ankle: (T, 3) metres. turns: (T, 3, 3) of the foot in the world; what stands in `shape` are its axes.
    """

    ankle: Floats
    turns: Floats
    shape: FootShape

    def points(self) -> Array:
        """(T, 2, 3) heel and toe, metres."""
        return self.soles(self.turns, self.shape.bend)

    def soles(self, turns: Floats, bend: Floats) -> Array:
        """(T, 2, 3) heel and toe with the ankle where it is, the foot turned by (T, 3, 3) and bent (T, 4)."""
        shape = self.shape
        toe = np.einsum("tij,tj->ti", turns, shape.ball + quaternion_rotate(bend, shape.toe))
        return self.ankle[:, None] + np.stack([turns @ shape.heel, toe], axis=1)


@dataclass(frozen=True, eq=False)
class HeldFoot:
    """What holds one foot, over T frames.

    Attributes:
        move: (T, 3) metres that its ankle moves.
        tilt: (T, 3) rotation vector of the foot in the world. bend: (T, 3) of the ball joint in its own axes.
        held: (T, 2) whether its heel and its toe are. share: (T,) in [0, 1], how much of the leg is solved.
    """

    move: Array
    tilt: Array
    bend: Array
    held: Bools
    share: Array

    @property
    def on(self) -> Bools:
        """(T,) whether any of it is held."""
        return self.held[:, 0] | self.held[:, 1]

    def applied(self, seen: SeenFoot) -> SeenFoot:
        """The foot as it is held."""
        turns = quaternion_to_matrix(quaternion_from_rotvec(self.tilt)) @ seen.turns
        bend = quaternion_multiply(seen.shape.bend, quaternion_from_rotvec(self.bend))
        return SeenFoot(seen.ankle + self.move, turns, replace(seen.shape, bend=bend))


def hold_foot(seen: SeenFoot, on: Bools, levels: Array, fps: float) -> HeldFoot:
    """What holds a foot whose heel and toe stand where `on` (T, 2) says, on one of the levels (L,), metres.

    **Convention**: z up.
    """
    blend, foot = BLEND_SECONDS * fps, seen.shape
    holds = find_footholds(seen.points(), on, foot, levels)
    heel, toe = holds.held[:, 0], holds.held[:, 1]
    held, both = heel | toe, heel & toe
    bend = quaternion_to_rotvec(quaternion_multiply(quaternion_conjugate(foot.bend), holds.bend))
    bend = carried(bend, both, blend, at_rest=True)
    bent = quaternion_multiply(foot.bend, quaternion_from_rotvec(bend))
    points = seen.soles(seen.turns, bent)
    aim = least_turn(points[:, 1] - points[:, 0], holds.anchors[:, 1] - holds.anchors[:, 0])
    # A foot that slaps down on the floor does stop at once; to swing beyond would sink it.
    tilt = carried(quaternion_to_rotvec(quaternion_from_matrix(aim)), both, blend, at_rest=True)
    tilted = quaternion_to_matrix(quaternion_from_rotvec(tilt)) @ seen.turns
    miss = (holds.anchors - seen.soles(tilted, bent)) * holds.held[..., None]
    move = miss.sum(axis=1) / np.maximum(holds.held.sum(axis=1), 1)[:, None]
    share = carried(np.ones((len(on), 1)), held, blend)[:, 0]
    return HeldFoot(carried(move, held, blend), tilt, bend, holds.held, share)


def level_foot(seen: SeenFoot, foot: HeldFoot, fps: float) -> HeldFoot:
    """The same with no point below the other that is held: the foot is tilted about that until it is flat.

    Where a captured body rolls its foot into the floor, a rig shows it; `lock_feet` leaves it as captured.

    **Convention**: z up.
    """
    points = foot.applied(seen).points()
    alone = foot.on[:, None] & ~foot.held
    way = np.where(alone[:, :1], points[:, 0] - points[:, 1], points[:, 1] - points[:, 0])
    sunk = alone.any(axis=1) & (way[:, 2] < 0.0)
    level = np.where(sunk[:, None], way * [1.0, 1.0, 0.0], way)
    aim = quaternion_from_matrix(least_turn(way, level))
    pivot = np.where(alone[:, :1], points[:, 1], points[:, 0])
    arm = seen.ankle + foot.move - pivot
    blend = BLEND_SECONDS * fps
    turn = carried(quaternion_to_rotvec(aim), foot.on, blend, at_rest=True)
    shift = carried(quaternion_rotate(aim, arm) - arm, foot.on, blend, at_rest=True)
    tilt = quaternion_multiply(quaternion_from_rotvec(turn), quaternion_from_rotvec(foot.tilt))
    return replace(foot, move=foot.move + shift, tilt=quaternion_to_rotvec(tilt))


def hips_lowering(
    hips: Sequence[Floats],
    targets: Sequence[Floats],
    lengths: Sequence[float],
    feet: Sequence[HeldFoot],
    deepest: float,
    fps: float,
) -> Array:
    """(T,) metres by which hips are lowered, smoothly and at most `deepest`, to bring held feet within reach.

    Args:
        hips: of each leg its hip joint (T, 3). targets: where its ankle shall be (T, 3).
        lengths: of thigh and shin together, metres. feet: what holds it.
    """
    needed = np.zeros(len(hips[0]))
    for hip, target, length, foot in zip(hips, targets, lengths, feet, strict=True):
        way = hip - target
        reach = NEARLY_STRAIGHT * length
        above = np.sqrt(np.maximum(reach**2 - np.sum(way[:, :2] ** 2, axis=-1), 0.0))
        needed = np.maximum(needed, np.where(foot.on, way[:, 2] - above, 0.0))
    standing = np.any([foot.on for foot in feet], axis=0)
    fade = carried(np.ones((len(standing), 1)), standing, BLEND_SECONDS * fps)[:, 0]
    return covered(np.minimum(needed, deepest), round(_LOWERING_SECONDS * fps)) * fade


def kept_in_place(moved: Floats) -> Array:
    """(T,) in [0, 1], how much of a leg is solved when its hip or foot is moved by (T,) metres elsewise."""
    return moved / (moved + _HARDLY_MOVED)
