"""The same motion on a body of another shape or size: its feet stay on the floor where they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .body import BodyTemplate
from .clip import MotionClip
from .contacts import FOOT_JOINTS
from .kinematics import forward_kinematics

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

_UP = {"blender": 2, "world_yup": 1}  # which coordinate points up


def reshape_clip(clip: MotionClip, body: BodyTemplate, betas: ArrayLike, scale: float) -> MotionClip:
    """The clip on the body of `betas` (10,), `scale` times as large.

    Rotations and the way across the floor stay. The pelvis is raised or lowered, frame by frame, so that the
    lowest point of the feet keeps its height above the floor: longer legs do not sink into it, shorter ones
    do not hover.

    **Convention**: a space with a floor ("blender", z up, or "world_yup", y up). Raises ValueError otherwise.
    """
    if clip.space not in _UP:
        raise ValueError(f"a body is reshaped on a floor, not in {clip.space!r}")
    shape = np.asarray(betas, np.float64)
    shaped = clip.replace(betas=shape, rest_joints=scale * body.joints(shape), body_scale=scale)
    up = _UP[clip.space]
    root = clip.root.astype(np.float64)
    root[:, up] += _lowest_sole(clip, body, up) - _lowest_sole(shaped, body, up)
    return shaped.replace(root=root)


def standing_height(body: BodyTemplate, betas: ArrayLike, scale: float) -> float:
    """Metres from sole to crown of the body at rest."""
    return scale * float(np.ptp(body.shaped_vertices(betas)[:, 1]))


def _lowest_sole(clip: MotionClip, body: BodyTemplate, up: int) -> Array:
    """(T,) height of the lowest of the four points of the feet, which are fixed to ankle and ball joints."""
    joints = list(FOOT_JOINTS)
    positions, turns = forward_kinematics(clip.rotations, clip.root, clip.rest_joints)
    points = positions[:, joints]
    if body.foot_vertices is not None:
        soles = clip.body_scale * body.shaped_vertices(clip.betas)[body.foot_vertices]
        offsets = soles - clip.rest_joints[joints]
        points = points + np.einsum("tkij,kj->tki", turns[:, joints], offsets)
    return points[..., up].min(axis=1)
