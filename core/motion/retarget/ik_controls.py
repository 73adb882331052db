"""IK controls, beside FK ones or in their place: where they have to be for a limb to lie as FK lays it.

What IK follows is read off the FK bones. IK knows elbows and knees as hinges only, whose plane says how the
upper limb is twisted; where both are keyed, FK takes that over, so that a switch changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_rotate
from .anatomy import Anatomy
from .hinged_limb import HingedLimb, hinged_limb
from .human import TargetMotion
from .limb_ik import limb_bones
from .options import RetargetOptions
from .planted import planted_goal
from .posed import Posed
from .rig_map import RigMap
from .roles import SIDES
from .skeleton import Skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def control_bones(rig_map: RigMap, skeleton: Skeleton) -> tuple[str, ...]:
    """The bones of a skeleton that `with_ik_controls` may add."""
    named = (bone for limb in rig_map.ik for bone in (limb.goal, limb.roll, limb.pole, limb.toes))
    return tuple(bone for bone in named if bone in skeleton.index)


def with_ik_controls(
    target: TargetMotion,
    skeleton: Skeleton,
    rig_map: RigMap,
    carriers: Mapping[str, str | None],
    options: RetargetOptions,
) -> TargetMotion:
    """The motion with the IK controls of its limbs, in the place of the FK ones or beside them.

    A foot's goal stands exactly still while the foot is in contact, where the limb has a control that rolls
    the foot. Poles lie as far from the limb as at rest, in the plane of `hinged_limb`, which is where the FK
    bones come to lie too. Hands, feet and all other bones stay as they are.

    Args:
        target: what the FK controls do. carriers: as for `local_motion`, with the IK controls.
        options: `controls` "fk" changes nothing, "ik" leaves out the FK controls that IK takes the place of;
            without `feet`, which keeps feet in their places, goals follow the feet.

    **Convention**: the world, as `TargetMotion`.
    """
    if options.controls == "fk":
        return target
    anatomy = Anatomy(skeleton, rig_map)
    posed = Posed(skeleton, target.turns, target.heads, carriers, len(target.frames))
    turns, heads = dict(target.turns), dict(target.heads)
    for limb in rig_map.ik:
        side = next(side for side in SIDES if limb.limb.startswith(side))
        part = limb.limb.removeprefix(side)
        chain = limb_bones(anatomy, side, part)
        if limb.goal not in skeleton.index or chain is None or not target.turns.keys() >= set(chain):
            continue
        upper, lower, end = chain
        hinged = _hinged(posed, chain, anatomy.limb_frame(f"{side}Upper{part}")[:, 0])
        turns[upper], turns[lower] = hinged.upper, hinged.lower
        turns[limb.goal], heads[limb.goal] = posed.turn(end), posed.point(end, posed.rest(limb.goal))
        if options.feet and limb.roll in skeleton.index:
            turns[limb.roll], heads[limb.roll] = posed.turn(end), posed.point(end, posed.rest(limb.roll))
            turns[limb.goal], heads[limb.goal] = planted_goal(
                turns[limb.roll],
                heads[limb.roll],
                posed.rest(limb.goal) - posed.rest(limb.roll),
                target.contacts[:, SIDES.index(side)],
            )
        if limb.pole in skeleton.index:
            turns[limb.pole] = posed.turn(posed.carrier(limb.pole))
            heads[limb.pole] = hinged.beside(posed.rest(limb.pole))
        replaced = set(chain)
        toes = anatomy.bone(f"{side}Toes")
        if limb.toes in skeleton.index and toes in target.turns:
            turns[limb.toes] = posed.turn(toes)
            replaced.add(toes)
        if options.controls == "ik":
            turns = {bone: turn for bone, turn in turns.items() if bone not in replaced}
    return replace(target, turns=turns, heads=heads)


def _hinged(posed: Posed, chain: tuple[str, str, str], hinge: Array) -> HingedLimb:
    return hinged_limb(
        np.stack([posed.rest(bone) for bone in chain]),
        hinge,
        np.stack([posed.head(bone) for bone in chain], axis=1),
        quaternion_rotate(posed.turn(chain[0]), hinge),
    )
