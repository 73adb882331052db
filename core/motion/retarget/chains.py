"""Spines and necks: what one chain of bones does, told to a chain of another number of bones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import slerp
from .anatomy import Anatomy

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def chain_turns(turns: Sequence[Floats], of: Floats, onto: Floats) -> list[Array]:
    """Turns (T, 4) for each of a chain's m bones, from those of a chain of n.

    Args:
        turns: n + 1 of (T, 4), first of what carries the source's chain, then of its bones.
        of: (n,), onto: (m,) where each bone ends, as shares of its chain's length, the last at 1.

    A bone takes the turn that the source's chain has at the same share of its length, so that the last of
    both agree. Chains of one number of bones agree bone by bone, wherever their joints lie.

    **Convention**: turns of one world; quaternions w, x, y, z.
    """
    if len(of) == len(onto):
        return [np.asarray(turn, dtype=np.float64) for turn in turns[1:]]
    knots = np.concatenate([[0.0], of])
    result = []
    for share in onto:
        above = min(int(np.searchsorted(knots, share)), len(of))
        below = above - 1
        fraction = (share - knots[below]) / max(knots[above] - knots[below], 1e-9)
        result.append(slerp(turns[below], turns[above], np.clip(fraction, 0.0, 1.0)))
    return result


def end_shares(anatomy: Anatomy, role: str, following: str) -> Array:
    """(m,) where the bones of a chain end, as shares of its length; it ends where `following` begins."""
    heads = [anatomy.rest(bone) for bone in anatomy.chain(role)]
    end = anatomy.head(following)
    if end is None:
        end = anatomy.tail(role)
    lengths = np.linalg.norm(np.diff(np.array([*heads, end]), axis=0), axis=-1)
    # Bones in one place share its turn evenly.
    lengths = np.maximum(lengths, 1e-6)
    return np.cumsum(lengths) / lengths.sum()
