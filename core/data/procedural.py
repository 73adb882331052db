"""Motion out of nothing: random key poses within joint limits, joined by cubic splines (method section 6.2).

It fills the corners of pose space that motion capture leaves empty, and gives tests motion without any file.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from .motion import MotionClipSource

# Degrees about x, y, z of the left joint (right ones are mirrored), SMPL order; T-pose is zero.
LIMITS: dict[int, tuple[tuple[float, float], ...]] = {
    1: ((-110, 25), (-35, 35), (-15, 50)),
    4: ((0, 140), (-5, 5), (-5, 5)),
    7: ((-25, 40), (-20, 20), (-15, 15)),
    10: ((-20, 20), (0, 0), (0, 0)),
    3: ((-8, 25), (-20, 20), (-15, 15)),
    6: ((-8, 25), (-20, 20), (-15, 15)),
    9: ((-8, 25), (-15, 15), (-12, 12)),
    12: ((-20, 25), (-30, 30), (-15, 15)),
    15: ((-20, 25), (-30, 30), (-15, 15)),
    13: ((-5, 5), (-12, 12), (-8, 20)),
    16: ((-70, 70), (-115, 35), (-88, 88)),
    18: ((-50, 50), (-145, 0), (-6, 6)),
    20: ((-30, 30), (-25, 25), (-45, 45)),
}
RELAXED: dict[int, tuple[float, float, float]] = {16: (0, -10, -72), 18: (0, -20, 0), 4: (6, 0, 0)}
LIMBS = ((13, 16, 18, 20), (14, 17, 19, 21), (1, 4, 7, 10), (2, 5, 8, 11), (3, 6, 9), (12, 15))
LEFT_OF = {2: 1, 5: 4, 8: 7, 11: 10, 14: 13, 17: 16, 19: 18, 21: 20}
MIRROR = np.array([1.0, -1.0, -1.0])  # a mirrored turn keeps its x part and negates y and z


def procedural_motion(frames: int, seed: int, name: str = "procedural") -> MotionClipSource:
    """`frames` of random motion at 30 fps, decided by `seed`.

    **Convention**: as `MotionClipSource`; turns are intrinsic Y, Z, X Euler angles within `LIMITS`.
    """
    rng = np.random.default_rng(seed)
    keys = np.cumsum(np.concatenate([[0], rng.uniform(8, 34, frames // 8 + 6)]))
    keys = keys[: int(np.searchsorted(keys, frames + 40)) + 1]
    n = len(keys)
    angles = np.zeros((n, 24, 3))
    for limb in LIMBS:
        activity = rng.beta(0.7, 1.0, n)[
            :, None
        ]  # how far from relaxed at each key: often a little, sometimes all
        for joint in limb:
            left = LEFT_OF.get(joint, joint)
            limits, relaxed = np.array(LIMITS[left], float), np.array(RELAXED.get(left, (0, 0, 0)), float)
            drawn = relaxed + activity * (rng.uniform(limits[:, 0], limits[:, 1], (n, 3)) - relaxed)
            angles[:, joint] = drawn * (MIRROR if left != joint else 1.0)
    pitch = rng.normal(0, 12, n) + (rng.random(n) < 0.15) * rng.normal(0, 45, n)
    roll = rng.normal(0, 8, n) + (rng.random(n) < 0.12) * rng.normal(0, 35, n)
    angles[:, 0] = np.stack([pitch, np.cumsum(rng.normal(0, 35, n)), roll], 1)
    series = CubicSpline(keys, angles.reshape(n, -1))(np.arange(frames)).reshape(frames, 24, 3)
    series = _within_limits(series)
    order = series.reshape(-1, 3)[:, [1, 2, 0]]
    rotations = Rotation.from_euler("YZX", order, degrees=True).as_matrix().reshape(frames, 24, 3, 3)
    wander = CubicSpline(keys, np.cumsum(rng.normal(0, 0.15, (n, 3)) * [1, 0.2, 1], 0))(np.arange(frames))
    return MotionClipSource(name, rotations.astype(np.float32), wander.astype(np.float32))


def _within_limits(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Splines overshoot between keys; five degrees of that are let pass."""
    for joint in range(1, 24):
        left = LEFT_OF.get(joint, joint)
        if left in LIMITS:
            sign = MIRROR if left != joint else np.ones(3)
            limits = np.array(LIMITS[left], float)
            series[:, joint] = np.clip(series[:, joint] * sign, limits[:, 0] - 5, limits[:, 1] + 5) * sign
    return series
