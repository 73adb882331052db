"""Gaussian smoothing of a clip that is safe on rotations, blind to gaps and faithful at the ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clip import MotionClip
from .rotations import normalized, quaternion_conjugate, quaternion_multiply, sign_continuous, slerp

Array = NDArray[np.float64]
REFERENCE_FPS = 30.0


def smooth_clip(clip: MotionClip, sigma_frames_at_30fps: float) -> MotionClip:
    """The clip with rotations and root smoothed over time by a Gaussian.

    Args:
        sigma_frames_at_30fps: standard deviation in frames of a 30 fps video (1 = 1/30 s), converted by the
            clip's own rate: a 120 fps recording is smoothed as strongly in seconds. 0 returns the clip.

    Frames of different validity, or on two sides of a jump in `frames`, are never mixed: every unbroken run
    of seen frames is smoothed alone. A filled-in run between two of them is carried along with what its
    neighbours moved, so that no step appears at its edges. Contacts are left as they are. (Section 10.5.)

    **Convention**: local unit quaternions w, x, y, z, averaged in sign-continuous order, which never passes
    through the jump that rotation vectors have at pi.
    """
    if not np.isfinite(sigma_frames_at_30fps) or sigma_frames_at_30fps < 0:
        raise ValueError("smoothing must be zero or more")
    sigma = sigma_frames_at_30fps / REFERENCE_FPS * float(clip.fps)
    if sigma == 0:
        return clip
    rotations, root = clip.rotations.astype(np.float64), clip.root.astype(np.float64)
    smooth_rotations, smooth_root = rotations.copy(), root.copy()
    seen = clip.valid if clip.valid.any() else np.ones(len(clip), dtype=bool)
    for start, stop in unbroken_runs(seen, clip.frames):
        smooth_rotations[start:stop] = smooth_quaternions(rotations[start:stop], sigma)
        smooth_root[start:stop] = smooth_positions(root[start:stop], sigma)
    for start, stop in unbroken_runs(~seen):
        _carry_gap(start, stop, rotations, smooth_rotations, root, smooth_root)
    return clip.replace(rotations=smooth_rotations, root=smooth_root)


def unbroken_runs(mask: ArrayLike, frames: ArrayLike | None = None) -> Iterator[tuple[int, int]]:
    """(start, stop) of each run of True in `mask` (T,); a jump in `frames` (T,) also ends a run."""
    wanted = np.asarray(mask, dtype=bool)
    jumps = np.zeros(len(wanted), dtype=bool)
    if frames is not None:
        jumps[1:] = np.diff(np.asarray(frames)) != 1
    start: int | None = None
    for index, inside in enumerate(wanted):
        if start is not None and (not inside or jumps[index]):
            yield start, index
            start = None
        if inside and start is None:
            start = index
    if start is not None:
        yield start, len(wanted)


def gaussian_kernel(sigma: float) -> Array:
    """Weights (2 r + 1,) with sum 1, cut at r = ceil(3 sigma)."""
    radius = int(np.ceil(3.0 * sigma))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return weights / weights.sum()


def smooth_positions(values: ArrayLike, sigma: float) -> Array:
    """Values (T, ...) smoothed along time, `sigma` in frames.

    The series is continued at both ends by a point reflection, so that a steady walk keeps its speed up to
    the last frame instead of being pulled inwards.
    """
    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2:
        return x.copy()
    before, after = _reflected(len(x), sigma)
    padded = np.concatenate([2.0 * x[:1] - x[before], x, 2.0 * x[-1:] - x[after]])
    return _convolved(padded, sigma, len(x))


def smooth_quaternions(rotations: ArrayLike, sigma: float) -> Array:
    """Unit quaternions (T, ..., 4) smoothed along time, `sigma` in frames; sign-continuous.

    **Convention**: w, x, y, z. The reflection at the ends is the one of the sphere: q0 q^-1 q0 lies as far
    beyond q0 as q lies before it.
    """
    q = sign_continuous(rotations)
    if len(q) < 2:
        return q
    before, after = _reflected(len(q), sigma)

    def beyond(end: Array, inner: Array) -> Array:
        return quaternion_multiply(quaternion_multiply(end, quaternion_conjugate(inner)), end)

    padded = sign_continuous(np.concatenate([beyond(q[:1], q[before]), q, beyond(q[-1:], q[after])]))
    smooth = sign_continuous(normalized(_convolved(padded, sigma, len(q))))
    # The padding may have turned every sign; stay with the signs that were given.
    flip = np.where(np.sum(smooth[:1] * q[:1], axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return smooth * flip


def _reflected(count: int, sigma: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the frames whose reflections continue a series before its start and after its end."""
    radius = int(np.ceil(3.0 * sigma))
    steps = np.minimum(np.arange(1, radius + 1), count - 1)
    return steps[::-1], count - 1 - steps


def _convolved(padded: Array, sigma: float, count: int) -> Array:
    kernel = gaussian_kernel(sigma)
    result = np.zeros((count, *padded.shape[1:]))
    for offset, weight in enumerate(kernel):
        result += weight * padded[offset : offset + count]
    return result


def _carry_gap(start: int, stop: int, old_q: Array, new_q: Array, old_x: Array, new_x: Array) -> None:
    """Give the frames of a gap what smoothing did to the frames beside it, blended from edge to edge."""
    edges = [index for index in (start - 1, stop) if 0 <= index < len(old_q)]
    if not edges:
        return
    first, last = edges[0], edges[-1]
    fraction = np.linspace(0.0, 1.0, stop - start + 2)[1:-1] if first != last else np.zeros(stop - start)
    shift_a, shift_b = new_x[first] - old_x[first], new_x[last] - old_x[last]
    new_x[start:stop] = old_x[start:stop] + shift_a + fraction[:, None] * (shift_b - shift_a)
    turn_a = quaternion_multiply(new_q[first], quaternion_conjugate(old_q[first]))
    turn_b = quaternion_multiply(new_q[last], quaternion_conjugate(old_q[last]))
    turn = slerp(turn_a[None], turn_b[None], fraction[:, None])
    new_q[start:stop] = quaternion_multiply(turn, old_q[start:stop])
