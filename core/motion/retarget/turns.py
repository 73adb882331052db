"""How the parts of a target's body are turned, before anything is said about feet and hands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_conjugate, quaternion_from_matrix, quaternion_multiply
from .anatomy import Anatomy
from .chains import chain_turns, end_shares
from .human import SourceMotion
from .roles import BODY, LIMBS

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_CHAINS = {"spine": ("hips", "neck"), "neck": ("spine", "head")}
"""Chains of the trunk: the role that carries each, and the one that it ends at."""


def body_turns(source: SourceMotion, of: Anatomy, onto: Anatomy) -> dict[str, Array]:
    """Bone of the target -> (T, 4) turn from its rest, for all parts of the body that both rigs have.

    Limbs come to lie as the source's do: with F the frames of `Anatomy.limb_frame`, D_t = H D_s F_s (F_t)^T
    with both in one facing. All else is turned as the source is: D_t = H D_s H^T.

    **Convention**: the target's world; quaternions w, x, y, z.
    """
    facing = onto.facing @ of.facing.T
    there = quaternion_from_matrix(facing)
    back = quaternion_conjugate(there)

    def turned(bone: str, after: Array = back) -> Array:
        return quaternion_multiply(quaternion_multiply(there, source.turns[bone]), after)

    turns: dict[str, Array] = {}
    for role in BODY:
        origin, bones = of.chain(role), onto.chain(role)
        if not origin or not bones:
            continue
        if role in LIMBS:
            lain = of.limb_frame(role) @ onto.limb_frame(role).T
            turns[bones[-1]] = turned(origin[-1], quaternion_from_matrix(lain))
        elif role in _CHAINS:
            carrier, end = _CHAINS[role]
            given = [turned(of.bone(carrier) or of.chain("hips")[-1]), *map(turned, origin)]
            shares = end_shares(of, role, end), end_shares(onto, role, end)
            turns.update(zip(bones, chain_turns(given, *shares), strict=True))
        else:
            turns[bones[-1]] = turned(origin[-1])
    return turns
