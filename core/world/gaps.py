"""What a person does in the frames where nobody saw them: short gaps are bridged, long ones held (method
section 10.6).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..motion.gaps import gaps, held_frames
from ..motion.rotations import sign_continuous, slerp
from ..motion.smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def fill_rotations(rotations: Floats, valid: ArrayLike, fps: Fraction) -> Array:
    """Rotations (T, 24, 4) with invalid frames replaced: slerped over short gaps, held over long ones.

    A long gap holds the pose before it; one at the start of the clip holds the pose after it.

    **Convention**: unit quaternions w, x, y, z; the result is sign-continuous.
    """
    q = sign_continuous(rotations)
    for start, stop, bridged in gaps(valid, fps):
        if bridged:
            fraction = np.linspace(0.0, 1.0, stop - start + 2)[1:-1, None]
            q[start:stop] = slerp(q[start - 1], q[stop], fraction)
        else:
            q[start:stop] = q[start - 1] if start > 0 else q[stop]
    return sign_continuous(q)


def hold_positions(root: Floats, valid: ArrayLike, fps: Fraction) -> Array:
    """Positions (T, 3) held over long gaps; short ones are bridged where the path is solved."""
    x = np.array(root, dtype=np.float64)
    for start, stop, bridged in gaps(valid, fps):
        if not bridged:
            x[start:stop] = x[start - 1] if start > 0 else x[stop]
    return x


def solved_runs(valid: ArrayLike, fps: Fraction) -> list[tuple[int, int]]:
    """(start, stop) of the stretches between long gaps, short gaps included: each has a path of its own."""
    return list(unbroken_runs(~held_frames(valid, fps)))
