"""Hands that are where the source's were, on a body of another size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_from_matrix, quaternion_rotate
from .anatomy import Anatomy
from .human import SourceMotion
from .limb_ik import limb_bones, limb_turns
from .posed import Posed
from .roles import SIDES

Array = NDArray[np.float64]


def keep_reach(posed: Posed, source: SourceMotion, of: Anatomy, onto: Anatomy, scale: float) -> Posed:
    """The same with wrists as far from the middle between the shoulders as the source's, times `scale`.

    Hands that meet do so on the target, however broad its shoulders are; elbows stay in the plane that they
    bent in, hands keep their turns, and what is beyond an arm's length is not reached. Arms without a hand on
    either rig are left as they are.

    **Convention**: the target's world; the ways are turned from the source's facing to the target's.
    """
    middle = np.mean([posed.head(onto.chain(f"{side}UpperArm")[0]) for side in SIDES], axis=0)
    there = np.mean([source.heads[of.chain(f"{side}UpperArm")[0]] for side in SIDES], axis=0)
    facing = quaternion_from_matrix(onto.facing @ of.facing.T)
    turns: dict[str, Array] = {}
    for side in SIDES:
        arm = limb_bones(of, side, "Arm")
        if arm is not None:
            way = scale * (source.heads[arm[2]] - there)
            turns |= limb_turns(posed, onto, side, "Arm", middle + quaternion_rotate(facing, way))
    return posed.changed(turns)
