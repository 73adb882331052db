"""Playing a clip faster or slower, and putting its poses on the frames of another rate."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np

from .clip import MotionClip
from .timing import frame_times, resample_positions, resample_rotations

# Finer than anybody sets a speed; it turns 0.1 as Blender stores it (0.100000001) back into 1/10.
_FINEST_SPEED = 10_000


def change_speed(clip: MotionClip, speed: float | Fraction) -> MotionClip:
    """The same frames played `speed` times as fast: only the frame rate changes, as an exact fraction.

    Raises ValueError when `speed` is not positive.
    """
    factor = speed if isinstance(speed, Fraction) else Fraction(speed).limit_denominator(_FINEST_SPEED)
    if factor <= 0:
        raise ValueError("speed must be positive")
    return clip if factor == 1 else clip.replace(fps=clip.fps * factor)


def last_frame_on(clip: MotionClip, fps: Fraction) -> MotionClip:
    """The clip played a trifle faster or slower, so that its last pose falls on a whole frame of `fps`.

    For a loop, whose last pose closes it and must not be lost between two frames.
    """
    frames = int(clip.frames[-1] - clip.frames[0]) / clip.fps * Fraction(fps)
    return change_speed(clip, frames / max(1, round(frames))) if frames else clip


def resample_clip(clip: MotionClip, fps: Fraction, origin: int | None = None) -> MotionClip:
    """The motion on the frames of another rate, by time: 2 s stay 2 s.

    Args:
        fps: the new rate.
        origin: source frame that becomes the new frame 0, say the capture's first; None takes the clip's own
            first frame.

    Returns:
        A clip whose frames are whole numbers of the new rate, counted from `origin`, as far as poses are
        known; where source frames are missing, new ones are missing too. Rotations are slerped, the root is
        interpolated linearly; validity and contacts are those of the nearest source frame.
    """
    rate = Fraction(fps)
    if rate <= 0:
        raise ValueError("fps must be positive")
    zero = int(clip.frames[0]) if origin is None else origin
    ratio = rate / clip.fps
    first, last = ((int(end) - zero) * ratio for end in (clip.frames[0], clip.frames[-1]))
    # A clip so short that no whole frame lies in it is put on the nearest one.
    wanted = np.arange(ceil(first), floor(last) + 1) if ceil(first) <= last else np.array([round(first)])
    # Exact positions among the source frames: whole part and rest, both times the numerator of the ratio.
    whole, rest = np.divmod(wanted * ratio.denominator, ratio.numerator)
    before, after = zero + whole, zero + whole + (rest > 0)
    known = np.isin(before, clip.frames) & np.isin(after, clip.frames)
    if known.any():
        wanted, before, after, rest = wanted[known], before[known], after[known], rest[known]
    nearest = np.where(2 * rest < ratio.numerator, before, after)
    rows = np.clip(np.searchsorted(clip.frames, nearest), 0, len(clip) - 1)
    times, new_times = frame_times(clip.fps, clip.frames - zero), frame_times(rate, wanted)
    return clip.replace(
        rotations=resample_rotations(clip.rotations, times, new_times),
        root=resample_positions(clip.root, times, new_times),
        frames=wanted,
        valid=clip.valid[rows],
        contacts=clip.contacts[rows],
        fps=rate,
    )
