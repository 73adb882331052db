"""The points of a body that tie it to the picture and the floor, without its mesh (method section 10.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body.landmarks import LandmarkSet
from ..motion.body import BodyTemplate
from ..motion.kinematics import forward_kinematics
from ..motion.skeletons import JOINT_INDEX

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# Joint that carries each contact point, in the order of MotionClip.contacts.
CONTACT_JOINTS: tuple[int, ...] = tuple(JOINT_INDEX[n] for n in ("L_Ankle", "L_Foot", "R_Ankle", "R_Foot"))
_HEEL = (True, False, True, False)
SOLE_POINTS = 8
HEEL_REACH = 0.03  # metres ahead of the ankle
_SOLE_THICKNESS = 0.03  # metres above the lowest vertex that still count as sole


@dataclass(frozen=True, eq=False)
class PosedPoints:
    """Points of a posed body with its pelvis joint at the origin, metres.

    joints (T, 24, 3), landmarks (T, 33, 3), soles (T, 4, S, 3): candidates for the lowest point of left heel,
    left toe, right heel, right toe. The axes are those that rotation 0 turns into.
    """

    joints: Array
    landmarks: Array
    soles: Array


@dataclass(frozen=True, eq=False)
class BodyPoints:
    """Joints, 33 landmarks and the soles of the feet, each rigid on a joint and linear in betas.

    Attributes:
        joints (24, 3), joint_dirs (24, 3, 10): rest joints and how betas move them, metres.
        landmark_joint (33,), landmark_offset (33, 3), landmark_dirs (33, 3, 10): offset from the joint at
        rest. sole_offset (4, S, 3), sole_dirs (4, S, 3, 10): sole candidates from their contact joints.
        heights (V,), height_dirs (V, 10): rest height of every vertex, for the body's total height.

    **Convention**: rest pose in SMPL's template axes (x to the body's left, y up, z ahead). A landmark is at
    p_joint + G_joint (offset + dirs betas).
    """

    joints: Floats
    joint_dirs: Floats
    landmark_joint: NDArray[np.integer[Any]]
    landmark_offset: Floats
    landmark_dirs: Floats
    sole_offset: Floats
    sole_dirs: Floats
    heights: Floats
    height_dirs: Floats

    @classmethod
    def of(cls, body: BodyTemplate) -> BodyPoints:
        """The points of a body in SMPL format; BodyFileCorrupt when it carries no landmarks."""
        marks = LandmarkSet.of(body)
        vertices = body.v_template.astype(np.float64)
        shapes = body.shapedirs.astype(np.float64)
        joints, joint_dirs = body.J_template.astype(np.float64), body.J_shapedirs.astype(np.float64)
        reach = [
            joints[j, 2] + HEEL_REACH if heel else np.inf
            for j, heel in zip(CONTACT_JOINTS, _HEEL, strict=True)
        ]
        soles = [
            _sole_vertices(vertices, body.weights, joint, ahead)
            for joint, ahead in zip(CONTACT_JOINTS, reach, strict=True)
        ]
        anchors = np.array(CONTACT_JOINTS)
        return cls(
            joints=joints,
            joint_dirs=joint_dirs,
            landmark_joint=marks.joint,
            landmark_offset=marks.offset.astype(np.float64),
            landmark_dirs=marks.offset_dirs.astype(np.float64),
            sole_offset=np.stack([vertices[v] for v in soles]) - joints[anchors][:, None],
            sole_dirs=np.stack([shapes[v] for v in soles]) - joint_dirs[anchors][:, None],
            heights=vertices[:, 1],
            height_dirs=shapes[:, 1],
        )

    def rest_joints(self, betas: ArrayLike) -> Array:
        """(24, 3) rest joints for betas (10,), metres."""
        return self.joints + self.joint_dirs @ np.asarray(betas, dtype=np.float64)

    def height(self, betas: ArrayLike) -> float:
        """Height in metres of the resting body for betas (10,)."""
        return float(np.ptp(self.heights + self.height_dirs @ np.asarray(betas, dtype=np.float64)))

    def posed(self, rotations: ArrayLike, betas: ArrayLike) -> PosedPoints:
        """The points under rotations (T, 24, 3, 3) or (T, 24, 4) and betas (10,), pelvis at the origin."""
        shape = np.asarray(betas, dtype=np.float64)
        count = len(np.asarray(rotations))
        joints, turns = forward_kinematics(rotations, np.zeros((count, 3)), self.rest_joints(shape))
        at = self.landmark_joint
        offsets = self.landmark_offset + self.landmark_dirs @ shape
        landmarks = joints[:, at] + np.einsum("tlij,lj->tli", turns[:, at], offsets)
        feet = np.array(CONTACT_JOINTS)
        soles = self.sole_offset + self.sole_dirs @ shape
        lowest = joints[:, feet, None] + np.einsum("tcij,csj->tcsi", turns[:, feet], soles)
        return PosedPoints(joints, landmarks, lowest)


def _sole_vertices(vertices: Array, weights: Floats, joint: int, ahead: float) -> NDArray[np.int64]:
    """(S,) vertices round the sole under `joint`: whichever way the foot tilts, one of them is lowest.

    `ahead` is how far forward (z) they may lie: what hangs from the ankle reaches to the ball of the foot.
    """
    mine = np.flatnonzero((np.argmax(weights, axis=1) == joint) & (vertices[:, 2] < ahead))
    low = mine[vertices[mine, 1] < vertices[mine, 1].min() + _SOLE_THICKNESS]
    angles = np.arange(SOLE_POINTS) * 2 * np.pi / SOLE_POINTS
    outward = np.stack([np.cos(angles), np.full(SOLE_POINTS, -1.0), np.sin(angles)])
    return low[np.argmax(vertices[low] @ outward, axis=0)]
