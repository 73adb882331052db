"""What a rig's bones mean: which way it faces, how its limbs lie at rest, how long its legs are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..leg_ik import bending_axis, least_turn
from .edit_map import role_words
from .rig_map import RigMap
from .roles import REQUIRED, SIDES
from .skeleton import Skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# Sine of the bend at rest that tells as much of a hinge as what is expected of it. Knees look ahead in most
# rest poses, and knock knees tell nothing; an arm that hangs may be turned by a quarter.
_CLEARLY_BENT = {"Arm": np.sin(np.radians(5.0)), "Leg": np.sin(np.radians(30.0))}
_QUARTER = np.pi / 2.0
# A rig that looks so nearly along an axis is meant to; its two sides are not quite alike.
_HARDLY_TURNED = np.radians(0.5)
_WITHIN_PALM = 0.5  # a finger's bone that begins so much nearer to the wrist than the next is the palm's
_NEXT = {"UpperArm": "LowerArm", "LowerArm": "Hand", "UpperLeg": "LowerLeg", "LowerLeg": "Foot"}


class UnfitRig(InputError):
    code = "retarget.rig_unfit"


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A skeleton read by its map. Bones that the map names and the skeleton lacks count as not mapped.

    Raises UnfitRig where a required bone is missing, or where nothing can be read from how bones lie.

    **Convention**: the world of the skeleton, z up. A body that faces -y has its left at +x: `facing` turns
    that body into this one.
    """

    skeleton: Skeleton
    rig_map: RigMap

    def __post_init__(self) -> None:
        lost = [role for role in REQUIRED if not self.chain(role)]
        if lost:
            parts = ", ".join(map(role_words, lost))
            raise UnfitRig(
                f"The rig (map: {self.rig_map.name}) has no bone for {parts}; choose the bones of its map, "
                "or another map."
            )

    def chain(self, role: str) -> tuple[str, ...]:
        """The bones of a role that the skeleton has."""
        bones = self.rig_map.bones.get(role, ())
        return tuple(bone for bone in bones if bone in self.skeleton.index)

    def bone(self, role: str) -> str | None:
        """The last bone of a role; None without any."""
        bones = self.chain(role)
        return bones[-1] if bones else None

    def head(self, role: str) -> Array | None:
        """(3,) metres: where the first bone of a role begins at rest; None without one."""
        bones = self.chain(role)
        return self.rest(bones[0]) if bones else None

    def joint(self, role: str) -> Array:
        """(3,) as `head`, of a required role."""
        return self.rest(self.chain(role)[0])

    def rest(self, bone: str) -> Array:
        """(3,) metres: where a bone begins at rest."""
        return np.asarray(self.skeleton.heads[self.skeleton.index[bone]], dtype=np.float64)

    def tail(self, role: str) -> Array:
        """(3,) metres: where the last bone of a role that has one ends at rest."""
        bone = self.chain(role)[-1]
        return np.asarray(self.skeleton.tails[self.skeleton.index[bone]], dtype=np.float64)

    @cached_property
    def facing(self) -> Array:
        """(3, 3) the turn about z from a body that faces -y to this one."""
        pairs = [self.joint(f"left{part}") - self.joint(f"right{part}") for part in ("UpperLeg", "UpperArm")]
        # Of each pair as much as of the other, however broad the shoulders are.
        left = np.sum([pair / max(float(np.linalg.norm(pair)), 1e-12) for pair in pairs], axis=0)
        flat = float(np.hypot(left[0], left[1]))
        if flat < 0.5:
            raise UnfitRig(
                f"The limbs of the rig (map: {self.rig_map.name}) do not lie left and right of each other; "
                "check the sides in its map, and that it stands upright in its rest pose."
            )
        angle = np.arctan2(left[1], left[0])
        axis = np.round(angle / _QUARTER) * _QUARTER
        if abs(angle - axis) < _HARDLY_TURNED:
            angle = axis
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])

    @cached_property
    def upright(self) -> bool:
        """Whether the trunk stands in the rest pose, rather than lies."""
        shoulders = (self.joint("leftUpperArm") + self.joint("rightUpperArm")) / 2.0
        trunk = shoulders - self.hip_centre
        return bool(trunk[2] > np.hypot(trunk[0], trunk[1]))

    @cached_property
    def hip_centre(self) -> Array:
        """(3,) the middle between the heads of the thighs at rest, metres."""
        return (self.joint("leftUpperLeg") + self.joint("rightUpperLeg")) / 2.0

    @cached_property
    def leg_length(self) -> float:
        """Metres from hip over knee to ankle, both legs' mean."""
        return float(np.mean([self.length(f"{s}{p}") for s in SIDES for p in ("UpperLeg", "LowerLeg")]) * 2)

    def length(self, role: str) -> float:
        """Metres from a limb's head to the next joint."""
        return float(np.linalg.norm(self.along(role)))

    def along(self, role: str) -> Array:
        """(3,) metres from a limb's head to the next joint; of a hand to the middle knuckle, or its tail."""
        bone = self.bone(role)
        assert bone is not None
        side, part = _split(role)
        end = self.knuckle(f"{side}Middle") if part == "Hand" else self.head(f"{side}{_NEXT[part]}")
        way = (self.tail(role) if end is None else end) - self.rest(bone)
        if np.linalg.norm(way) < 1e-6:
            raise UnfitRig(f"The bone '{bone}' begins where the next joint is; choose another for {role}.")
        return way

    def phalanges(self, finger: str) -> tuple[str, ...]:
        """The bones of a finger beyond the palm, without the one in it that begins at the wrist."""
        bones, wrist = self.chain(finger), self.head(f"{_split(finger)[0]}Hand")
        if len(bones) < 2 or wrist is None:
            return bones
        first, second = (float(np.linalg.norm(self.rest(bone) - wrist)) for bone in bones[:2])
        return bones[1:] if first < _WITHIN_PALM * second else bones

    def knuckle(self, finger: str) -> Array | None:
        """(3,) metres: where a finger leaves the palm at rest; None without that finger."""
        bones = self.phalanges(finger)
        return self.rest(bones[0]) if bones else None

    def limb_frame(self, role: str) -> Array:
        """(3, 3) axes of a limb at rest: x its hinge, y along it, z = x cross y.

        The hinge is the axis about which knee or elbow bend, positive when they do; for a hand, the way that
        the palm looks. It is read from the rest pose, the more the limb is bent there, and for hands from the
        knuckles; else it is that of a T-pose with palms down, turned the shortest way to where the limb lies.
        """
        side, part = _split(role)
        if part == "Hand":
            return _frame(self._palm(side), self.along(role))
        limb = part[-3:]
        upper, lower = self.along(f"{side}Upper{limb}"), self.along(f"{side}Lower{limb}")
        hinge = self._hinge(side, limb, upper, lower)
        if part.startswith("Upper"):
            return _frame(hinge, upper)
        return _frame(least_turn(upper[None], lower[None])[0] @ hinge, lower)

    def _hinge(self, side: str, limb: str, upper: Array, lower: Array) -> Array:
        """(3,) unit, across `upper`: about which `lower` bends against it."""
        sign = 1.0 if side == "left" else -1.0
        if limb == "Arm":
            expected = self._turned([sign, 0.0, 0.0], [0.0, 0.0, -sign], upper)
        else:
            expected = self._turned([0.0, 0.0, -1.0], [1.0, 0.0, 0.0], upper)
        return bending_axis(upper[None], lower[None], expected[None], _CLEARLY_BENT[limb])[0]

    def _palm(self, side: str) -> Array:
        """(3,) unit: the way that the palm looks at rest."""
        sign = 1.0 if side == "left" else -1.0
        along = self.along(f"{side}Hand")
        index, little = self.knuckle(f"{side}Index"), self.knuckle(f"{side}Little")
        if little is None:
            little = self.knuckle(f"{side}Ring")
        if index is not None and little is not None:
            normal = sign * np.cross(little - index, along)
            if np.linalg.norm(normal) > 0.1 * np.linalg.norm(little - index) * np.linalg.norm(along) > 0:
                return normal / np.linalg.norm(normal)
        return self._turned([sign, 0.0, 0.0], [0.0, 0.0, -1.0], along)

    def _turned(self, lies: list[float], hinge: list[float], along: Array) -> Array:
        """The hinge of a limb that lies along `lies` in the T-pose, taken along to where it lies here."""
        reference = self.facing @ np.array(lies)
        return least_turn(reference[None], along[None])[0] @ (self.facing @ np.array(hinge))


def _split(role: str) -> tuple[str, str]:
    side = "left" if role.startswith("left") else "right"
    return side, role[len(side) :]


def _frame(hinge: Array, along: Array) -> Array:
    y = along / np.linalg.norm(along)
    x = hinge - (hinge @ y) * y
    x = x / np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)], axis=-1)
