"""A person of the free body who walks, in joint angles: whose feet slide as those of a captured person do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.feet import FootPoints, foot_points
from reel2rig.core.motion.rotations import quaternion_from_matrix, quaternion_from_rotvec, quaternion_multiply
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.motion.spaces import YUP_TO_BLENDER

STRIDE_SECONDS = 1.1
BODY = load_body()


def rest_person(count: int, fps: Fraction | int = 30, **changes: Any) -> MotionClip:
    """A clip in "blender" space that stands as the body rests, soles on the floor, facing -Y."""
    rotations = np.zeros((count, 24, 4))
    rotations[..., 0] = 1.0
    rotations[:, 0] = quaternion_from_matrix(YUP_TO_BLENDER)
    fields: dict[str, Any] = {
        "rotations": rotations,
        "root": np.zeros((count, 3)),
        "betas": np.zeros(10),
        "rest_joints": BODY.joints(np.zeros(10)),
        "fps": Fraction(fps),
        "frames": np.arange(count),
        "valid": np.ones(count, dtype=bool),
        "contacts": np.zeros((count, 4)),
        "space": "blender",
    }
    clip = MotionClip(**fields)
    below = soles(clip).positions(clip)[..., 2].min(axis=1)
    return clip.replace(root=clip.root - below[:, None] * [0.0, 0.0, 1.0]).replace(**changes)


def soles(clip: MotionClip) -> FootPoints:
    return foot_points(BODY, clip)


def bent(rotations: NDArray[Any], joint: str, axis: tuple[float, float, float], angles: NDArray[Any]) -> None:
    """Turn a joint of rotations (T, 24, 4) by angles (T,), radians, about an axis of its own."""
    index = JOINT_INDEX[joint]
    turn = quaternion_from_rotvec(angles[:, None] * np.array(axis))
    rotations[:, index] = quaternion_multiply(rotations[:, index], turn)


def walking_person(seconds: float = 3.3, fps: Fraction | int = 30, seed: int | None = None) -> MotionClip:
    """A walk along -Y with its contacts; a seed adds the trembling of an estimated motion."""
    rate = float(Fraction(fps))
    count = round(seconds * rate)
    times = np.arange(count) / rate
    standing = rest_person(count, fps)
    rotations = standing.rotations.astype(float)
    contacts = np.zeros((count, 4))
    for foot, side in enumerate("LR"):
        phase = (times / STRIDE_SECONDS + 0.5 * foot) % 1.0 * 2.0 * np.pi
        hip, knee = -0.45 * np.cos(phase), 0.12 + 0.9 * np.maximum(0.0, -np.sin(phase)) ** 1.5
        push_off = 0.5 * np.exp(-(((phase - 2.9) / 0.5) ** 2))
        bent(rotations, f"{side}_Hip", (1.0, 0.0, 0.0), hip)
        bent(rotations, f"{side}_Knee", (1.0, 0.0, 0.0), knee)
        bent(rotations, f"{side}_Ankle", (1.0, 0.0, 0.0), push_off - hip - knee)
        bent(rotations, f"{side}_Shoulder", (1.0, 0.0, 0.0), -0.6 * hip)
        contacts[:, 2 * foot] = (phase > 0.2) & (phase < 2.0)
        contacts[:, 2 * foot + 1] = (phase > 0.5) & (phase < 2.9)
    root = standing.root + times[:, None] * [0.0, -1.25, 0.0]
    if seed is not None:
        rng = np.random.default_rng(seed)
        shake = quaternion_from_rotvec(rng.normal(0.0, 0.01, (count, 24, 3)))
        rotations = quaternion_multiply(rotations, shake)
        root = root + rng.normal(0.0, 0.003, (count, 3))
    clip = standing.replace(rotations=rotations, root=root, contacts=contacts)
    heights = soles(clip).positions(clip)[..., 2]
    lift = np.where(contacts > 0, heights, np.inf).min(axis=1)
    lift = np.where(np.isfinite(lift), lift, heights.min(axis=1))
    return clip.replace(root=clip.root - lift[:, None] * [0.0, 0.0, 1.0])
