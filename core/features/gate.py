"""The gate before the network: landmark frames that are broken as a whole are repaired or replaced (method
section 3.2).

A detector sometimes takes left for right, front for back, or places a limb somewhere else for a frame or two.
The network was trained to survive that; it does better when it need not. Two passes: the most continuous
reading of every frame (dynamic programming over exchanges of sides and of depth), then limbs that jump away
and come back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .evidence import LandmarkEvidence

Array = NDArray[np.float64]

PAIRS = ((1, 4), (2, 5), (3, 6), (7, 8), (9, 10), *((i, i + 1) for i in range(11, 33, 2)))
ARMS = list(range(11, 23))
LEGS = list(range(23, 33))
LIMBS = (
    list(range(11)),
    [11, 13, 15, 17, 19, 21],
    [12, 14, 16, 18, 20, 22],
    [23, 25, 27, 29, 31],
    [24, 26, 28, 30, 32],
)

REPAIR_COST = 0.012  # per frame at 30 fps, in body heights: what an exchange must save in continuity
SPIKE_SECONDS = 0.07  # a jump that comes back within this time is an error, not a motion
SPIKE_SIZE = 0.12  # body heights away from the line between its neighbours
SPIKE_RATIO = 3.0  # and this many times the way between the neighbours themselves


@dataclass(frozen=True, eq=False)
class GatedEvidence:
    """Evidence after the gate.

    Attributes:
        evidence: repaired, as many frames as before.
        repaired: (T,) frames whose sides or depth were exchanged.
        replaced: (T, 33) landmarks that were interpolated.
    """

    evidence: LandmarkEvidence
    repaired: NDArray[np.bool_]
    replaced: NDArray[np.bool_]


def gate_evidence(evidence: LandmarkEvidence, times: NDArray[np.float64]) -> GatedEvidence:
    """Repairs broken frames of a gap-filled track; `times` (T,) in seconds, increasing. A good track is
    not changed.
    """
    T = len(evidence)
    nothing = GatedEvidence(evidence, np.zeros(T, bool), np.zeros((T, 33), bool))
    if T < 3:
        return nothing
    readings = possible_readings(evidence)  # (T, S, 33, 5)
    size = body_size(evidence)
    choice = smoothest(readings / size, np.diff(times))
    state = readings[np.arange(T), choice]
    visibility = evidence.visibility.astype(np.float64)
    for t in np.flatnonzero(choice):
        visibility[t] = visibility[t][ORDERS[choice[t]]] if choice[t] < len(ORDERS) else visibility[t]
    replaced = spikes(state / size, times)
    if not (choice.any() or replaced.any()):
        return nothing
    state = interpolate_landmarks(state, replaced, times)
    visibility = np.where(replaced, 0.5 * visibility, visibility)
    image, world = state[..., :2].astype(np.float32), state[..., 2:].astype(np.float32)
    fixed = replace(evidence, image=image, world=world, visibility=visibility.astype(np.float32))
    return GatedEvidence(fixed, choice > 0, replaced)


def _order(exchanged: list[int]) -> NDArray[np.int64]:
    order = np.arange(33)
    for a, b in PAIRS:
        if a in exchanged:
            order[[a, b]] = b, a
    return order


# The readings of a frame: as it is, all sides exchanged, legs only, arms only; one more mirrors depth.
ORDERS = [_order([]), _order(list(range(33))), _order(LEGS), _order(ARMS)]


def possible_readings(evidence: LandmarkEvidence) -> Array:
    """(T, S, 33, 5): image px and world metres of every frame under every reading."""
    both = np.concatenate([evidence.image, evidence.world], -1).astype(np.float64)
    mirrored = both * np.array([1, 1, 1, 1, -1.0])
    return np.stack([both[:, order] for order in ORDERS] + [mirrored], 1)


def body_size(evidence: LandmarkEvidence) -> Array:
    """(5,) what one body height is, in px and in metres, over the whole track."""
    extent = np.ptp(evidence.image, axis=1).max(-1)
    height = np.ptp(evidence.world, axis=1).max(-1)
    return np.array([max(np.median(extent), 1.0)] * 2 + [max(np.median(height), 0.1)] * 3)


def smoothest(readings: Array, steps: Array) -> NDArray[np.int64]:
    """Which reading (T,) makes the whole track move least, exchanges having their price (Viterbi)."""
    T, S = readings.shape[:2]
    price = np.full(S, REPAIR_COST)
    price[0] = 0.0
    cost = price.copy()
    came = np.zeros((T, S), np.int64)
    for t in range(1, T):
        moved = np.linalg.norm(readings[t][None] - readings[t - 1][:, None], axis=-1).mean(-1)  # (from, to)
        total = cost[:, None] + moved
        came[t] = total.argmin(0)
        cost = total.min(0) + price * min(steps[t - 1] * 30, 2.0)
    choice = np.zeros(T, np.int64)
    choice[-1] = cost.argmin()
    for t in range(T - 1, 0, -1):
        choice[t - 1] = came[t][choice[t]]
    return choice


def spikes(state: Array, times: Array) -> NDArray[np.bool_]:
    """(T, 33) limbs that leave the line between their neighbours in time and return at once."""
    T = len(state)
    bad = np.zeros((T, 33), bool)
    longest = max(1, round(SPIKE_SECONDS / float(np.median(np.diff(times)))))
    for run in range(1, longest + 1):
        for first in range(1, T - run):
            before, after = state[first - 1], state[first + run]
            t = (times[first : first + run] - times[first - 1]) / (times[first + run] - times[first - 1])
            line = before + t[:, None, None] * (after - before)
            away = np.linalg.norm(state[first : first + run] - line, axis=-1)  # (run, 33)
            moved = np.linalg.norm(after - before, axis=-1)
            for limb in LIMBS:
                far = away[:, limb].mean(1).min()
                if far > SPIKE_SIZE and far > SPIKE_RATIO * moved[limb].mean():
                    bad[first : first + run, limb] = True
    return bad


def interpolate_landmarks(state: Array, missing: NDArray[np.bool_], times: Array) -> Array:
    """Values (T, L, c) with the `missing` (T, L) ones linear in time between their neighbours, constant at
    the ends.
    """
    filled = state.copy()
    for landmark in np.flatnonzero(missing.any(0)):
        good = ~missing[:, landmark]
        if good.any():
            for c in range(state.shape[-1]):
                filled[~good, landmark, c] = np.interp(times[~good], times[good], state[good, landmark, c])
    return filled


def fill_gaps(
    frames: NDArray[np.int64],
    image: NDArray[np.float32],
    visibility: NDArray[np.float32],
    world: NDArray[np.float32],
    times: NDArray[np.float64],
    focal_px: float,
    width: int,
    height: int,
) -> LandmarkEvidence:
    """A track with missing frames -> evidence for every frame.

    Args:
        frames: (m,) positions into `times` where the person was found, increasing.
        image, visibility, world: (m, 33, 2) px, (m, 33), (m, 33, 3) m at those frames.
        times: (T,) seconds of all frames of the track.

    Between detections everything is linear in time and half as visible; before the first and after the last
    it stands still.
    """
    found = np.asarray(times, np.float64)[frames]
    flat = np.concatenate([image.reshape(len(frames), -1), visibility, world.reshape(len(frames), -1)], 1)
    columns = [np.interp(times, found, flat[:, c]) for c in range(flat.shape[1])]
    full = np.stack(columns, 1).astype(np.float32)
    T = len(times)
    seen = np.full((T, 1), 0.5, np.float32)
    seen[frames] = 1.0
    return LandmarkEvidence(
        full[:, :66].reshape(T, 33, 2),
        full[:, 66:99] * seen,
        full[:, 99:].reshape(T, 33, 3),
        focal_px,
        width,
        height,
    )
