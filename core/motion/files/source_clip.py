"""The motion of any rig that retargeting understands, as a clip of SMPL's joints."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..body import BodyTemplate, free_body
from ..clip import MotionClip
from ..retarget.anatomy import Anatomy
from ..retarget.human import SourceMotion
from ..retarget.options import RetargetOptions
from ..retarget.smpl_source import SMPL_MAP, smpl_skeleton
from ..retarget.transfer import retarget
from ..rotations import normalized, quaternion_conjugate, quaternion_from_matrix, quaternion_multiply
from ..skeletons import JOINT_COUNT, SMPL_JOINTS, SMPL_PARENTS
from ..spaces import YUP_TO_BLENDER


def clip_of_source(
    motion: SourceMotion, fps: Fraction, body: BodyTemplate | None = None, track: str = "1"
) -> MotionClip:
    """The motion in "blender" space on a body scaled until its legs are as long, frames from 0.

    Args:
        body: None is the free body.

    Raises UnfitRig where the motion's map lacks bones that nothing goes without.

    **Convention**: SMPL's own axes are y up; at rest they are turned into Blender's, and the body faces -y.
    """
    count, mean = len(motion.frames), (body or free_body()).joints(np.zeros(10))
    clip = MotionClip(
        rotations=np.tile([1.0, 0.0, 0.0, 0.0], (count, JOINT_COUNT, 1)),
        root=np.zeros((count, 3)),
        betas=np.zeros(10),
        rest_joints=mean,
        fps=fps,
        frames=np.arange(count),
        valid=~motion.held,
        contacts=np.zeros((count, 4)),
        space="blender",
        track=track,
    )
    legs = Anatomy(motion.skeleton, motion.rig_map), Anatomy(smpl_skeleton(clip), SMPL_MAP)
    scale = legs[0].leg_length / legs[1].leg_length
    clip = clip.replace(rest_joints=mean * scale, body_scale=scale)
    # The feet are left as they are: locking them is a choice of the clean-up.
    target = retarget(motion, smpl_skeleton(clip), SMPL_MAP, RetargetOptions(feet=False, twist=False))
    rest = quaternion_from_matrix(YUP_TO_BLENDER)
    world, local = np.empty((2, count, JOINT_COUNT, 4))
    for row, (joint, parent) in enumerate(zip(SMPL_JOINTS, SMPL_PARENTS, strict=True)):
        turn = target.turns.get(joint)
        world[:, row] = world[:, parent] if turn is None else quaternion_multiply(turn, rest)
        above = world[:, parent] if parent >= 0 else np.array([1.0, 0.0, 0.0, 0.0])
        local[:, row] = quaternion_multiply(quaternion_conjugate(above), world[:, row])
    return clip.replace(rotations=normalized(local), root=target.heads["Pelvis"])
