"""The soles of a rig's feet and the floor that it stands on at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..feet import approximate_soles
from ..footholds import FootShape
from ..held_foot import SeenFoot
from ..rotations import quaternion_conjugate, quaternion_multiply, quaternion_to_matrix, sign_continuous
from .anatomy import Anatomy
from .posed import Posed
from .roles import SIDES

Array = NDArray[np.float64]

HUMAN_LEG = 0.8
"""Metres from hip to ankle of the person whose metres feet are judged in, whatever the size of a rig."""
_FLOOR_WITHIN = 0.15  # of the leg: a floor further from the soles than this is not what the rig stands on
_FOOT_LENGTH = 0.15  # of the leg, from ankle to ball, where bones do not tell


@dataclass(frozen=True, eq=False)
class Soles:
    """Both feet of a rig at rest.

    Attributes:
        feet: side -> heel and toe (2, 3) on the floor, metres; a side whose foot no bone plays is missing.
        floor: metres, height of the floor: that of the armature object's origin, unless feet are far from it.
        unit: how many human metres a metre of the world is.

    **Convention**: the skeleton's world, z up.
    """

    feet: dict[str, Array]
    floor: float
    unit: float

    @classmethod
    def of(cls, anatomy: Anatomy) -> Soles:
        feet = {
            side: approximate_soles(anatomy.joint(f"{side}Foot"), _ball(anatomy, side), up=2)
            for side in SIDES
            if anatomy.chain(f"{side}Foot")
        }
        floor = float(anatomy.skeleton.origin[2])
        if feet:
            lowest = min(float(points[0, 2]) for points in feet.values())
            if abs(lowest - floor) > _FLOOR_WITHIN * anatomy.leg_length:
                floor = lowest
        for points in feet.values():
            points[:, 2] = floor
        return cls(feet, floor, HUMAN_LEG / anatomy.leg_length)

    def seen(self, anatomy: Anatomy, posed: Posed, side: str) -> SeenFoot:
        """How a foot moves, in human metres above the floor; at rest its axes are the world's."""
        foot, toes = f"{side}Foot", f"{side}Toes"
        bone = anatomy.chain(foot)[-1]
        turn = posed.turn(bone)
        toes_turn = posed.turn(anatomy.bone(toes) or bone)
        ankle, (heel, toe) = anatomy.joint(foot), self.feet[side]
        ball = anatomy.head(toes)
        ball = ankle if ball is None else ball
        bend = sign_continuous(quaternion_multiply(quaternion_conjugate(turn), toes_turn))
        ways = [self.unit * way for way in (heel - ankle, ball - ankle, toe - ball)]
        shape = FootShape(heel=ways[0], ball=ways[1], toe=ways[2], bend=bend)
        return SeenFoot(self.human(posed.head(bone)), quaternion_to_matrix(turn), shape)

    def human(self, points: Array) -> Array:
        """Points (..., 3) of the world in human metres above the floor."""
        return self.unit * (points - [0.0, 0.0, self.floor])

    def world(self, points: Array) -> Array:
        """Points (..., 3) in the world, from human metres above the floor."""
        return points / self.unit + [0.0, 0.0, self.floor]


def _ball(anatomy: Anatomy, side: str) -> Array:
    """(3,) where the ball of a foot is at rest: the head of its toes, or what stands for it."""
    ankle, toes = anatomy.joint(f"{side}Foot"), anatomy.head(f"{side}Toes")
    if toes is None:
        toes = anatomy.tail(f"{side}Foot")
    if np.hypot(*(toes - ankle)[:2]) > 0.25 * _FOOT_LENGTH * anatomy.leg_length:
        return toes
    ahead = anatomy.facing @ [0.0, -_FOOT_LENGTH * anatomy.leg_length, 0.0]
    return np.append((ankle + ahead)[:2], toes[2])
