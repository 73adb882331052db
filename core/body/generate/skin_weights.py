"""Softer blend weights at the shoulders, where the source rig's tear the skin of a raised arm."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import JOINT_INDEX

_ROUNDS = 8
_FULL, _NONE = 0.08, 0.16  # metres from the shoulder joint: softened fully within, not at all beyond


def soften_shoulders(
    weights: np.ndarray, vertices: np.ndarray, joints: np.ndarray, faces: np.ndarray
) -> np.ndarray:
    """Weights (V,24) averaged with their neighbours' along the mesh, near the shoulder joints only.

    Eight rounds were chosen by eye: a raised arm no longer shows a notch, a hanging one keeps its shape. Done
    everywhere, the neck's many joints would not fit into four weights a vertex.

    Args:
        vertices: (V,3) and joints: (24,3) of the mean body in T-pose, metres. faces: (F,3).
    """
    from scipy.sparse import coo_matrix, diags

    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    count = len(vertices)
    adjacency = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count, count)).tocsr()
    neighbours = diags(1 / np.asarray(adjacency.sum(axis=1)).ravel()) @ adjacency

    shoulders = joints[[JOINT_INDEX["L_Shoulder"], JOINT_INDEX["R_Shoulder"]]]
    distance = np.linalg.norm(vertices[:, None] - shoulders, axis=-1).min(axis=1)
    amount = np.clip((_NONE - distance) / (_NONE - _FULL), 0, 1)[:, None]
    for _ in range(_ROUNDS):
        weights = weights + 0.5 * amount * (neighbours @ weights - weights)
    return weights
