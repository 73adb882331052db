"""What a user should know of a retarget: what was asked for and the rig cannot do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Anatomy
from .feet import slides
from .options import RetargetOptions
from .posed import Posed
from .roles import FINGER_ROLES, sided

Bools = NDArray[np.bool_]


def retarget_notes(
    posed: Posed, of: Anatomy, onto: Anatomy, on: Bools, options: RetargetOptions
) -> tuple[str, ...]:
    """Sentences, none where all went well.

    Args:
        posed: the target before its way is left out. of: the source. on: (T, 4) heels and toes that stand.
    """
    notes = [
        f"{whose} does not stand upright in its rest pose, so the motion comes out wrong; turn it upright, "
        "a BVH file by importing it with another axis up."
        for whose, body in (("The source", of), ("The rig", onto))
        if not body.upright
    ]
    if options.feet and not any(map(onto.chain, sided("Foot"))):
        notes.append("The rig's map has no feet, so they were not kept on the floor.")
    elif options.feet and (sliding := int(slides(posed, onto, on).sum())):
        notes.append(
            f"The legs are too short to keep the feet in place in {sliding} frames; try a smaller scale."
        )
    if options.reach and not any(map(onto.chain, sided("Hand"))):
        notes.append("The rig's map has no hands, so arms kept their angles.")
    if options.fingers == "relaxed" and not any(map(onto.chain, FINGER_ROLES)):
        notes.append("The rig's map has no fingers, so none were relaxed.")
    return tuple(notes)
