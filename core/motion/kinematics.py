"""Where the joints are: forward kinematics of the SMPL skeleton."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rotations import quaternion_to_matrix
from .skeletons import SMPL_PARENTS

Array = NDArray[np.float64]


def forward_kinematics(rotations: ArrayLike, root: ArrayLike, rest_joints: ArrayLike) -> tuple[Array, Array]:
    """Joint positions and global rotations of a posed skeleton.

    Args:
        rotations: (T, 24, 4) local unit quaternions, or (T, 24, 3, 3) local rotation matrices.
        root: (T, 3) position of the pelvis joint, metres.
        rest_joints: (24, 3) joints of the body at rest, metres; only differences between them matter.

    Returns:
        positions (T, 24, 3) in metres with ``positions[:, 0] == root``, and global rotations (T, 24, 3, 3).

    **Convention**: column vectors, G_child = G_parent R_child, p_child = p_parent + G_parent (rest_child -
    rest_parent); quaternions are w, x, y, z. The space is the one that `root` and rotation 0 stand in.
    """
    given = np.asarray(rotations, dtype=np.float64)
    local = given if given.shape[-2:] == (3, 3) else quaternion_to_matrix(given)
    start = np.asarray(root, dtype=np.float64)
    rest = np.asarray(rest_joints, dtype=np.float64)
    count = len(SMPL_PARENTS)
    if local.shape[1:] != (count, 3, 3) or rest.shape != (count, 3) or start.shape != (len(local), 3):
        raise ValueError(
            f"expected rotations (T, {count}, 4), root (T, 3), rest_joints ({count}, 3), "
            f"not {given.shape}, {start.shape}, {rest.shape}"
        )
    global_rotations = np.empty_like(local)
    positions = np.empty((*local.shape[:2], 3))
    global_rotations[:, 0], positions[:, 0] = local[:, 0], start
    for joint in range(1, count):
        parent = SMPL_PARENTS[joint]
        global_rotations[:, joint] = global_rotations[:, parent] @ local[:, joint]
        positions[:, joint] = positions[:, parent] + global_rotations[:, parent] @ (
            rest[joint] - rest[parent]
        )
    return positions, global_rotations
