"""A relaxed hand: fingers curled as they hang when nobody thinks of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_from_rotvec, quaternion_multiply
from .anatomy import Anatomy
from .posed import Posed
from .roles import FINGERS, SIDES

Array = NDArray[np.float64]

# Degrees by which each phalanx is bent against the one before it, from the knuckle on.
_CURLS: dict[str, tuple[float, float, float]] = {
    "Thumb": (0.0, 8.0, 12.0),
    "Index": (14.0, 20.0, 10.0),
    "Middle": (20.0, 24.0, 14.0),
    "Ring": (25.0, 27.0, 16.0),
    "Little": (29.0, 27.0, 16.0),
}


def relaxed_fingers(posed: Posed, anatomy: Anatomy) -> dict[str, Array]:
    """Bone -> (T, 4) turns from rest of fingers that keep one relaxed pose in hands that move.

    Fingers bend towards the palm about their knuckles. What is bent at rest already is bent no further than
    the relaxed hand is; metacarpal bones stay in the palm.

    **Convention**: the skeleton's world; quaternions w, x, y, z.
    """
    turns: dict[str, Array] = {}
    for side in SIDES:
        hand = anatomy.bone(f"{side}Hand")
        if hand is None:
            continue
        for finger in FINGERS:
            for bone, curl in _curls(anatomy, side, finger).items():
                turns[bone] = quaternion_multiply(posed.turn(hand), quaternion_from_rotvec(curl))
    return turns


def _curls(anatomy: Anatomy, side: str, finger: str) -> dict[str, Array]:
    """Bone -> (3,) rotation vector by which a finger's bone is turned from rest, the hand being at rest."""
    hand = anatomy.limb_frame(f"{side}Hand")
    palm, along = hand[:, 0], hand[:, 1]
    bones = anatomy.chain(finger_role := f"{side}{finger}")
    if finger != "Thumb":
        bones = anatomy.phalanges(finger_role)
    if not bones:
        return {}
    ends = [*map(anatomy.rest, bones[1:]), anatomy.tail(finger_role)]
    ways = [end - anatomy.rest(bone) for bone, end in zip(bones, ends, strict=True)]
    ways = [way / max(float(np.linalg.norm(way)), 1e-9) for way in ways]
    if finger == "Thumb":
        # Thumbs bend across the palm, against their own first bone.
        along = ways[0]
        palm = palm + (1.0 if side == "left" else -1.0) * np.cross(hand[:, 1], palm)
    axis = np.cross(along, palm)
    axis = axis / max(float(np.linalg.norm(axis)), 1e-9)
    wanted = np.radians(np.cumsum(_CURLS[finger]))
    inwards = np.cross(axis, along)
    curls = {}
    for bone, way, curl in zip(bones, ways, wanted, strict=False):
        bent = np.arctan2(way @ inwards, way @ along)
        curls[bone] = max(curl - bent, 0.0) * axis
    return curls
