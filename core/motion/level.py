"""The level on which feet stand: a weighted, robust fit of a plane that knows roughly which way is up."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_ROUNDS = 6
_OUTLIER = 2.0  # spreads at which a foot has lost a part of its say
_CORRELATED = 10.0  # frames of one stance err together: so many count as one


def fit_level(
    points: ArrayLike,
    weights: ArrayLike,
    spreads: ArrayLike,
    likely_up: ArrayLike,
    up_spread: float,
    heights: ArrayLike = 0.0,
) -> tuple[Array, float]:
    """The plane above which points of feet have the heights that they should have.

    Args:
        points: (N, 3) metres, one per foot and frame. weights: (N,) in [0, 1], how surely each one stands.
        spreads: (N,) metres, standard deviation of a point from its height.
        likely_up: (3,) unit vector. up_spread: its standard deviation in radians.
        heights: (N,) metres above the plane that each point should have.

    Returns:
        up, a unit vector (3,), and the offset with up . X + offset = 0 on the plane.

    Raises ValueError when nothing stands.
    """
    x, sure = np.asarray(points, np.float64), np.asarray(weights, np.float64) / _CORRELATED
    spread, wanted = np.asarray(spreads, np.float64), np.broadcast_to(np.asarray(heights, np.float64), len(x))
    if not sure.sum() > 0:
        raise ValueError("no foot stands")
    likely = unit(np.asarray(likely_up, np.float64))
    across = np.linalg.svd(likely[None])[2][1:]  # two directions in which up may turn
    prior = np.eye(2) / up_spread**2
    up, robust = likely, np.ones(len(x))
    for _ in range(_ROUNDS):
        share = sure * robust / spread**2
        centre, middle = share @ x / share.sum(), share @ wanted / share.sum()
        lever = (x - centre) @ across.T
        miss = (x - centre) @ up - (wanted - middle)
        normal = lever.T @ (lever * share[:, None]) + prior
        right = lever.T @ (share * miss) + prior @ (across @ up)
        up = unit(up - np.linalg.solve(normal, right) @ across)
        miss = (x - centre) @ up - (wanted - middle)
        robust = 1.0 / (1.0 + np.abs(miss) / (_OUTLIER * spread))
    return up, float(middle - centre @ up)


def unit(vectors: ArrayLike) -> Array:
    """Vectors (..., 3) scaled to length 1; zero stays zero."""
    v = np.asarray(vectors, np.float64)
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)
