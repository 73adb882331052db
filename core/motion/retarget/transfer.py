"""Retargeting: what a source does, told to the bones of a target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contacts import foot_contacts
from ..rotations import quaternion_rotate, sign_continuous
from ..smoothing import smooth_positions
from ..travel import SIGMA_SECONDS
from .anatomy import Anatomy
from .feet import keep_feet
from .fingers import relaxed_fingers
from .human import SourceMotion, TargetMotion
from .notes import retarget_notes
from .options import BadRetarget, RetargetOptions
from .path import path_scale, target_path
from .posed import Posed
from .reach import keep_reach
from .rig_map import RigMap
from .role_carriers import role_carriers
from .roles import ROOT
from .skeleton import Skeleton
from .standing import sample_rate, standing_points
from .turns import body_turns
from .twist import twist_turns

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_ACROSS = np.array([1.0, 1.0, 0.0])


def retarget(
    source: SourceMotion, skeleton: Skeleton, rig_map: RigMap, options: RetargetOptions | None = None
) -> TargetMotion:
    """The motion of a source as the bones of a target have to be turned and moved.

    Limbs point and twist in the world as the source's do, everything else is turned from the target's own
    rest as the source is from its rest, and the way goes from the armature object's origin, both bodies
    brought to one facing. Then feet, hands, twist bones, fingers and followers as `options` say.

    Args:
        skeleton, rig_map: the target.

    Raises UnfitRig where a map lacks bones that nothing goes without, BadRetarget where `options` ask for
    what the rig does not have.

    **Convention**: see `SourceMotion`; with H the turn about z between the facings, a turn D of the source is
    H D H^T in the target's world.
    """
    options = options or RetargetOptions()
    of, onto = Anatomy(source.skeleton, source.rig_map), Anatomy(skeleton, rig_map)
    if options.carrier == "root" and not onto.chain(ROOT):
        raise BadRetarget("The rig's map has no root bone; let the hips carry the way, or map one.")
    turns = body_turns(source, of, onto)
    scale = path_scale(of, onto, options)
    path = target_path(source, of, onto, scale)
    centre = np.where([True, True, options.travel != "horizontal"], path, onto.hip_centre)
    hips = onto.chain("hips")[-1]
    way = centre + quaternion_rotate(turns[hips], onto.joint("hips") - onto.hip_centre)
    posed = Posed(skeleton, dict(turns), {hips: way}, role_carriers(onto), len(path))
    on, rate = standing_points(source, of), sample_rate(source)
    if options.feet:
        posed = keep_feet(posed, onto, on, rate, path[:, 2] - centre[:, 2])
    if options.reach:
        posed = keep_reach(posed, source, of, onto, scale)
    if options.twist:
        posed = posed.changed(twist_turns(posed, onto))
    if options.fingers == "relaxed":
        posed = posed.changed(relaxed_fingers(posed, onto))
    notes = retarget_notes(posed, of, onto, on, options)
    posed = _carried(posed, onto, centre, rate, options)
    posed = _followed(posed, onto)
    return TargetMotion(
        frames=source.frames,
        turns={bone: sign_continuous(turn) for bone, turn in posed.turns.items()},
        heads=posed.heads,
        contacts=foot_contacts(on),
        held=source.held,
        notes=notes,
    )


def _carried(posed: Posed, onto: Anatomy, centre: Array, rate: float, options: RetargetOptions) -> Posed:
    """The way across the floor left out, or also given to the root bone.

    The root takes the way without the sway of the steps, as `travel` tells them apart for captured people.
    """
    hips, way = onto.chain("hips")[-1], (centre - onto.hip_centre) * _ACROSS
    if options.travel == "in place":
        posed = posed.changed(heads={hips: posed.head(hips) - way})
        way = np.zeros_like(way)
    if options.carrier == "hips":
        return posed
    root = onto.chain(ROOT)[-1]
    still = np.tile([1.0, 0.0, 0.0, 0.0], (posed.frames, 1))
    moved = posed.rest(root) + smooth_positions(way, SIGMA_SECONDS * rate)
    return posed.changed({root: still}, {root: moved})


def _followed(posed: Posed, onto: Anatomy) -> Posed:
    """With the helper bones that take over the places of others."""
    pairs = [
        (bone, leader)
        for bone, leader in onto.rig_map.followers
        if bone in onto.skeleton.index and leader in posed.turns
    ]
    return posed.changed(
        {bone: posed.turn(leader) for bone, leader in pairs},
        {bone: posed.head(leader) for bone, leader in pairs},
    )
