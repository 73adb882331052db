"""From the world to the numbers that a bone is keyed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_rotate,
    sign_continuous,
)
from .human import TargetMotion
from .posed import Posed
from .skeleton import Skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def local_motion(
    target: TargetMotion, skeleton: Skeleton, carriers: Mapping[str, str | None]
) -> dict[str, tuple[Array, Array | None]]:
    """Bone -> its rotation (T, 4), sign-continuous, and its location (T, 3) or None where it is not moved.

    Args:
        skeleton: the target at rest. carriers: bone -> the bone that takes it along rigidly, None for the
            armature object; bones that are not in it hang from their parent.

    **Convention**: what Blender calls the basis: with A the bone's rest axes, D its turn and C that of its
    carrier, rotation = A^T C^T D A; location is in metres along the bone's own rest axes, so an armature
    object scaled by s needs location / s. Quaternions w, x, y, z.
    """
    posed = Posed(skeleton, target.turns, target.heads, carriers, len(target.frames))
    return {bone: _basis(posed, bone) for bone in target.turns}


def _basis(posed: Posed, bone: str) -> tuple[Array, Array | None]:
    axes = quaternion_from_matrix(posed.skeleton.axes[posed.skeleton.index[bone]])
    back = quaternion_conjugate(posed.turn(posed.carrier(bone)))
    inwards = quaternion_multiply(quaternion_conjugate(axes), back)
    rotation = quaternion_multiply(quaternion_multiply(inwards, posed.turn(bone)), axes)
    if bone not in posed.heads:
        return sign_continuous(rotation), None
    return sign_continuous(rotation), quaternion_rotate(inwards, posed.head(bone) - posed.left_alone(bone))
