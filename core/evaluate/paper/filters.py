"""The smoothing that some tables report beside the plain numbers (method section 8)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ...motion.rotations import quaternion_from_matrix, quaternion_to_matrix, slerp

RATIO = 0.3


def slerp_average(rotations: Tensor, ratio: float = RATIO) -> Tensor:
    """Rotations (F, 24, 3, 3) of one track, each moved from the frame before only a share of the way.

    The filtered frame t lies at `ratio` on the shorter arc from the filtered frame t - 1 to the predicted
    frame t: an exponential average on the sphere of quaternions. It lags, which is why its numbers are never
    mixed with the plain ones.

    **Convention**: local SMPL rotations on column vectors, in and out.
    """
    quaternions = quaternion_from_matrix(rotations.numpy())
    for t in range(1, len(quaternions)):
        quaternions[t] = slerp(quaternions[t - 1], quaternions[t], np.float64(ratio))
    return torch.from_numpy(quaternion_to_matrix(quaternions)).to(rotations.dtype)
