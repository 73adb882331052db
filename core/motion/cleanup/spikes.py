"""Single frames in which a joint, or the whole person, jumps away and comes back: found and bridged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..clip import MotionClip
from ..rotations import sign_continuous, slerp
from ..smoothing import REFERENCE_FPS, unbroken_runs

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Whole = NDArray[np.intp]

LONGEST_SECONDS = 0.1  # three frames at 30 fps; nobody strikes out and is back in less
_CONTEXT_SECONDS = 0.1  # on either side, how fast the joint moves where nothing is wrong
_NOISE_SECONDS = 0.5  # on either side, how much it trembles
# Eagerness 0 (just above) and 1: how many times farther than its surroundings move in 1/30 s a jump must
# lead, and from which size on it is looked at, in radians and in metres.
_TIMES_FARTHER = (6.0, 2.5)
_SMALLEST_TURN = (np.radians(30.0), np.radians(5.0))
_SMALLEST_STEP = (0.15, 0.015)
_TIMES_NOISE = 3.0
_HELD_BACK = 1.5  # a path that goes on through a jump moves at most so much faster than around it


def remove_spikes(clip: MotionClip, strength: float) -> MotionClip:
    """The clip with jumps of up to `LONGEST_SECONDS` bridged from the frame before to the one after.

    A jump is told from a fast movement by how it begins: out of frames that hardly move, whereas a punch or a
    jump gathers way before its climax and brakes after it. Each joint and the path are judged alone; the
    frames beside gaps are left, as nothing shows whether they return.

    Args:
        strength: how eagerly, in [0, 1]; 0 returns the clip.

    **Convention**: local unit quaternions w, x, y, z; bridged on the shorter arc, the path in a straight
    line. Speeds are compared over 1/30 s whatever the frame rate.
    """
    if strength == 0:
        return clip
    rate = float(clip.fps)
    rotations, root = sign_continuous(clip.rotations), clip.root.astype(np.float64)
    turns = find_spikes(2.0 * rotations, clip, strength, _between(_SMALLEST_TURN, strength), rate)
    steps = find_spikes(root[:, None], clip, strength, _between(_SMALLEST_STEP, strength), rate)[:, 0]
    if not turns.any() and not steps.any():
        return clip
    for joint in np.flatnonzero(turns.any(axis=0)):
        for start, stop in unbroken_runs(turns[:, joint]):
            fraction = np.linspace(0.0, 1.0, stop - start + 2)[1:-1]
            rotations[start:stop, joint] = slerp(
                rotations[start - 1, joint], rotations[stop, joint], fraction
            )
    for start, stop in unbroken_runs(steps):
        fraction = np.linspace(0.0, 1.0, stop - start + 2)[1:-1, None]
        root[start:stop] = (1.0 - fraction) * root[start - 1] + fraction * root[stop]
    return clip.replace(rotations=rotations, root=root)


def find_spikes(values: Array, clip: MotionClip, strength: float, smallest: float, rate: float) -> Bools:
    """(T, K) which frames of values (T, K, C) jump away and return; distances are Euclidean.

    Doubled unit quaternions serve as values too: their chord is the angle in radians, as far as it is small.
    """
    found = np.zeros(values.shape[:2], dtype=bool)
    seen = clip.valid if clip.valid.any() else np.ones(len(clip), dtype=bool)
    times_farther = _between(_TIMES_FARTHER, strength)
    for start, stop in unbroken_runs(seen, clip.frames):
        part = values[start:stop]
        found[start:stop] = _spikes_of_run(part, rate, times_farther, smallest)
    return found


def _spikes_of_run(values: Array, rate: float, times_farther: float, smallest: float) -> Bools:
    count = len(values)
    found = np.zeros(values.shape[:2], dtype=bool)
    lag = max(1, round(rate / REFERENCE_FPS))
    longest = max(1, int(LONGEST_SECONDS * rate + 1e-6))
    if count < 2 * lag + 3:
        return found
    noise = _TIMES_NOISE * _trembling(values, lag, round(_NOISE_SECONDS * rate))
    reach = max(2, round(_CONTEXT_SECONDS * rate) - lag)  # steps of one lag that count on either side
    for length in range(1, min(longest, count - 2) + 1):
        last_good = np.arange(count - length - 1)
        start, end = values[last_good], values[last_good + length + 1]
        edge = min(lag, length)
        away = [
            np.linalg.norm(values[last_good + k] - (start + (end - start) * (k / (length + 1))), axis=-1)
            for k in sorted({*range(1, edge + 1), *range(length - edge + 1, length + 1)})
        ]
        leap = np.minimum(np.max(away[:edge], axis=0), np.max(away[-edge:], axis=0))
        large = np.maximum(smallest, times_farther * noise[last_good])
        frame, joint = np.nonzero(leap > large)
        leaps = leap[frame, joint]
        pace = (end - start)[frame, joint] * (lag / (length + 1))
        around = _change_of_pace(values, frame, frame + length + 1, joint, pace, lag, reach)
        returns = np.linalg.norm(pace, axis=-1) <= np.maximum(_HELD_BACK * around[1], 0.25 * leaps)
        jumps = (leaps > times_farther * around[0]) & returns
        for k in range(1, length + 1):
            found[frame[jumps] + k, joint[jumps]] = True
    return found


def _change_of_pace(
    values: Array, before: Whole, after: Whole, joint: Whole, pace: Array, lag: int, reach: int
) -> tuple[Array, Array]:
    """Of what happens around n jumps, the largest of the `reach` steps of one lag on either side: how far it
    is from `pace` (n, C), and how far it leads at all; each (n,).
    """
    changes, lengths = np.zeros(len(before)), np.zeros(len(before))
    for k in range(reach):
        for first in (before - lag - k, after + k):
            inside = (first >= 0) & (first + lag < len(values))
            at = np.clip(first, 0, len(values) - 1 - lag)
            step = values[at + lag, joint] - values[at, joint]
            changes = np.where(inside, np.maximum(changes, np.linalg.norm(step - pace, axis=-1)), changes)
            lengths = np.where(inside, np.maximum(lengths, np.linalg.norm(step, axis=-1)), lengths)
    return changes, lengths


def _trembling(values: Array, lag: int, half: int) -> Array:
    """(T, K) how far a step of one lag is from the one before, the median within `half` frames, as a step.

    Taken at eight places a window and held in between.
    """
    bends = np.linalg.norm(values[2 * lag :] - 2.0 * values[lag:-lag] + values[: -2 * lag], axis=-1)
    hop = max(1, half // 4)
    centres = np.arange(0, len(bends), hop)
    medians = np.array([np.median(bends[max(0, c - half) : c + half + 1], axis=0) for c in centres])
    # Of white noise a second difference is sqrt(3) times as large as a first one.
    at = np.clip((np.arange(len(values)) - lag + hop // 2) // hop, 0, len(centres) - 1)
    return medians[at] / np.sqrt(3.0)


def _between(ends: tuple[float, float], strength: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * strength
