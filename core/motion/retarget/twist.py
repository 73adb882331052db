"""Twist bones: the turn of a limb about itself, spread along it so that skin does not wring at the joints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_conjugate, quaternion_from_rotvec, quaternion_multiply
from .anatomy import Anatomy
from .posed import Posed
from .roles import SIDES, TWIST

Array = NDArray[np.float64]

# The far joint's bone, whose twist against a lower limb is spread over it.
_ENDS = {"LowerArm": "Hand", "LowerLeg": "Foot"}
_UPPER = ("UpperArm", "UpperLeg")
_AT_END = 0.05  # of a limb's length


def twist_turns(posed: Posed, anatomy: Anatomy) -> dict[str, Array]:
    """Twist bone -> (T, 4) turn from rest.

    Along an upper limb the twist against shoulder or hips grows from none at its head to all at its end;
    along a lower limb so does that of hand or foot. A twist bone takes the share of the place of its head.

    **Convention**: the skeleton's world; quaternions w, x, y, z.
    """
    turns: dict[str, Array] = {}
    for side in SIDES:
        for part in (*_UPPER, *_ENDS):
            role = f"{side}{part}"
            limb, end = anatomy.chain(role)[0], anatomy.bone(f"{side}{_ENDS.get(part, '')}")
            way = anatomy.along(role)
            axis = way / np.linalg.norm(way)
            turn = posed.turn(limb)
            if part in _UPPER:
                angle = _twist(posed.turn(posed.carrier(limb)), turn, axis)
            elif end is not None:
                angle = _twist(turn, posed.turn(end), axis)
            else:
                continue
            for bone in anatomy.chain(role + TWIST):
                rest = way - (posed.rest(bone) - anatomy.joint(role))
                share = float(np.clip(1.0 - rest @ way / (way @ way), 0.0, 1.0))
                # About the way to the joint that it may carry: a bone that is not quite on the limb
                # would swing it.
                about = rest / np.linalg.norm(rest) if share < 1.0 - _AT_END else axis
                # An upper limb already has all of its twist.
                part_of = (share - 1.0 if part in _UPPER else share) * angle
                turns[bone] = quaternion_multiply(turn, quaternion_from_rotvec(part_of[:, None] * about))
    return turns


def _twist(first: Array, second: Array, axis: Array) -> Array:
    """(T,) radians, without jumps, by which `second` is twisted against `first`, both turns from rest.

    **Convention**: the twist of the rotation first^T second about the rest pose's axis.
    """
    between = quaternion_multiply(quaternion_conjugate(first), second)
    half = np.arctan2(between[:, 1:] @ axis, between[:, 0])
    start = (half[0] + np.pi / 2.0) % np.pi - np.pi / 2.0
    # q and -q are one rotation, so halves are known up to half a turn.
    return 2.0 * (np.unwrap(half, period=np.pi) - half[0] + start)
