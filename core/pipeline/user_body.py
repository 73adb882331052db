"""The user's own SMPL body instead of the free one: same motion, same limb lengths, their mesh."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..body.files import convert_smpl_file
from ..body.layer import body_layer
from ..motion.body import BodyTemplate, load_body
from ..motion.clip import MotionClip
from ..motion.skeletons import SMPL_PARENTS

# The network's betas belong to the free body; those of another body are chosen so that these bones (named by
# their lower joint) are as long: legs, arms, and the way from pelvis to head.
BONES = (4, 5, 7, 8, 18, 19, 20, 21, 3, 6, 9, 12, 15)
RIDGE = 0.02  # metres per unit of beta: how much length error one standard deviation of shape is worth
ROUNDS = 4


@dataclass(frozen=True, eq=False)
class UserBody:
    """A converted SMPL file. `path` is the .npz that Blender reads."""

    path: Path
    template: BodyTemplate

    @classmethod
    def load(cls, source: Path, folder: Path) -> UserBody:
        """Convert the user's file into the job folder, executing nothing it holds.

        Raises:
            BodyFileMissing, BodyFileUnsafe, BodyFileCorrupt, SmplxMissing: before any capturing is done.
        """
        path = convert_smpl_file(source, folder)
        body_layer(path)  # says now if smplx is missing, not after the video was read
        return cls(path, load_body(path))

    def wear(self, clip: MotionClip, free: BodyTemplate) -> MotionClip:
        """The clip with this body's betas and rest joints; rotations and the pelvis's path stay."""
        betas = self.betas_like(free.joints(clip.betas))
        layer = body_layer(self.path)
        at_rest = torch.eye(3).expand(1, 24, 3, 3)
        joints = layer(at_rest, torch.from_numpy(betas).float()[None]).joints[0].numpy()
        return clip.replace(betas=betas, rest_joints=joints * clip.body_scale)

    def betas_like(self, rest_joints: NDArray[np.floating]) -> NDArray[np.float64]:
        """Betas (10,) of this body that give the bone lengths of `rest_joints` (24, 3), m.

        Ridge least squares on the lengths, linearised anew a few times.
        """
        wanted = _lengths(rest_joints)
        betas = np.zeros(10)
        for _ in range(ROUNDS):
            joints = self.template.joints(betas)
            slope = _length_slopes(joints, self.template.J_shapedirs.astype(np.float64))
            residual = wanted - _lengths(joints) + slope @ betas
            betas = np.linalg.solve(slope.T @ slope + RIDGE**2 * np.eye(10), slope.T @ residual)
        return betas


def _bones(joints: NDArray[np.floating]) -> NDArray[np.float64]:
    lower = np.array(BONES)
    return (
        np.asarray(joints, np.float64)[lower]
        - np.asarray(joints, np.float64)[np.asarray(SMPL_PARENTS)[lower]]
    )


def _lengths(joints: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.linalg.norm(_bones(joints), axis=-1)


def _length_slopes(joints: NDArray[np.floating], dirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(bones, 10) change of every bone's length per unit of beta."""
    lower = np.array(BONES)
    along = _bones(joints) / _lengths(joints)[:, None]
    return np.einsum("bc,bck->bk", along, dirs[lower] - dirs[np.asarray(SMPL_PARENTS)[lower]])
