"""Smoothing some parts of the body and leaving the others as sharp as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..clip import MotionClip
from ..skeletons import JOINT_INDEX
from ..smoothing import smooth_clip
from .settings import BODY_PARTS

_ARM = ("Collar", "Shoulder", "Elbow", "Wrist", "Hand")
_LEG = ("Hip", "Knee", "Ankle", "Foot")

# Which joints turn with each part; the path has none, it is the root's translation. The pelvis is torso: what
# tilts the whole body is no business of the legs.
PART_JOINTS: dict[str, tuple[int, ...]] = {
    part: tuple(JOINT_INDEX[name] for name in names)
    for part, names in {
        "path": (),
        "torso": ("Pelvis", "Spine1", "Spine2", "Spine3"),
        "head": ("Neck", "Head"),
        "left arm": tuple(f"L_{name}" for name in _ARM),
        "right arm": tuple(f"R_{name}" for name in _ARM),
        "left leg": tuple(f"L_{name}" for name in _LEG),
        "right leg": tuple(f"R_{name}" for name in _LEG),
    }.items()
}


def smooth_parts(
    clip: MotionClip, sigma_frames_at_30fps: float, parts: Sequence[str] = BODY_PARTS
) -> MotionClip:
    """The clip with the rotations of some parts, and the path if it is among them, smoothed by `smooth_clip`.

    Args:
        sigma_frames_at_30fps: as in `smooth_clip`; 0 returns the clip.
        parts: names out of `BODY_PARTS`; all of them give exactly `smooth_clip`, none the clip.
    """
    if not parts or sigma_frames_at_30fps == 0:
        return clip
    smooth = smooth_clip(clip, sigma_frames_at_30fps)
    joints = [joint for part in parts for joint in PART_JOINTS[part]]
    rotations = np.array(clip.rotations)
    rotations[:, joints] = smooth.rotations[:, joints]
    return clip.replace(rotations=rotations, root=smooth.root if "path" in parts else clip.root)
