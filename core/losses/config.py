"""The weights and readings of the losses, as the `loss:` section of an experiment names them (method section
8b)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ..errors import InputError

AnchorArea = Literal["heron", "heron_sq"]
AnchorSet = Literal["ours", "wrists", "five", "random"]
PerimeterOrder = Literal["outline", "listed"]

_CHOICES = {"anchor_area": AnchorArea, "anchor_set": AnchorSet, "perim_order": PerimeterOrder}


class BadLossConfig(InputError):
    code = "losses.bad_config"


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms (0 leaves a term out) and how the landmark anchor loss is read.

    Attributes:
        kp2d, kp3d, pose, shape: omega of equation 10.
        anchor: lambda_A of equation 5; `w_area`, `w_perim`: its two parts, equation 9.
        anchor_area: ``heron``, a triangle's area, or ``heron_sq``, equation 7 as printed, without the root.
        anchor_set: ``ours`` measures the triangle of head and ankles and the perimeter of the five anchors,
            ``wrists`` takes head and wrists for the triangle, ``five`` three triangles between all five;
            ``random`` draws five of the 14 common joints once a run: the first three are the triangle, all
            five the perimeter.
        perim_order: ``outline`` does not cross itself; ``listed`` is the order in which the paper names the
            anchors, and does.
        balance: area counts six times, so that both parts weigh about as much.
        deep_sup: weight of the same terms on every branch before the last integration (the trainer adds
            them). Not in the paper.
        velocity: difference of steps between frames; needs ``sequence`` output. Not in the paper.

    Raises:
        BadLossConfig: a choice is not known, a weight is negative or not a number, or nothing has a weight.
    """

    kp2d: float = 300.0
    kp3d: float = 300.0
    pose: float = 60.0
    shape: float = 0.06
    anchor: float = 10.0
    anchor_area: AnchorArea = "heron"
    anchor_set: AnchorSet = "ours"
    perim_order: PerimeterOrder = "outline"
    w_area: float = 1.0
    w_perim: float = 1.0
    balance: bool = False
    deep_sup: float = 0.0
    velocity: float = 0.0

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in get_args(allowed):
                raise BadLossConfig(
                    f"Set loss.{name} to one of {', '.join(get_args(allowed))}; "
                    f"{getattr(self, name)!r} is not known."
                )
        if not isinstance(self.balance, bool):
            raise BadLossConfig(f"Set loss.balance to true or false; it is {self.balance!r}.")
        for name, value in self.to_dict().items():
            if name in _CHOICES or name == "balance":
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and value >= 0):
                raise BadLossConfig(f"Set loss.{name} to a number of 0 or more; it is {value!r}.")
        anchored = self.anchor * (self.w_area + self.w_perim)
        if not any((self.kp2d, self.kp3d, self.pose, self.shape, self.velocity, anchored)):
            raise BadLossConfig(
                "Give at least one of the losses a weight: loss.kp2d, loss.kp3d, ... are all 0."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values by key, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LossConfig:
        """Inverse of `to_dict`; keys that are left out keep their default.

        Raises BadLossConfig.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise BadLossConfig(
                    f"Remove the unknown setting loss.{name}: the keys are {', '.join(known)}."
                )
        return cls(**values)
