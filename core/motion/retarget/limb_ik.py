"""Arms and legs that bring hand or foot to a place, elbow and knee staying in the plane that they bent in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..leg_ik import reach_target
from ..rotations import quaternion_from_matrix, quaternion_multiply, quaternion_rotate
from .anatomy import Anatomy
from .posed import Posed

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


def limb_bones(anatomy: Anatomy, side: str, limb: str) -> tuple[str, str, str] | None:
    """The bones of upper limb, lower limb and hand or foot; None where the last has none.

    Args:
        limb: "Arm" or "Leg".
    """
    end = anatomy.bone(f"{side}{'Hand' if limb == 'Arm' else 'Foot'}")
    if end is None:
        return None
    return anatomy.chain(f"{side}Upper{limb}")[0], anatomy.chain(f"{side}Lower{limb}")[0], end


def limb_turns(posed: Posed, anatomy: Anatomy, side: str, limb: str, target: Floats) -> dict[str, Array]:
    """Upper and lower limb -> (T, 4) turns from rest with which hand or foot is at `target` (T, 3), metres.

    What is beyond the limb's length is approached as `leg_ik.reach_target` does. Hand and foot keep their
    own turns; a limb without them is left as it is.

    **Convention**: the skeleton's world; quaternions w, x, y, z.
    """
    bones = limb_bones(anatomy, side, limb)
    if bones is None:
        return {}
    chain = np.stack([posed.head(bone) for bone in bones], axis=1)
    hinge = quaternion_rotate(posed.turn(bones[0]), anatomy.limb_frame(f"{side}Upper{limb}")[:, 0])
    return {
        bone: quaternion_multiply(quaternion_from_matrix(more), posed.turn(bone))
        for bone, more in zip(bones, reach_target(chain, target, hinge), strict=False)
    }
