"""The way of the hips' middle through the target's world."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .human import SourceMotion
from .options import RetargetOptions
from .roles import SIDES

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_CROUCH_TO_JUMP = 0.06  # of the leg: how softly the scale of rising takes over from that of sinking


def path_scale(of: Anatomy, onto: Anatomy, options: RetargetOptions) -> float:
    """By what the way is scaled: the ratio of the legs' lengths, or the number that was chosen."""
    return onto.leg_length / of.leg_length if options.scale is None else options.scale


def target_path(source: SourceMotion, of: Anatomy, onto: Anatomy, scale: float) -> Array:
    """(T, 3) where the middle between the target's hip joints goes, metres.

    The way across the floor takes `scale`. Standing heights correspond; from there a body sinks in
    proportion to its legs, whatever the scale, or it would sink into the floor, and rises by the scale.

    **Convention**: the target's world; paths are measured from the armature objects' origins.
    """
    ratio = onto.leg_length / of.leg_length
    hips = [source.heads[of.chain(f"{side}UpperLeg")[0]] for side in SIDES]
    centre = np.mean(np.asarray(hips, dtype=np.float64), axis=0)
    turn = onto.facing @ of.facing.T
    path = scale * (centre - of.skeleton.origin) @ turn.T + onto.skeleton.origin
    rise, sink = _rise_and_sink(centre[:, 2] - of.hip_centre[2], _CROUCH_TO_JUMP * of.leg_length)
    path[:, 2] = onto.hip_centre[2] + scale * rise + ratio * sink
    return path


def _rise_and_sink(height: Array, soft: float) -> tuple[Array, Array]:
    """Heights (T,) as a sum of two smooth curves, of which one is near zero below 0, the other above."""
    rise = 0.5 * (height + np.sqrt(height**2 + soft**2) - soft)
    return rise, height - rise
