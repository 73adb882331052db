"""Between a video's own times and the 25 to 30 frames per second that the network was trained on (method
section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..features.evidence import LandmarkEvidence
from .regressor import BodyState
from .rotations import matrix_from_quaternion, quaternion_from_matrix, slerp

RATE = 30.0
KEPT = (24.9, 30.1)  # frames per second that go through untouched
SIGMA = 0.4 / RATE  # s, width of the low-pass before a faster source is thinned out
UNEVEN = 0.2  # of the median step: beyond that the rate is not constant


@dataclass(frozen=True)
class Retiming:
    """From source times to network times and back; `identity` when both are the same frames."""

    source: NDArray[np.float64]  # (T,) s, increasing
    network: NDArray[np.float64]  # (F,) s, evenly spaced
    identity: bool


def plan_retiming(times: NDArray[np.float64]) -> Retiming:
    """Times (T,) in seconds of the source frames -> the times at which the network will look.

    Constant rates from 25 to 30 are kept; all else is sampled at 30 per second, from the first frame to the
    last.

    Raises:
        ValueError: the times do not increase.
    """
    times = np.asarray(times, dtype=np.float64)
    steps = np.diff(times)
    if (steps <= 0).any():
        raise ValueError("times must increase from frame to frame")
    if len(times) < 2:
        return Retiming(times, times, True)
    step = float(np.median(steps))
    even = bool((np.abs(steps - step) < UNEVEN * step).all())
    if even and KEPT[0] <= 1 / step <= KEPT[1]:
        return Retiming(times, times, True)
    count = max(round((times[-1] - times[0]) * RATE), 1) + 1
    return Retiming(times, times[0] + np.arange(count) / RATE, False)


def evidence_at_network_rate(evidence: LandmarkEvidence, plan: Retiming) -> LandmarkEvidence:
    """Landmarks at the network's times: low-passed first where the source is faster, then linear between
    frames.

    **Convention**: as `LandmarkEvidence`; times past the last source frame repeat it.
    """
    if plan.identity:
        return evidence
    flat = np.concatenate(
        [a.reshape(len(evidence), -1) for a in (evidence.image, evidence.visibility, evidence.world)], 1
    ).astype(np.float64)
    sampled = interpolate(low_pass(flat, plan.source), plan.source, plan.network)
    image, visibility, world = np.split(sampled.astype(np.float32), [66, 99], axis=1)
    F = len(plan.network)
    return LandmarkEvidence(
        image.reshape(F, 33, 2),
        visibility,
        world.reshape(F, 33, 3),
        evidence.focal_px,
        evidence.width,
        evidence.height,
    )


def low_pass(values: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, c) under a Gaussian as wide as one network frame; slow sources stay as they are.

    Each source frame weighs as much time as it stands for, so that uneven times do no harm.
    """
    steps = np.gradient(times)
    if steps.min() > 0.75 / RATE:
        return values
    T, reach = len(times), int(np.ceil(3 * SIGMA / steps.min()))
    total, weight = np.zeros_like(values), np.zeros((T, 1))
    t = np.arange(T)
    # The same reach on both sides, also at the ends, or the average would lean in time.
    room = np.minimum(t, T - 1 - t)
    for k in range(-reach, reach + 1):
        other = np.clip(t + k, 0, T - 1)
        w = np.exp(-0.5 * ((times[other] - times) / SIGMA) ** 2) * steps[other] * (abs(k) <= room)
        total += w[:, None] * values[other]
        weight += w[:, None]
    return total / weight


def interpolate(
    values: NDArray[np.float64], times: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows (T, c) at `times`, linearly at `wanted`; constant beyond the ends."""
    low, w = bracket(times, wanted)
    return values[low] * (1 - w[:, None]) + values[np.minimum(low + 1, len(values) - 1)] * w[:, None]


def bodies_at_source_times(state: BodyState, plan: Retiming) -> BodyState:
    """Bodies at the network's times -> at the source's: quaternion slerp for rotations, linear for the
    rest.
    """
    if plan.identity:
        return state
    low, w = bracket(plan.network, plan.source)
    i, t = torch.from_numpy(low), torch.from_numpy(w).float()
    j = (i + 1).clamp_max(len(plan.network) - 1)
    q = quaternion_from_matrix(state.rotations)
    rotations = matrix_from_quaternion(slerp(q[i], q[j], t[:, None, None]))

    def mix(x: Tensor) -> Tensor:
        return torch.lerp(x[i], x[j], t[:, None])

    return BodyState(rotations, mix(state.betas), mix(state.cam))


def bracket(
    times: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each wanted time the frame at or before it and the share of the way to the next, clamped to [0,
    1].
    """
    if len(times) == 1:
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted))
    low = np.clip(np.searchsorted(times, wanted, "right") - 1, 0, len(times) - 2)
    return low, np.clip((wanted - times[low]) / (times[low + 1] - times[low]), 0, 1)
