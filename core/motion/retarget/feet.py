"""Feet that stand stay where they stand, on the target's own legs; no sole goes through the floor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blending import covered
from ..feet import standing_levels
from ..held_foot import HeldFoot, SeenFoot, hips_lowering, hold_foot, kept_in_place, level_foot
from ..rotations import quaternion_conjugate, quaternion_from_matrix, quaternion_multiply, slerp
from .anatomy import Anatomy
from .limb_ik import limb_turns
from .posed import Posed
from .roles import SIDES
from .soles import Soles

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

DEEPEST = 0.15  # human metres by which hips are lowered at most
_STILL = 0.002  # human metres a frame
_LIFT_SECONDS = 0.1  # on either side, over which a foot is lifted that would go through the floor


def keep_feet(posed: Posed, anatomy: Anatomy, on: Bools, fps: float, raised: Floats) -> Posed:
    """The same with legs, feet and toes that stand, and hips lowered where a leg is too short for that.

    Args:
        on: (T, 4) left heel, left toe, right heel, right toe on the floor. fps: frames a second.
        raised: (T,) metres by which the body would be higher if it followed the source up and down: what
            stands, stands where it would then.

    As `footlock.lock_feet` does it for captured people: one anchor for each run of contact, cubics into and
    out of it. Feet without a bone of their own are left to the shins.

    **Convention**: the skeleton's world, z up; quaternions w, x, y, z.
    """
    soles = Soles.of(anatomy)
    legs = [_Leg.of(posed, anatomy, soles, side) for side in SIDES if side in soles.feet]
    if not legs:
        return posed
    up = soles.unit * raised[:, None] * [0.0, 0.0, 1.0]
    seen = [replace(leg.seen, ankle=leg.seen.ankle + up) for leg in legs]
    stands = [on[:, _columns(leg.side)] for leg in legs]
    heights = np.concatenate([foot.points()[..., 2] for foot in seen], axis=1)
    levels = standing_levels(heights, np.concatenate(stands, axis=1))
    feet = [
        level_foot(foot, hold_foot(foot, points, levels, fps), fps)
        for foot, points in zip(seen, stands, strict=True)
    ]
    # Where nothing is held, a foot hangs from the body as it is.
    held = [foot.applied(leg.seen) for leg, foot in zip(legs, feet, strict=True)]
    held = [
        replace(moved, ankle=moved.ankle + foot.share[:, None] * up)
        for moved, foot in zip(held, feet, strict=True)
    ]
    hips, lengths = [leg.hip for leg in legs], [leg.length for leg in legs]
    lowered = hips_lowering(hips, [foot.ankle for foot in held], lengths, feet, DEEPEST, fps)
    bone = anatomy.chain("hips")[-1]
    down = (lowered / soles.unit)[:, None] * [0.0, 0.0, 1.0]
    sunk = posed.changed(heads={bone: posed.head(bone) - down})
    turns: dict[str, Array] = {}
    for leg, foot, moved in zip(legs, feet, held, strict=True):
        lift = _lift(moved, foot, float(levels.min()), fps)
        place = soles.world(moved.ankle + lift[:, None] * [0.0, 0.0, 1.0])
        there = limb_turns(sunk, anatomy, leg.side, "Leg", place)
        here = limb_turns(posed, anatomy, leg.side, "Leg", posed.head(leg.foot))
        share = np.maximum(foot.share, kept_in_place(lowered + lift))
        for limb, turn in there.items():
            own = posed.turn(limb)
            # What a leg is given when it goes nowhere, it lacked of a knee's bending: it goes on lacking it
            # until it stands or has to go somewhere.
            back = quaternion_multiply(quaternion_conjugate(here[limb]), own)
            turns[limb] = slerp(quaternion_multiply(turn, back), turn, share)
        turns |= leg.foot_turns(moved)
    return sunk.changed(turns)


def slides(posed: Posed, anatomy: Anatomy, on: Bools) -> Bools:
    """(T,) frames in which one of the points (T, 4) that stand has moved from the frame before."""
    soles, moved = Soles.of(anatomy), np.zeros(posed.frames, dtype=bool)
    for side in soles.feet:
        points = on[:, _columns(side)]
        stands = points[1:] & points[:-1]
        steps = np.linalg.norm(np.diff(soles.seen(anatomy, posed, side).points(), axis=0), axis=-1)
        moved[1:] |= np.any(stands & (steps > _STILL), axis=1)
    return moved


@dataclass(frozen=True, eq=False)
class _Leg:
    """One leg: its foot as the source moves it and its hip joint (T, 3), both in human metres above the
    floor, and the length of thigh and shin together in these.
    """

    side: str
    foot: str
    toes: str | None
    seen: SeenFoot
    hip: Array
    length: float

    @classmethod
    def of(cls, posed: Posed, anatomy: Anatomy, soles: Soles, side: str) -> _Leg:
        upper, lower = f"{side}UpperLeg", f"{side}LowerLeg"
        return cls(
            side=side,
            foot=anatomy.chain(f"{side}Foot")[-1],
            toes=anatomy.bone(f"{side}Toes"),
            seen=soles.seen(anatomy, posed, side),
            hip=soles.human(posed.head(anatomy.chain(upper)[0])),
            length=soles.unit * (anatomy.length(upper) + anatomy.length(lower)),
        )

    def foot_turns(self, moved: SeenFoot) -> dict[str, Array]:
        """The turns (T, 4) of foot and toes that are moved so."""
        turn = quaternion_from_matrix(moved.turns)
        turns = {self.foot: turn}
        if self.toes is not None:
            turns[self.toes] = quaternion_multiply(turn, moved.shape.bend)
        return turns


def _columns(side: str) -> slice:
    """Where heel and toe of a side stand among the four points."""
    first = 2 * SIDES.index(side)
    return slice(first, first + 2)


def _lift(moved: SeenFoot, foot: HeldFoot, floor: float, fps: float) -> Array:
    """(T,) metres by which a foot is lifted, smoothly, so that its sole is nowhere below the floor."""
    needed = np.maximum(floor - moved.points()[..., 2].min(axis=1), 0.0)
    return np.maximum(needed, covered(needed, round(_LIFT_SECONDS * fps)) * (1.0 - foot.share))
