"""A human body cut into the bones that a rig map names, for rigs that no free table is known of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.roles import ARM, FINGERS, LEG, ROOT, SIDES, TRUNK, TWIST

Points = NDArray[np.float64]
Row = tuple[str, Points, Points, float]
"""Parent ("" without), head, tail, roll."""

_ABOVE = {"hips": ROOT, "spine": "hips", "neck": "spine", "head": "neck"}
for _side in SIDES:
    _ABOVE |= {_side + "Shoulder": "spine", _side + "UpperLeg": "hips"}
    for _chain in (ARM, LEG):
        _ABOVE |= {_side + part: _side + above for above, part in pairwise(_chain)}
    _ABOVE |= {_side + finger: _side + "Hand" for finger in FINGERS}


def body_after(rig_map: RigMap, mixamo: RigMap, table: Mapping[str, Row]) -> dict[str, Row]:
    """Bone -> row of a body with the bones of `rig_map`, standing as Mixamo's body of `table` stands.

    Chains are cut at even distances, however many bones a map gives them. Twist bones lie along their limb
    and hang from it; followers lie on the bone that they follow and hang from the root.
    """
    lines = {role: _line(bones, table) for role, bones in mixamo.bones.items()}
    lines[ROOT] = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.1]])
    made: dict[str, Row] = {}
    twists = [role for role in rig_map.bones if role.endswith(TWIST)]
    for role in (ROOT, *TRUNK, *(role for role in _ABOVE if role not in TRUNK), *twists):
        bones = rig_map.bones.get(role, ())
        limb = role.removesuffix(TWIST)
        points = _cut(lines[limb], len(bones)) if bones else lines[limb]
        parent = (rig_map.bone(limb) or "") if role != limb else _carrier(role, rig_map)
        for place, bone in enumerate(bones):
            made[bone] = (parent, points[place], points[place + 1], 0.0)
            parent = bone if role == limb else parent
    for bone, followed in rig_map.followers:
        made[bone] = (rig_map.bone(ROOT) or "", *made[followed][1:])
    return made


def _line(bones: tuple[str, ...], table: Mapping[str, Row]) -> Points:
    """(K, 3) heads of a role's bones and the tail of the last one."""
    return np.array([*(table[bone][1] for bone in bones), table[bones[-1]][2]])


def _carrier(role: str, rig_map: RigMap) -> str:
    """The nearest bone above a role: where a map has no collar bones, arms hang from the spine."""
    while role := _ABOVE.get(role, ""):
        if bone := rig_map.bone(role):
            return bone
    return ""


def _cut(line: Points, pieces: int) -> Points:
    """(pieces + 1, 3) points at even distances along a line."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    wanted = np.linspace(0.0, along[-1], pieces + 1)
    return np.stack([np.interp(wanted, along, line[:, axis]) for axis in range(3)], axis=-1)
