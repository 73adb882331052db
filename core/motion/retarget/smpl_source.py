"""A captured person as the source of a retarget, straight from its clip and without any scene."""

from __future__ import annotations

import numpy as np

from ..clip import MotionClip
from ..contacts import foot_contacts
from ..feet import approximate_foot_points
from ..gaps import held_frames
from ..kinematics import forward_kinematics
from ..rotations import quaternion_from_matrix, sign_continuous
from ..skeletons import JOINT_INDEX, SMPL_JOINTS, SMPL_PARENTS
from ..spaces import YUP_TO_BLENDER, to_space
from .human import SourceMotion
from .rig_map import RigMap
from .roles import ROLE_OF_SMPL
from .skeleton import Skeleton

_TIP = 0.25  # of the parent's length, for joints that nothing follows


def source_of_clip(clip: MotionClip) -> SourceMotion:
    """The motion of a clip in any space, told by the SMPL skeleton, whose bones bear the joints' names.

    **Convention**: Blender's axes; at rest the body stands on the floor over the origin in SMPL's T-pose and
    faces -y. The motion itself is where the clip has it.
    """
    placed = to_space(clip, "blender")
    joints, turns = forward_kinematics(placed.rotations, placed.root, placed.rest_joints)
    # SMPL's own axes are y up; at rest they are turned into Blender's.
    rows = [JOINT_INDEX[joint] for joint in ROLE_OF_SMPL]
    quaternions = quaternion_from_matrix(turns[:, rows] @ YUP_TO_BLENDER.T)
    return SourceMotion(
        skeleton=smpl_skeleton(placed),
        rig_map=SMPL_MAP,
        frames=placed.frames.astype(np.float64),
        turns={joint: sign_continuous(quaternions[:, row]) for row, joint in enumerate(ROLE_OF_SMPL)},
        heads={joint: joints[:, JOINT_INDEX[joint]] for joint in ROLE_OF_SMPL},
        contacts=foot_contacts(placed.contacts),
        held=held_frames(placed.valid, placed.fps),
        fps=float(placed.fps),
    )


def smpl_skeleton(clip: MotionClip) -> Skeleton:
    """The T-pose of a clip's body on the floor, facing -y; bones run to the first joint after their own."""
    rest = clip.rest_joints.astype(np.float64)
    sole = rest[JOINT_INDEX["L_Foot"], 1] + approximate_foot_points(clip).offsets[1, 1]
    heads = (rest - [rest[0, 0], sole, rest[0, 2]]) @ YUP_TO_BLENDER.T
    tails = np.empty_like(heads)
    for joint, parent in enumerate(SMPL_PARENTS):
        after = [child for child, above in enumerate(SMPL_PARENTS) if above == joint]
        # Pelvis and chest have three; the spine and the neck go on upwards.
        upwards = max(after, key=lambda child: heads[child, 2] - abs(heads[child, 0])) if after else None
        tails[joint] = (
            heads[joint] + _TIP * (heads[joint] - heads[parent]) if upwards is None else heads[upwards]
        )
    axes = np.broadcast_to(np.eye(3), (len(heads), 3, 3))
    return Skeleton(SMPL_JOINTS, SMPL_PARENTS, heads, tails, axes, np.zeros(3))


def _smpl_map() -> RigMap:
    bones: dict[str, tuple[str, ...]] = {}
    for joint, role in ROLE_OF_SMPL.items():
        bones[role] = (*bones.get(role, ()), joint)
    return RigMap("SMPL", bones, source="the SMPL skeleton")


SMPL_MAP = _smpl_map()
