"""The mirror map of the mesh, and the averages that make every array exactly symmetric.

**Convention** The mirror is the plane x = 0: a point (x, y, z) of the left half goes to (-x, y, z).
"""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import mirrored_joints

_FLIP = np.array([-1.0, 1.0, 1.0])
SMPL_MIRROR = np.array(mirrored_joints())


def mirror_map(vertices: np.ndarray) -> np.ndarray:
    """(V,) index of each vertex's partner across x = 0, itself on the middle line.

    Args:
        vertices: (V,3) metres; must already be nearly symmetric.

    Raises:
        ValueError: the nearest partner is not mutual, so the mesh has no mirror.
    """
    from scipy.spatial import KDTree

    distance, nearest = KDTree(vertices).query(vertices * _FLIP)
    partner = np.asarray(nearest)
    if np.max(distance) > 1e-3 or not (partner[partner] == np.arange(len(vertices))).all():
        raise ValueError(f"the mesh is not symmetric: {np.max(distance) * 1e3:.2f} mm at the worst vertex")
    return partner


def symmetric_points(points: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """(...,K,3) averaged with its mirror image; `partner` (K,) names the other side of each point."""
    return (points + points[..., partner, :] * _FLIP) / 2


def symmetric_directions(directions: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """The same for shape directions (K,3,B)."""
    return (directions + directions[partner] * _FLIP[:, None]) / 2


def symmetric_weights(weights: np.ndarray, partner: np.ndarray, kept: int = 4) -> np.ndarray:
    """Blend weights (V,24) with at most `kept` joints per vertex, equal across the mirror, rows summing to 1.

    The left half is truncated and copied to the right. On the middle line a left and a right joint are
    dropped together, so that a tie never decides for one side.
    """
    weights = (weights + weights[partner][:, SMPL_MIRROR]) / 2
    result = np.zeros_like(weights)
    for vertex, other in enumerate(partner):
        if other < vertex:
            continue
        row = weights[vertex].copy()
        order = np.argsort(-row, kind="stable")
        row[order[kept:]] = 0
        if other == vertex:
            row = np.where(row[SMPL_MIRROR] > 0, row, 0)
        row /= row.sum()
        result[vertex] = row
        result[other] = row[SMPL_MIRROR]
    return result


def symmetric_regressor(regressor: np.ndarray, partner: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Regressor (K,V) whose row `rows[k]` is the mirror of row k."""
    return (regressor + regressor[rows][:, partner]) / 2
