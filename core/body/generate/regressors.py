"""Joint regressors: rows of vertex weights whose product with the mesh gives joints."""

from __future__ import annotations

import numpy as np

from ...motion.skeletons import JOINT_INDEX
from .symmetry import SMPL_MIRROR, symmetric_regressor


def fit_regressor(
    samples: np.ndarray, points: np.ndarray, near: np.ndarray, ridge: float = 1e-4
) -> np.ndarray:
    """Weights (V,), summing to one, that turn meshes into one point.

    Signed weights: non-negative ones, as SMPL's own, leave up to 14 mm on this mesh (a knee is not the
    average of its surface); a small ridge towards the plain average of the neighbourhood keeps them tame.

    Args:
        samples: (N,V,3) meshes. points: (N,3) the point in each. near: (K,) candidate vertices.
    """
    count = len(near)
    average = np.full(count, 1 / count)
    system = samples[:, near].transpose(0, 2, 1).reshape(-1, count)
    rows = [system, np.sqrt(ridge) * np.eye(count), np.full((1, count), 100.0)]
    wanted = [points.reshape(-1) - system @ average, np.zeros(count), np.zeros(1)]
    change = np.linalg.lstsq(np.concatenate(rows), np.concatenate(wanted), rcond=None)[0]
    weights = np.zeros(samples.shape[1])
    weights[near] = (average + change) / (average + change).sum()
    return weights


def neighbourhood(vertices: np.ndarray, point: np.ndarray, allowed: np.ndarray, count: int) -> np.ndarray:
    """At most `count` allowed vertices around a point, thinned evenly from the nearest outwards."""
    candidates = np.where(allowed)[0]
    distance = np.linalg.norm(vertices[candidates] - point, axis=1)
    order = candidates[np.argsort(distance, kind="stable")]
    reach = max(2.2 * np.sort(distance)[min(60, len(distance) - 1)], 0.09)
    inside = order[: max(int((distance < reach).sum()), min(60, len(order)))]
    return inside if len(inside) <= count else inside[np.linspace(0, len(inside) - 1, count).astype(int)]


def joint_regressor(
    samples: np.ndarray, joints: np.ndarray, skin: np.ndarray, partner: np.ndarray
) -> np.ndarray:
    """(24,V) regressor of SMPL's joints in the T-pose.

    Args:
        samples: (N,V,3) T-posed meshes. joints: (N,24,3) their joints. skin: (V,) bool, not the eyeballs.
    """
    mean, centre = samples.mean(axis=0), joints.mean(axis=0)
    rows = np.zeros((24, samples.shape[1]))
    for k in range(24):
        near = neighbourhood(mean, centre[k], skin, 500)
        near = np.union1d(near, partner[near]) if SMPL_MIRROR[k] == k else near
        rows[k] = fit_regressor(samples, joints[:, k], near)
    for k in np.where(np.arange(24) < SMPL_MIRROR)[0]:
        rows[SMPL_MIRROR[k]] = rows[k][partner]
    return symmetric_regressor(rows, partner, SMPL_MIRROR)


def extra_points(joints: np.ndarray, vertices: np.ndarray, named: dict[str, int]) -> tuple[list, list, list]:
    """The dataset joints behind ``J_regressor_extra`` and ``J_regressor_h36m``.

    Args:
        joints: (24,3) and vertices: (V,3) of the mean body in T-pose.

    Returns:
        one (joint it moves with, (3,) position) per distinct point; 9 and 17 indices into that list.

    Where the datasets put them: LSP hips a little outside the hip joints, LSP neck at the base of the neck
    between the shoulders, head top at the crown; MPII pelvis between the hips, thorax at the neck's base;
    Human3.6M spine at the belly's level in the middle of the trunk, jaw in the throat, head in the skull's
    middle. Human3.6M rows follow the order that the method's index list expects: pelvis, LEFT leg, right
    leg, spine, neck, jaw, head, left arm, right arm.
    """
    J = {name: joints[index] for name, index in JOINT_INDEX.items()}
    middle_hips = (J["L_Hip"] + J["R_Hip"]) / 2
    middle_shoulders = (J["L_Shoulder"] + J["R_Shoulder"]) / 2
    neck = (J["Neck"] + middle_shoulders) / 2
    crown, nose, jaw = (vertices[named[name]] for name in ("head_top", "nose", "jaw"))
    lsp_hip = {s: middle_hips + 1.15 * (J[f"{s}_Hip"] - middle_hips) for s in "LR"}
    face = (J["Head"] + jaw) / 2
    skull = (crown + nose) / 2 * (0, 1, 1)
    points = [
        ("Pelvis", lsp_hip["R"]), ("Pelvis", lsp_hip["L"]), ("Spine3", neck), ("Head", crown),
        ("Pelvis", middle_hips), ("Spine3", (neck + middle_shoulders) / 2),
        ("Spine1", (J["Spine1"] + J["Spine2"]) / 2),
        ("Head", face), ("Head", skull),
        ("L_Hip", J["L_Hip"]), ("L_Knee", J["L_Knee"]), ("L_Ankle", J["L_Ankle"]),
        ("R_Hip", J["R_Hip"]), ("R_Knee", J["R_Knee"]), ("R_Ankle", J["R_Ankle"]),
        ("L_Shoulder", J["L_Shoulder"]), ("L_Elbow", J["L_Elbow"]), ("L_Wrist", J["L_Wrist"]),
        ("R_Shoulder", J["R_Shoulder"]), ("R_Elbow", J["R_Elbow"]), ("R_Wrist", J["R_Wrist"]),
    ]  # fmt: skip
    extra = list(range(9))
    h36m = [4, 9, 10, 11, 12, 13, 14, 6, 5, 7, 3, 15, 16, 17, 18, 19, 20]
    return [(JOINT_INDEX[name], point) for name, point in points], extra, h36m
