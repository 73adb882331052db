"""Forward kinematics in torch, one level of the skeleton at a time: nine products instead of twenty-three
(method section 4.6).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from ..motion.skeletons import SMPL_PARENTS


def _levels() -> tuple[tuple[int, ...], ...]:
    depth = [0] * len(SMPL_PARENTS)
    for joint, parent in enumerate(SMPL_PARENTS):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    return tuple(
        tuple(joint for joint, d in enumerate(depth) if d == level) for level in range(max(depth) + 1)
    )


LEVELS = _levels()
# Where each level's parents stand within the level before it, and how to bring the levels back into SMPL's
# order.
_PARENT_ROWS = tuple(
    tuple(above.index(SMPL_PARENTS[joint]) for joint in level) for above, level in pairwise(LEVELS)
)
_ORDER = [joint for level in LEVELS for joint in level]
_RESTORE = tuple(_ORDER.index(joint) for joint in range(len(SMPL_PARENTS)))


def global_transforms(rotations: Tensor, rest_joints: Tensor) -> tuple[Tensor, Tensor]:
    """Joint positions and global rotations; the pelvis stays where it is at rest.

    Args:
        rotations: (N, 24, 3, 3) local rotation matrices. rest_joints: (N, 24, 3) metres.

    Returns:
        positions (N, 24, 3) metres, global rotations (N, 24, 3, 3).

    **Convention** column vectors: G_child = G_parent R_child, p_child = p_parent + G_parent (rest_child -
    rest_parent); the space is the one that rotation 0 turns into.
    """
    turns, places = [rotations[:, :1]], [rest_joints[:, :1]]
    for level, parents in zip(LEVELS[1:], _PARENT_ROWS, strict=True):
        rows, joints = list(parents), list(level)
        above, place = turns[-1][:, rows], places[-1][:, rows]
        bones = rest_joints[:, joints] - rest_joints[:, [SMPL_PARENTS[joint] for joint in joints]]
        turns.append(above @ rotations[:, joints])
        places.append(place + (above @ bones[..., None])[..., 0])
    restore = list(_RESTORE)
    return torch.cat(places, dim=1)[:, restore], torch.cat(turns, dim=1)[:, restore]
