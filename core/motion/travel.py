"""The way a person goes across the floor, told apart from how the body sways along it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clip import MotionClip
from .rotations import quaternion_conjugate, quaternion_from_matrix, quaternion_multiply, quaternion_rotate
from .smoothing import smooth_positions
from .spaces import YUP_TO_BLENDER

Array = NDArray[np.float64]

# A step swings the pelvis from side to side once in two steps (0.9 to 1.3 s of walking) and forwards and
# backwards once in each. What repeats faster than this is sway and stays with the body: of a swing of 1.2 s
# a seventh is left in the path, while a bend of the way that takes three seconds keeps three quarters.
CUTOFF_SECONDS = 2.0
# A Gaussian of standard deviation s halves a sine whose period is s / 0.1874.
SIGMA_SECONDS = float(np.sqrt(np.log(2.0) / 2.0) / np.pi) * CUTOFF_SECONDS


def split_travel(clip: MotionClip, travel: str, heading_on_root: bool) -> tuple[MotionClip, Array, Array]:
    """Decide who carries the way across the floor.

    Args:
        clip: in the "blender" space.
        travel: "pelvis" leaves all motion to the pelvis; "root" gives the way to the `root` bone and the
            world motion stays what it is; "in place" takes the way out: the person sways, jumps and
            crouches where it started.
        heading_on_root: "root" gives the `root` bone the heading too; "in place" takes the turning out too,
            so that the person goes on facing as it started. Without a meaning for "pelvis".

    Returns:
        The clip, changed only by "in place"; location (T, 3) in metres and heading (T,) in radians of the
        `root` bone, zero unless it carries something. The location lies on the floor (z = 0), and at the
        first and the last frame straight under the pelvis: repeated cycles join without a step.

    **Convention**: z up. With H the turn by the heading about Z, the pelvis bone relative to the root bone is
    p = H^T (clip.root - location) and H^T rotation 0; a person with heading 0 faces -Y.
    """
    if clip.space != "blender":
        raise ValueError(f"travel is split in the 'blender' space, not in {clip.space!r}")
    still, level = np.zeros((len(clip), 3)), np.zeros(len(clip))
    if travel == "pelvis":
        return clip, still, level
    path = travel_path(clip)
    heading = travel_heading(clip) if heading_on_root else level
    if travel == "root":
        return clip, path, heading
    if travel == "in place":
        back = turn_about_z(heading[0] - heading)
        root = path[0] + quaternion_rotate(back, clip.root - path)
        rotations = clip.rotations.astype(np.float64)
        rotations[:, 0] = quaternion_multiply(back, rotations[:, 0])
        return clip.replace(root=root, rotations=rotations), still, level
    raise ValueError(f"travel must be pelvis, root or in place, not {travel!r}")


def travel_path(clip: MotionClip) -> Array:
    """(T, 3) metres: the smoothed way of the pelvis along the floor, z = 0; exact at both ends.

    **Convention**: the "blender" space, z up.
    """
    return _slow(clip, clip.root.astype(np.float64) * [1.0, 1.0, 0.0])


def travel_heading(clip: MotionClip) -> Array:
    """(T,) radians: the smoothed `headings`; exact at both ends."""
    return _slow(clip, headings(clip))


def headings(clip: MotionClip) -> Array:
    """(T,) radians about Z: where the pelvis faces, frame by frame, without jumps at half turns.

    It is the twist of the pelvis about the vertical, which someone who bends over or lies down still has.

    **Convention**: the "blender" space, z up; 0 faces -Y, positive is counter-clockwise from above; the first
    lies in (-pi, pi].
    """
    upright = quaternion_conjugate(quaternion_from_matrix(YUP_TO_BLENDER))
    pelvis = quaternion_multiply(clip.rotations[:, 0], upright)
    half = np.arctan2(pelvis[:, 3], pelvis[:, 0])
    first = (half[0] + np.pi / 2.0) % np.pi - np.pi / 2.0
    # q and -q are one rotation, so halves are known up to half a turn.
    return 2.0 * (np.unwrap(half, period=np.pi) - half[0] + first)


def turn_about_z(angles: Array) -> Array:
    """(..., 4) unit quaternions w, x, y, z that turn by `angles` (...), radians, about Z."""
    half = np.asarray(angles, dtype=np.float64) / 2.0
    nothing = np.zeros_like(half)
    return np.stack([np.cos(half), nothing, nothing, np.sin(half)], axis=-1)


def _slow(clip: MotionClip, values: Array) -> Array:
    """Values (T, ...) without what repeats faster than the cut-off; steps in `clip.frames` count as time.

    The smoothing continues a series by point reflection, hence the exact ends.
    """
    steps = np.arange(clip.frames[0], clip.frames[-1] + 1)
    columns = values.reshape(len(values), -1).T
    even = np.stack([np.interp(steps, clip.frames, column) for column in columns], axis=-1)
    smooth = smooth_positions(even, SIGMA_SECONDS * float(clip.fps))
    return smooth[clip.frames - clip.frames[0]].reshape(values.shape)
