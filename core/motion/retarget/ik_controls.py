"""IK controls beside FK ones: where they have to be for a limb to lie as its FK controls lay it.

The FK bones say everything; what IK follows is read off them. IK solvers do not know a twist of the lower
limb: forearms and shins may differ by it, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_rotate
from .anatomy import Anatomy
from .human import TargetMotion
from .options import RetargetOptions
from .planted import planted_goal
from .posed import Posed
from .rig_map import IkLimb, RigMap
from .roles import SIDES
from .skeleton import Skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# How far knee or elbow may leave the place that FK gives them, in lengths of the limb, to keep to the hinge.
_LEEWAY = 0.005
_AT_REST = 1e-4  # the same for the rest pose, whose own bend a solver starts from; what is less is no bend
_JOINTS = {"Arm": ("UpperArm", "LowerArm", "Hand"), "Leg": ("UpperLeg", "LowerLeg", "Foot")}


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
    the foot. Poles lie as far from the limb as at rest, in the plane in which elbow or knee bend; where
    the limb is nearly straight, in that of its hinge.

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
        side, chain = _sided_chain(anatomy, limb)
        if limb.goal not in skeleton.index or not target.turns.keys() >= set(chain):
            continue
        end = chain[-1]
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
            heads[limb.pole] = _pole_head(anatomy, posed, limb)
        replaced = set(chain)
        toes = anatomy.bone(f"{side}Toes")
        if limb.toes in skeleton.index and toes in target.turns:
            turns[limb.toes] = posed.turn(toes)
            replaced.add(toes)
        if options.controls == "ik":
            turns = {bone: turn for bone, turn in turns.items() if bone not in replaced}
    return replace(target, turns=turns, heads=heads)


def _sided_chain(anatomy: Anatomy, limb: IkLimb) -> tuple[str, tuple[str, ...]]:
    """The side of a limb, and its three bones from root to hand or foot; "" for one that is missing."""
    side = next(side for side in SIDES if limb.limb.startswith(side))
    return side, tuple(anatomy.bone(side + part) or "" for part in _JOINTS[limb.limb[len(side) :]])


def _pole_head(anatomy: Anatomy, posed: Posed, limb: IkLimb) -> Array:
    """(T, 3) where a pole has to be, metres."""
    side, chain = _sided_chain(anatomy, limb)
    hinge = anatomy.limb_frame(f"{side}Upper{limb.limb[len(side) :]}")[:, 0]
    pole = posed.rest(limb.pole)
    # The rest pose tells how far out the pole is, and by what angle it is beside the plane of the bend.
    at_rest = np.stack([posed.rest(bone) for bone in chain])[None]
    frame, foot = (part[0] for part in _bending_frame(at_rest, hinge[None], _AT_REST))
    beside = frame.T @ (pole - foot)
    across = beside * [1.0, 0.0, 1.0]
    now = np.stack([posed.head(bone) for bone in chain], axis=1)
    frames, feet = _bending_frame(now, quaternion_rotate(posed.turn(chain[0]), hinge), _LEEWAY)
    return feet + frames @ across


def _bending_frame(chain: Array, hinge: Floats, leeway: float) -> tuple[Array, Array]:
    """Of limbs (T, 3, 3), root, middle and end joint, and their hinges (T, 3): axes and a point on the line.

    The axes (T, 3, 3) are the columns: x about which the limb bends, y from root to end, z = x cross y, which
    looks away from the middle joint. The point (T, 3) on the line from root to end is that beside the middle
    joint.

    The bend tells x, but less and less the straighter a limb is: x is turned about y towards the hinge as far
    as moves the middle joint by `leeway` of the limb's length.
    """
    root, middle, end = np.moveaxis(chain, 1, 0)
    upper, lower = middle - root, end - middle
    line = _unit(end - root)
    hinge = _unit(hinge - _dot(hinge, line) * line)
    # A trace of the hinge, for limbs so straight that nothing else is left.
    bend = _unit(np.cross(upper, lower) + 1e-9 * hinge)
    beside = np.cross(line, bend)
    foot = root + _dot(upper, line) * line
    angle = np.arctan2(_dot(beside, hinge), _dot(bend, hinge))
    most = leeway * (_length(upper) + _length(lower)) / _length(middle - foot)
    angle = np.clip(angle, -most, most)
    x = np.cos(angle) * bend + np.sin(angle) * beside
    return np.stack([x, line, np.cross(x, line)], axis=-1), foot


def _dot(first: Floats, second: Floats) -> Array:
    return np.sum(first * second, axis=-1, keepdims=True)


def _length(vectors: Array) -> Array:
    return np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _unit(vectors: Array) -> Array:
    return vectors / _length(vectors)
