"""What game engines want of a skeleton: their units, their axes, and Unreal's IK bones.

Unreal wants centimetres and takes the armature's own node for a bone unless it is called "Armature". Unity
wants nodes that are neither turned nor scaled in a file whose y is up.
"""

from __future__ import annotations

import numpy as np

from ....core.motion.leg_ik import least_turn
from ....core.motion.retarget.skeleton import Floats
from ....core.motion.spaces import BLENDER_TO_YUP
from ..names import ROOT_BONE
from .take import RigTake, with_bones

UNREAL_NODE = "Armature"
UNREAL_METRE = 0.01  # metres of one unit of the file

# Unreal's own helper bones: name, parent, and whom it follows on Unreal's skeleton and on a captured one.
IK_BONES: tuple[tuple[str, str, str, str], ...] = (
    ("ik_foot_root", "root", "root", "root"),
    ("ik_foot_l", "ik_foot_root", "foot_l", "Foot.L"),
    ("ik_foot_r", "ik_foot_root", "foot_r", "Foot.R"),
    ("ik_hand_root", "root", "root", "root"),
    ("ik_hand_gun", "ik_hand_root", "hand_r", "Hand.R"),
    ("ik_hand_l", "ik_hand_gun", "hand_l", "Hand.L"),
    ("ik_hand_r", "ik_hand_gun", "hand_r", "Hand.R"),
)
IK_NAMES: tuple[str, ...] = tuple(name for name, *_ in IK_BONES)


def for_engine(take: RigTake, engine: str) -> tuple[RigTake, Floats]:
    """The take as an engine wants it, and the (4, 4) change from the take's armature axes to the file's.

    **Convention**: "unreal" keeps Blender's axes, z up, facing -y, in centimetres; "unity" has y up, facing
    +z, in metres, with the node turned back so that the writer's own turn to y-up leaves nothing of it.
    """
    if engine == "none":
        return take, np.eye(4)
    upright = _upright(take.node)
    take, change = take.in_axes(upright), np.eye(4)
    if engine == "unreal":
        change[:3, :3] /= UNREAL_METRE
        take = _with_ik_bones(_under_one_root(take))
    else:
        change[:3, :3] = BLENDER_TO_YUP
    # The character plays in its own space, wherever the armature stands and looks to in the scene.
    changed = take.replace(name=UNREAL_NODE if engine == "unreal" else take.name, node=np.eye(4))
    changed = changed.in_axes(change)
    return (_upright_root(changed) if engine == "unity" else changed), change @ upright


def _upright(node: Floats) -> Floats:
    """(4, 4) the quarter turn after which the own z of an armature is what its object `node` (4, 4) has up.

    Blender imports Mixamo's FBX files with y up, stood up by their objects: without these they would lie.
    """
    up = node[2, :3]
    axis = np.eye(3)[np.abs(up).argmax()] * np.sign(up[np.abs(up).argmax()])
    turn = np.eye(4)
    turn[:3, :3] = np.diag([1.0, -1.0, -1.0]) if axis[2] < 0 else least_turn(axis[None], np.eye(3)[2:])[0]
    return turn


def _under_one_root(take: RigTake) -> RigTake:
    """A skeleton with several top bones gets a root above them: Unreal knows one only."""
    tops = [row for row, parent in enumerate(take.parents) if parent < 0]
    if len(tops) == 1:
        return take
    if (root := take.row(ROOT_BONE)) in tops:
        below = [root if row in tops and row != root else p for row, p in enumerate(take.parents)]
        return take.replace(parents=tuple(below))
    rooted = with_bones(take, [ROOT_BONE], [""], [""])
    order = [len(take.bones), *range(len(take.bones))]
    return rooted.replace(
        bones=(ROOT_BONE, *take.bones),
        parents=(-1, *(parent + 1 for parent in take.parents)),
        lengths=rooted.lengths[order],
        rest=rooted.rest[order],
        poses=rooted.poses[:, order],
    )


def _with_ik_bones(take: RigTake) -> RigTake:
    """Unreal's IK bones on a skeleton of Unreal's and on a captured one: each lies on what it follows."""
    names = {name.lower(): name for name in take.bones}
    rows = []
    for name, parent, *leaders in IK_BONES:
        leader = next((names[each.lower()] for each in leaders if each.lower() in names), "")
        rows.append((names.get(name, name), names.get(parent, parent), leader))
    if not all(leader for *_, leader in rows):
        return take
    return with_bones(take, *zip(*rows, strict=True))


def _upright_root(take: RigTake) -> RigTake:
    """A `root` bone on the floor that lies along the file's own axes: its node is not turned either."""
    row = take.row(ROOT_BONE)
    if row is None or take.parents[row] >= 0 or np.abs(take.rest[row][:3, 3]).max() > 1e-6:
        return take
    rest, poses = take.rest.copy(), take.poses.copy()
    poses[:, row] = poses[:, row] @ np.linalg.inv(rest[row])
    rest[row] = np.eye(4)
    return take.replace(rest=rest, poses=poses)
