"""Regressors for dataset joints (`J_regressor_extra`, `J_regressor_h36m`) that also hold on posed meshes."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import SMPL_PARENTS
from .regressors import extra_points, fit_regressor, neighbourhood
from .symmetry import symmetric_regressor

_MIRROR_EXTRA = np.array([1, 0, 2, 3, 4, 5, 6, 7, 8])
_MIRROR_H36M = np.array([0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13])


def posed_regressors(
    v_template: np.ndarray,
    shapedirs: np.ndarray,
    weights: np.ndarray,
    J: np.ndarray,
    J_shapedirs: np.ndarray,
    named: dict[str, int],
    skin: np.ndarray,
    partner: np.ndarray,
    samples: int = 64,
) -> tuple[np.ndarray, np.ndarray]:
    """``J_regressor_extra`` (9,V) and ``J_regressor_h36m`` (17,V), fitted over random shapes and poses."""
    rng = np.random.default_rng(1)
    wanted, extra, h36m = extra_points(J, v_template, named)
    meshes = np.empty((samples, *v_template.shape))
    points = np.empty((samples, len(wanted), 3))
    for n in range(samples):
        betas = rng.normal(0, 1, 10)
        joints = J + J_shapedirs @ betas
        # Every point is carried by its joint; between shapes it keeps its offset from that joint.
        rotations, positions = _pose(joints, rng)
        shift = weights @ (positions - np.einsum("kij,kj->ki", rotations, joints))
        blended = np.einsum("vk,kij->vij", weights, rotations)
        meshes[n] = np.einsum("vij,vj->vi", blended, v_template + shapedirs @ betas) + shift
        for index, (joint, point) in enumerate(wanted):
            points[n, index] = positions[joint] + rotations[joint] @ (point - J[joint])
    rows = [
        fit_regressor(meshes, points[:, index], neighbourhood(v_template, point, skin, 300), ridge=1e-2)
        for index, (_, point) in enumerate(wanted)
    ]
    table = np.array(rows)
    return (
        symmetric_regressor(table[extra], partner, _MIRROR_EXTRA),
        symmetric_regressor(table[h36m], partner, _MIRROR_H36M),
    )


def _pose(joints: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (24,3,3) and positions (24,3) of a random pose with some 25 degrees at every joint."""
    from scipy.spatial.transform import Rotation

    local = Rotation.from_rotvec(rng.normal(0, np.radians(15), (24, 3))).as_matrix()
    rotations, positions = local.copy(), joints.copy()
    for k, parent in enumerate(SMPL_PARENTS):
        if parent >= 0:
            rotations[k] = rotations[parent] @ local[k]
            positions[k] = positions[parent] + rotations[parent] @ (joints[k] - joints[parent])
    return rotations, positions
