"""Which points of the feet stand on the floor, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .skeletons import JOINT_INDEX
from .smoothing import smooth_positions, unbroken_runs

Array = NDArray[np.float64]

# Heel and toe stand-ins among the 24 joints, in the order of MotionClip.contacts.
FOOT_JOINTS: tuple[int, ...] = tuple(JOINT_INDEX[name] for name in ("L_Ankle", "L_Foot", "R_Ankle", "R_Foot"))


@dataclass(frozen=True)
class ContactThresholds:
    """When a foot point counts as standing (method section 10.4).

    A run must once pass the `enter` pair, and lasts as long as the `stay` pair holds: hysteresis, so that a
    value near one threshold does not flicker.

    Speeds in m/s, heights in metres above the floor, times in seconds.
    """

    enter_speed: float = 0.25
    stay_speed: float = 0.40
    enter_height: float = 0.05
    stay_height: float = 0.08
    shortest: float = 0.1  # three frames at 30 fps
    smoothing: float = 1.0 / 30.0


def joints_as_feet(joints: ArrayLike) -> Array:
    """(T, 4, 3) ankles and balls of the feet out of joints (T, 24, 3), where no sole points are at hand."""
    return np.asarray(joints, dtype=np.float64)[:, FOOT_JOINTS]


def resting_heights(points: ArrayLike, up: ArrayLike = (0.0, 1.0, 0.0), share: float = 0.1) -> Array:
    """(4,) height that each foot point (T, 4, 3) rests at: the `share` quantile of its heights above 0."""
    heights = np.asarray(points, dtype=np.float64) @ np.asarray(up, dtype=np.float64)
    return np.quantile(heights, share, axis=0)


def detect_contacts(
    points: ArrayLike,
    times: ArrayLike,
    *,
    valid: ArrayLike | None = None,
    up: ArrayLike = (0.0, 1.0, 0.0),
    floor: ArrayLike = 0.0,
    heights: ArrayLike | None = None,
    thresholds: ContactThresholds | None = None,
) -> NDArray[np.float32]:
    """Contacts (T, 4) in [0, 1] of heel and toe of the left, then of the right foot.

    Args:
        points: (T, 4, 3) left heel, left toe, right heel, right toe, metres, in a gravity-aligned space.
        times: (T,) seconds, increasing.
        valid: (T,) frames where the person was seen; elsewhere there is no contact.
        up: (3,) unit vector against gravity. floor: height (or (4,) heights) that the points rest at.
        heights: (T, 4) above the floor, when better known than from the points (the lowest vertex of a sole).

    **Convention**: height is measured along `up` from the origin. Speed is that of the smoothed point, all
    three axes, by central differences.
    """
    limits = thresholds or ContactThresholds()
    x, t = np.asarray(points, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if x.shape != (len(t), 4, 3):
        raise ValueError(f"points must have shape ({len(t)}, 4, 3), not {x.shape}")
    above = (
        x @ np.asarray(up, dtype=np.float64) - np.asarray(floor) if heights is None else np.asarray(heights)
    )
    seen = np.ones(len(t), dtype=bool) if valid is None else np.asarray(valid, dtype=bool)
    contacts = np.zeros((len(t), 4), dtype=np.float32)
    step = float(np.median(np.diff(t))) if len(t) > 1 else 1.0 / 30.0
    # A clip too short to hold the shortest run is judged by what it has.
    shortest = min(max(1, round(limits.shortest / step)), len(t))
    for start, stop in unbroken_runs(seen):
        sigma = max(limits.smoothing / step, 1e-3)
        speed = _speeds(smooth_positions(x[start:stop], sigma), t[start:stop])
        height = smooth_positions(above[start:stop], sigma)
        enter = (speed < limits.enter_speed) & (height < limits.enter_height)
        stay = (speed < limits.stay_speed) & (height < limits.stay_height)
        for point in range(4):
            for first, last in unbroken_runs(stay[:, point]):
                if last - first >= shortest and enter[first:last, point].any():
                    contacts[start + first : start + last, point] = 1.0
    return contacts


def _speeds(points: Array, times: Array) -> Array:
    if len(points) < 2:
        return np.zeros(points.shape[:2])
    return np.linalg.norm(np.gradient(points, times, axis=0), axis=-1)
