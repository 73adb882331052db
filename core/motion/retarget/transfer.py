"""Retargeting: what a source does, told to the bones of a target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_rotate, sign_continuous
from .anatomy import Anatomy
from .human import SourceMotion, TargetMotion
from .options import BadRetarget, RetargetOptions
from .path import target_path
from .rig_map import RigMap
from .roles import ROOT
from .skeleton import Skeleton
from .turns import body_turns

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def retarget(
    source: SourceMotion, skeleton: Skeleton, rig_map: RigMap, options: RetargetOptions | None = None
) -> TargetMotion:
    """The motion of a source as the bones of a target have to be turned and moved.

    Limbs point and twist in the world as the source's do, everything else is turned from the target's own
    rest as the source is from its rest, and the way goes from the armature object's origin, both bodies
    brought to one facing.

    Args:
        skeleton, rig_map: the target.

    Raises UnfitRig where a map lacks bones that nothing goes without, BadRetarget where `options` ask for
    what the rig does not have.

    **Convention**: see `SourceMotion`; with H the turn about z between the facings, a turn D of the source is
    H D H^T in the target's world.
    """
    options = options or RetargetOptions()
    of, onto = Anatomy(source.skeleton, source.rig_map), Anatomy(skeleton, rig_map)
    turns = body_turns(source, of, onto)
    centre = target_path(source, of, onto, options)
    if options.travel == "in place":
        centre = np.where([True, True, False], onto.hip_centre, centre)
    hips = onto.chain("hips")[-1]
    heads: dict[str, Floats] = {
        hips: centre + quaternion_rotate(turns[hips], onto.joint("hips") - onto.hip_centre)
    }
    if options.carrier == "root":
        root = onto.bone(ROOT)
        if root is None:
            raise BadRetarget("The rig's map has no root bone; let the hips carry the way, or map one.")
        turns[root] = np.tile([1.0, 0.0, 0.0, 0.0], (len(centre), 1))
        heads[root] = onto.joint(ROOT) + (centre - onto.hip_centre) * [1.0, 1.0, 0.0]
    return TargetMotion(
        frames=source.frames,
        turns={bone: sign_continuous(turn) for bone, turn in turns.items()},
        heads=heads,
        contacts=np.zeros((len(centre), 2), dtype=bool) if source.contacts is None else source.contacts,
        held=source.held,
    )
