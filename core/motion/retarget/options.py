"""What may be chosen about a retarget: one record that travels as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...errors import InputError

TRAVELS: tuple[str, ...] = ("full", "horizontal", "in place")
CARRIERS: tuple[str, ...] = ("hips", "root")
CONTROLS: tuple[str, ...] = ("fk", "ik", "both")
FINGERS: tuple[str, ...] = ("untouched", "relaxed")


class BadRetarget(InputError):
    code = "retarget.invalid"


@dataclass(frozen=True)
class RetargetOptions:
    """Choices of one retarget.

    Attributes:
        travel: "full" keeps the whole path; "horizontal" the way across the floor, at the target's own
            standing height; "in place" up and down only.
        carrier: which bone carries the way across the floor. "root" needs a bone for that role.
        scale: of the path, from source to target; None is the ratio of the legs' lengths.
        feet: keep feet that stand where they stand, soles on the floor.
        reach: keep the hands where the source's were on the scaled body; else arms keep their angles.
        twist: give part of a limb's twist to the twist bones.
        controls: which controls of a rig that has both are keyed. With "both" the switches choose FK, and the
            IK controls agree with it.
        fingers: "relaxed" keys one static pose; "untouched" leaves the fingers to the rig.
    """

    travel: str = "full"
    carrier: str = "hips"
    scale: float | None = None
    feet: bool = True
    reach: bool = False
    twist: bool = True
    controls: str = "fk"
    fingers: str = "untouched"

    def __post_init__(self) -> None:
        for name, known in (
            ("travel", TRAVELS),
            ("carrier", CARRIERS),
            ("controls", CONTROLS),
            ("fingers", FINGERS),
        ):
            if getattr(self, name) not in known:
                raise BadRetarget(
                    f"The option {name} is {getattr(self, name)!r}; choose one of {', '.join(known)}."
                )
        for name in ("feet", "reach", "twist"):
            if not isinstance(getattr(self, name), bool):
                raise BadRetarget(f"The option {name} is {getattr(self, name)!r}; it is on or off.")
        scale = self.scale
        if scale is not None and (
            isinstance(scale, bool)
            or not isinstance(scale, int | float)
            or not (math.isfinite(scale) and 1e-4 <= scale <= 1e4)
        ):
            raise BadRetarget(f"The option scale is {scale!r}; give a number between 0.0001 and 10000.")
