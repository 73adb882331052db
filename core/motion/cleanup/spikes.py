"""Single frames in which a joint, or the whole person, jumps away and comes back: found and bridged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..clip import MotionClip
from ..rotations import sign_continuous, slerp
from ..smoothing import REFERENCE_FPS, unbroken_runs

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

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
    moved = np.linalg.norm(values[lag:] - values[:-lag], axis=-1)  # (T - lag, K): from t to t + lag
    noise = _TIMES_NOISE * _local_median(moved, max(lag, round(_NOISE_SECONDS * rate)))
    noise = np.concatenate([noise, np.repeat(noise[-1:], lag, axis=0)])
    reach = max(2, round(_CONTEXT_SECONDS * rate) - lag)  # steps of one lag that count on either side
    before, after = _largest_before(moved, reach, lag, count), _largest_after(moved, reach, count)
    for length in range(1, min(longest, count - 2) + 1):
        last_good = np.arange(count - length - 1)
        first_good = last_good + length + 1
        start, end = values[last_good], values[first_good]
        edge = min(lag, length)
        away = [
            np.linalg.norm(values[last_good + k] - (start + (end - start) * (k / (length + 1))), axis=-1)
            for k in sorted({*range(1, edge + 1), *range(length - edge + 1, length + 1)})
        ]
        leap = np.minimum(np.max(away[:edge], axis=0), np.max(away[-edge:], axis=0))
        around = np.maximum(before[last_good], after[first_good])
        calm = np.maximum(around, noise[last_good])
        passed = np.linalg.norm(end - start, axis=-1)
        returns = passed <= np.maximum(_HELD_BACK * (length + 1) / lag * around, 0.25 * leap)
        jumps = (leap > smallest) & (leap > times_farther * calm) & returns
        for k in range(1, length + 1):
            found[last_good + k] |= jumps
    return found


def _largest_before(moved: Array, reach: int, lag: int, count: int) -> Array:
    """(T, K) the largest of the `reach` steps that end at each frame or before; 0 where there is none."""
    padded = np.concatenate([np.zeros((reach - 1 + lag, moved.shape[1])), moved])
    return np.max([padded[k : k + count] for k in range(reach)], axis=0)


def _largest_after(moved: Array, reach: int, count: int) -> Array:
    """(T, K) the largest of the `reach` steps that begin at each frame or after; 0 where there is none."""
    padded = np.concatenate([moved, np.zeros((count - len(moved) + reach - 1, moved.shape[1]))])
    return np.max([padded[k : k + count] for k in range(reach)], axis=0)


def _local_median(moved: Array, half: int) -> Array:
    """(T', K) the median of the steps around each, taken at eight places a window and held in between."""
    hop = max(1, half // 4)
    centres = np.arange(0, len(moved), hop)
    medians = np.array([np.median(moved[max(0, c - half) : c + half + 1], axis=0) for c in centres])
    return medians[np.minimum((np.arange(len(moved)) + hop // 2) // hop, len(centres) - 1)]


def _between(ends: tuple[float, float], strength: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * strength
