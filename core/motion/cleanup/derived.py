"""A cleaned-up motion, as it is keyed in Blender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clip import MotionClip

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Derived:
    """What `derive` makes of a raw clip.

    Attributes:
        clip: in the "blender" space; the pose and path of the body in the world, whoever carries the path.
        seconds: (T,) time of each frame from the start of the capture's first frame.
        root_location: (T, 3) metres and root_heading: (T,) radians about Z: the transform of the `root` bone.
            Zero where the pelvis carries everything.
        contacts: (T, 2) bool: left, right foot on the floor. confidence: (T, 2) in [0, 1], how sure that is.
        held: (T,) bool: frames of gaps too long to bridge, which get no keys of their own.
        overlay: whether the body still covers the person in the video. notes: sentences for the user.

    **Convention**: Blender's axes, z up. The pelvis bone is keyed relative to the root bone: with H the turn
    by `root_heading` about Z, p = H^T (clip.root - root_location) and R = H^T rotation 0.
    """

    clip: MotionClip
    seconds: Floats
    root_location: Floats
    root_heading: Floats
    contacts: NDArray[np.bool_]
    confidence: Floats
    held: NDArray[np.bool_]
    overlay: bool = True
    notes: tuple[str, ...] = ()
