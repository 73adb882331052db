"""The landmark anchor loss: a triangle's area and a closed path's length, predicted against true (equations 6
to 9, method section 5).

Areas come from the cross product with an epsilon inside the root. The product formula of equations 6 and 7 is
never used: its gradient is not a number on collinear or coincident points, and it loses digits on thin
triangles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .config import AnchorSet, LossConfig, PerimeterOrder
from .mesh import mean_or_zero

HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE = range(5)
ORDERS: dict[PerimeterOrder, tuple[int, ...]] = {
    "outline": (HEAD, LEFT_WRIST, LEFT_ANKLE, RIGHT_ANKLE, RIGHT_WRIST),  # does not cross itself
    "listed": (HEAD, LEFT_WRIST, RIGHT_WRIST, LEFT_ANKLE, RIGHT_ANKLE),  # as the paper counts them; crosses
}
_FAN = tuple((HEAD, *ORDERS["outline"][i : i + 2]) for i in (1, 2, 3))
_TRIANGLES: dict[AnchorSet, tuple[tuple[int, ...], ...]] = {
    "ours": ((HEAD, LEFT_ANKLE, RIGHT_ANKLE),),
    "wrists": ((HEAD, LEFT_WRIST, RIGHT_WRIST),),
    "five": _FAN,
}
AREA_EPSILON = 1e-8  # square metres, squared
LENGTH_EPSILON = 1e-12  # square metres


@dataclass(frozen=True)
class Anchors:
    """Which points are compared: indices of the corners of each triangle, and of the closed path in order."""

    triangles: tuple[tuple[int, ...], ...]
    path: tuple[int, ...]


def choose_anchors(five: Sequence[int], common: Sequence[int], config: LossConfig, seed: int = 0) -> Anchors:
    """The anchors of a run.

    Args:
        five: where head, left wrist, right wrist, left ankle and right ankle stand in the list of points.
        common: where the points stand that ``anchor_set: random`` draws from.
        config: its `anchor_set` and `perim_order` are read.
        seed: of the run; the same seed draws the same anchors.
    """
    if config.anchor_set == "random":
        drawn = np.random.default_rng(seed).choice(np.asarray(common), 5, replace=False).tolist()
        return Anchors((tuple(drawn[:3]),), tuple(drawn))
    triangles = tuple(tuple(five[i] for i in corners) for corners in _TRIANGLES[config.anchor_set])
    return Anchors(triangles, tuple(five[i] for i in ORDERS[config.perim_order]))


def triangle_area(a: Tensor, b: Tensor, c: Tensor, squared: bool = False) -> Tensor:
    """Corners (..., 3) in metres -> area (...) in square metres, or its square (equation 7 as printed);
    finite gradients everywhere.
    """
    square = 0.25 * torch.linalg.cross(b - a, c - a).square().sum(-1)
    return square if squared else torch.sqrt(square + AREA_EPSILON)


def perimeter(points: Tensor) -> Tensor:
    """Closed polygon (..., n, 3) -> its length (...) in metres (equation 8)."""
    return torch.sqrt((points - points.roll(-1, dims=-2)).square().sum(-1) + LENGTH_EPSILON).sum(-1)


def areas(points: Tensor, anchors: Anchors, squared: bool = False) -> Tensor:
    """Points (..., L, 3) -> areas of the triangles (..., n)."""
    a, b, c = (points[..., list(corner), :] for corner in zip(*anchors.triangles, strict=True))
    return triangle_area(a, b, c, squared)


def landmark_anchor(
    predicted: Tensor,
    truth: Tensor,
    anchors: Anchors,
    w_area: float = 1.0,
    w_perim: float = 1.0,
    squared: bool = False,
) -> Tensor:
    """L_A without its lambda (equation 9): w_area mean (area difference)^2 + w_perim mean (length
    difference)^2.

    Args:
        predicted, truth: (..., L, 3) m.
        squared: compare squared areas, as equation 7 prints them.

    Invariant to any rigid motion of either side. Computed in single precision whatever the surrounding
    autocast; zero where there is nothing to compare.
    """
    with torch.autocast(predicted.device.type, enabled=False):
        predicted, truth = predicted.float(), truth.float()
        path = list(anchors.path)
        area = areas(predicted, anchors, squared) - areas(truth, anchors, squared)
        around = perimeter(predicted[..., path, :]) - perimeter(truth[..., path, :])
        return w_area * mean_or_zero(area.square()) + w_perim * mean_or_zero(around.square())
