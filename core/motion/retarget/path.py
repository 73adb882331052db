"""The way of the hips' middle through the target's world."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .human import SourceMotion
from .options import RetargetOptions

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_CROUCH_TO_JUMP = 0.06  # of the leg: how softly the scale of rising takes over from that of sinking


def target_path(source: SourceMotion, of: Anatomy, onto: Anatomy, options: RetargetOptions) -> Array:
    """(T, 3) where the middle between the target's hip joints goes, metres.

    The way across the floor is scaled as chosen. Standing heights correspond; from there a body sinks in
    proportion to its legs, whatever the chosen scale, or it would sink into the floor, and rises as scaled.

    **Convention**: the target's world; paths are measured from the armature objects' origins.
    """
    ratio = onto.leg_length / of.leg_length
    scale = ratio if options.scale is None else options.scale
    hips = [source.heads[of.chain(f"{side}UpperLeg")[0]] for side in ("left", "right")]
    centre = np.mean(np.asarray(hips, dtype=np.float64), axis=0)
    turn = onto.facing @ of.facing.T
    path = scale * (centre - of.skeleton.origin) @ turn.T + onto.skeleton.origin
    if options.travel == "horizontal":
        path[:, 2] = onto.hip_centre[2]
    else:
        rise, sink = _rise_and_sink(centre[:, 2] - of.hip_centre[2], _CROUCH_TO_JUMP * of.leg_length)
        path[:, 2] = onto.hip_centre[2] + scale * rise + ratio * sink
    return path


def _rise_and_sink(height: Array, soft: float) -> tuple[Array, Array]:
    """Heights (T,) as a sum of two smooth curves, of which one is near zero below 0, the other above."""
    rise = 0.5 * (height + np.sqrt(height**2 + soft**2) - soft)
    return rise, height - rise
