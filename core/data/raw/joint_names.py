"""A dataset's own joints brought into another list by name: one table decides what is left and right (method
section 7.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...body.spin_joints import COMMON_14_NAMES, SPIN_JOINT_NAMES


def into_spin49(values: NDArray, names: Sequence[str]) -> NDArray[np.float32]:
    """Joints (n, len(names), D) -> (n, 49, D) in the order of the SPIN joints (method section 4.6).

    Args:
        names: the SPIN name of each joint given, "" for one that has no place among the 49.

    Places that no name fills hold zeros, which is confidence 0 for keypoints.
    """
    return _into(values, names, SPIN_JOINT_NAMES)


def into_common14(values: NDArray, names: Sequence[str]) -> NDArray[np.float32]:
    """Joints (n, len(names), D) -> (n, 14, D) in the order of the common joints; otherwise as above."""
    return _into(values, names, COMMON_14_NAMES)


def _into(values: NDArray, names: Sequence[str], targets: Sequence[str]) -> NDArray[np.float32]:
    if values.shape[1] != len(names):
        raise ValueError(f"{values.shape[1]} joints but {len(names)} names")
    placed = np.zeros((len(values), len(targets), values.shape[2]), np.float32)
    for source, name in enumerate(names):
        if name:
            placed[:, targets.index(name)] = values[:, source]
    return placed


def with_confidence(points: NDArray, confidence: NDArray | float = 1.0) -> NDArray[np.float32]:
    """Points (n, J, 2) px and confidences (n, J), or one for all -> keypoints (n, J, 3)."""
    column = np.broadcast_to(np.asarray(confidence, np.float32), points.shape[:2])
    return np.concatenate([points, column[..., None]], -1).astype(np.float32)
