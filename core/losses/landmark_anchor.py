"""The landmark anchor loss: a triangle's area and a pentagon's perimeter between head, wrists and ankles
(method section 5).

Areas come from the cross product with an epsilon inside the root. The product formula for triangle areas is
never used: its gradient is not a number on collinear or coincident points, and it loses digits on thin
triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE = range(5)
OUTLINE = (HEAD, LEFT_WRIST, LEFT_ANKLE, RIGHT_ANKLE, RIGHT_WRIST)  # does not cross itself
LISTED = (
    HEAD,
    LEFT_WRIST,
    RIGHT_WRIST,
    LEFT_ANKLE,
    RIGHT_ANKLE,
)  # as enumerated in the paper; crosses itself
AREA_EPSILON = 1e-8
LENGTH_EPSILON = 1e-12


@dataclass(frozen=True)
class AnchorConfig:
    """Switches of the loss; the weight lambda_A stands with the other weights.

    ``area``: heron (true area) or heron_sq (as printed: no root). ``area_anchors``: which triangles;
    ``random`` takes `random_area`, three distinct indices into the points given.
    """

    area: Literal["heron", "heron_sq"] = "heron"
    area_anchors: Literal["ankles", "wrists", "five", "random"] = "ankles"
    perimeter_order: Literal["outline", "listed"] = "outline"
    w_area: float = 1.0
    w_perimeter: float = 1.0
    balance: bool = False
    random_area: tuple[int, int, int] = (0, 1, 2)


def triangle_area(a: Tensor, b: Tensor, c: Tensor, squared: bool = False) -> Tensor:
    """Corners (..., 3) in metres -> area (...) in square metres; finite gradients everywhere."""
    normal = torch.linalg.cross(b - a, c - a)
    square = 0.25 * normal.square().sum(-1)
    return square if squared else torch.sqrt(square + AREA_EPSILON)


def perimeter(points: Tensor) -> Tensor:
    """Closed polygon (..., n, 3) -> its length (...) in metres."""
    return torch.sqrt((points - points.roll(-1, dims=-2)).square().sum(-1) + LENGTH_EPSILON).sum(-1)


def areas(anchors: Tensor, config: AnchorConfig) -> Tensor:
    """Anchors (..., 5, 3) -> triangle areas (..., n)."""
    if config.area_anchors == "five":  # a fan over the outline, from the head
        corners = [(HEAD, OUTLINE[i], OUTLINE[i + 1]) for i in range(1, 4)]
    else:
        corners = [
            {
                "ankles": (HEAD, LEFT_ANKLE, RIGHT_ANKLE),
                "wrists": (HEAD, LEFT_WRIST, RIGHT_WRIST),
                "random": config.random_area,
            }[config.area_anchors]
        ]
    squared = config.area == "heron_sq"
    return torch.stack(
        [triangle_area(*(anchors[..., i, :] for i in t), squared=squared) for t in corners], -1
    )


def landmark_anchor(predicted: Tensor, truth: Tensor, config: AnchorConfig | None = None) -> Tensor:
    """L_A without its lambda: w_a mean (area difference)^2 + w_p mean (perimeter difference)^2.

    Args:
        predicted, truth: (..., 5, 3) m, in the order head, left wrist, right wrist, left ankle, right ankle.

    Invariant to any rigid motion of either side. Computed in single precision whatever the surrounding
    autocast.
    """
    config = config or AnchorConfig()
    with torch.autocast(predicted.device.type, enabled=False):
        predicted, truth = predicted.float(), truth.float()
        order = list(OUTLINE if config.perimeter_order == "outline" else LISTED)
        area = (areas(predicted, config) - areas(truth, config)).square().mean()
        around = (perimeter(predicted[..., order, :]) - perimeter(truth[..., order, :])).square().mean()
        w_area = config.w_area * (6.0 if config.balance else 1.0)
        return w_area * area + config.w_perimeter * around
