"""Making a clip repeat: its last pose is its first, and the motion goes smoothly from one to the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .clip import MotionClip
from .rotations import normalized, quaternion_multiply, quaternion_rotate
from .spaces import to_space
from .travel import headings, turn_about_z

Array = NDArray[np.float64]
_FEWEST = 4  # frames: two at each end, so that both have a velocity of their own


class LoopTooShort(InputError):
    code = "loop.too_short"


def make_loop(clip: MotionClip, blend_seconds: float, keep_travel: bool = True) -> MotionClip:
    """The clip with an end that leads back to its start: Blender's Cycles, or a strip that repeats, joins it.

    The last pose becomes the first one exactly, as a cycle runs from the first key to the last; in
    `blend_seconds` around the seam, half of them at each end, pose and velocity of the two ends are brought
    to their mean by a cubic, and frames beyond that keep their pose. What the heading of the two ends differs
    in, apart from whole turns, is spread over the whole clip, as no cycle can go on turning.

    Args:
        blend_seconds: is cut to the length of the clip; 0 closes the pose in the last frame alone.
        keep_travel: every cycle goes on from where the one before ended; else the way is closed as well, by
            an even drift over the whole clip.

    Contacts are those of each frame; the last frame takes those of the first.

    Raises LoopTooShort for a clip of fewer than four frames.

    **Convention**: the way is along the floor of the clip's space; heights always close.
    """
    if len(clip) < _FEWEST:
        raise LoopTooShort(f"A motion of {len(clip)} frames cannot be looped; choose a longer range.")
    upright = to_space(clip, "blender")
    share = (clip.times / clip.times[-1])[:, None]
    root, rotations = _facing_closed(upright, share[:, 0])
    # The seam is looked at as if the second cycle stood where the first one does.
    way = (root[-1] - root[0]) * [1.0, 1.0, 0.0]
    root -= share * way
    half = min(blend_seconds, clip.times[-1]) / 2.0
    if half > 0.0:
        root = _seamless(root, clip.times, half)
        near = np.sum(rotations[-1] * rotations[0], axis=-1, keepdims=True) >= 0.0
        rotations = normalized(_seamless(rotations, clip.times, half, np.where(near, 1.0, -1.0)))
    root[-1], rotations[-1] = root[0], rotations[0]
    if keep_travel:
        root += share * way
    contacts = np.concatenate([clip.contacts[:-1], clip.contacts[:1]])
    looped = upright.replace(root=root, rotations=rotations, contacts=contacts)
    return to_space(looped, clip.space)


def _facing_closed(clip: MotionClip, share: Array) -> tuple[Array, Array]:
    """Root (T, 3) and rotations (T, 24, 4), facing at the end as at the start, the way bent along."""
    facing = headings(clip)
    net = (facing[-1] - facing[0] + np.pi) % (2.0 * np.pi) - np.pi
    turn = turn_about_z(-net * share)
    root, rotations = clip.root.astype(np.float64), clip.rotations.astype(np.float64)
    steps = quaternion_rotate(turn[1:], np.diff(root, axis=0))
    root[1:] = root[0] + np.cumsum(steps, axis=0)
    rotations[:, 0] = quaternion_multiply(turn, rotations[:, 0])
    return root, rotations


def _seamless(values: Array, times: Array, half: float, sign: Array | float = 1.0) -> Array:
    """Values (T, ...) whose two ends have one value and one velocity, the mean of what they had.

    They change within `half` seconds of each end. `sign` (..., 1) multiplies the last values before they are
    compared with the first. Quaternions may be blended as numbers and normalised afterwards: two sides
    with the same value and slope before have the same after it.
    """
    gap = (sign * values[-1] - values[0]) / 2.0
    first_speed = (values[1] - values[0]) / (times[1] - times[0])
    last_speed = (values[-1] - values[-2]) / (times[-1] - times[-2])
    gain = (sign * last_speed - first_speed) / 2.0
    after, before = np.clip(times / half, 0.0, 1.0), np.clip((times[-1] - times) / half, 0.0, 1.0)

    def fading(u: Array, value: Array, slope: Array) -> Array:
        """Hermite's cubic from a value and slope at u = 0 to none at u = 1."""
        u = u.reshape(-1, *[1] * value.ndim)
        return (1.0 + 2.0 * u) * (1.0 - u) ** 2 * value + u * (1.0 - u) ** 2 * half * slope

    return values + fading(after, gap, gain) - sign * fading(before, gap, -gain)
