"""Feet that stand are held where they stand; legs and, where they are too short, the pelvis follow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clip import MotionClip
from .feet import FootPoints, standing_levels
from .footholds import FootShape
from .gaps import held_frames
from .held_foot import HeldFoot, SeenFoot, hips_lowering, hold_foot, kept_in_place
from .kinematics import forward_kinematics
from .leg_ik import reach_target
from .rotations import (
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_to_matrix,
    slerp,
)
from .skeletons import JOINT_INDEX, SMPL_PARENTS
from .smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

DEEPEST = 0.05  # metres by which the pelvis is lowered at most so that a leg reaches its place
_LEGS = tuple(
    tuple(JOINT_INDEX[f"{side}_{name}"] for name in ("Hip", "Knee", "Ankle", "Foot")) for side in "LR"
)


def lock_feet(clip: MotionClip, feet: FootPoints, strength: float = 1.0) -> MotionClip:
    """The clip with heels and toes held in place while `clip.contacts` say that they stand.

    Args:
        clip: in the "blender" space. feet: its soles.
        strength: in [0, 1]; 0 returns the clip, in between feet go that part of the way.

    Each run of contact has one anchor (`find_footholds`): a heel or toe held alone lets the foot roll about
    it, both together hold it flat. `BLEND_SECONDS` before and after, feet go over from captured to held in
    cubics that begin and end with the speed there is. Beyond those seconds, and in gaps too long to bridge,
    nothing changes. Legs follow by two-bone inverse kinematics; where one is too short the pelvis is lowered
    by up to `DEEPEST`, and what is then still out of reach is not reached (method section 10.4).

    Raises ValueError for another space.

    **Convention**: z up, the floor at z = 0; local unit quaternions w, x, y, z.
    """
    if clip.space != "blender":
        raise ValueError(f"feet are locked in the 'blender' space, not in {clip.space!r}")
    held = held_frames(clip.valid, clip.fps)
    on = (clip.contacts > 0.5) & ~held[:, None]
    if strength == 0 or not on.any():
        return clip
    levels = standing_levels(feet.positions(clip)[..., 2], on)
    rotations, root = np.array(clip.rotations), np.array(clip.root)
    for start, stop in unbroken_runs(~held, clip.frames):
        part = slice(start, stop)
        if on[part].any():
            stretch = _Stretch.of(rotations[part], root[part], clip.rest_joints, float(clip.fps))
            changed, turned, moved = stretch.locked(on[part], feet.offsets, levels, strength)
            rotations[part][changed], root[part][changed] = turned[changed], moved[changed]
    return clip.replace(rotations=rotations, root=root)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """T unbroken frames: local rotations (T, 24, 4), root (T, 3), joints (T, 24, 3), global turns
    (T, 24, 3, 3), rest joints (24, 3).
    """

    rotations: Array
    root: Array
    joints: Array
    turns: Array
    rest: Array
    fps: float

    @classmethod
    def of(cls, rotations: Floats, root: Floats, rest: Floats, fps: float) -> _Stretch:
        joints, turns = forward_kinematics(rotations, root, rest)
        local, path = np.asarray(rotations, dtype=np.float64), np.asarray(root, dtype=np.float64)
        return cls(local, path, joints, turns, np.asarray(rest, dtype=np.float64), fps)

    def locked(
        self, on: Bools, offsets: Floats, levels: Array, strength: float
    ) -> tuple[Bools, Array, Array]:
        """(T,) frames that change, rotations (T, 24, 4) and root (T, 3) after that."""
        feet = [
            hold_foot(self._seen(leg, offsets[points]), on[:, points], levels, self.fps)
            for leg, points in zip(_LEGS, (slice(0, 2), slice(2, 4)), strict=True)
        ]
        targets = [
            self.joints[:, leg[2]] + strength * foot.move for leg, foot in zip(_LEGS, feet, strict=True)
        ]
        hips = [self.joints[:, leg[0]] for leg in _LEGS]
        lengths = [
            float(np.linalg.norm(np.diff(self.rest[list(leg[:3])], axis=0), axis=-1).sum()) for leg in _LEGS
        ]
        lowered = strength * hips_lowering(hips, targets, lengths, feet, DEEPEST, self.fps)
        rotations, root = self.rotations.copy(), self.root.copy()
        root[:, 2] -= lowered
        changed = lowered > 0.0
        for leg, foot, target in zip(_LEGS, feet, targets, strict=True):
            share = np.maximum(foot.share, kept_in_place(lowered))
            solved = self._leg(leg, foot, target, lowered, strength)
            rotations[:, leg] = slerp(self.rotations[:, leg], solved, share[:, None])
            changed |= share > 0.0
        return changed, rotations, root

    def _seen(self, leg: tuple[int, ...], offsets: Floats) -> SeenFoot:
        """The foot with heel and toe at `offsets` (2, 3)."""
        _, _, ankle, ball = leg
        shape = FootShape(offsets[0], self.rest[ball] - self.rest[ankle], offsets[1], self.rotations[:, ball])
        return SeenFoot(self.joints[:, ankle], self.turns[:, ankle], shape)

    def _leg(
        self, leg: tuple[int, ...], foot: HeldFoot, target: Array, lowered: Array, strength: float
    ) -> Array:
        """(T, 4, 4) local rotations of hip, knee, ankle and ball that bring the ankle to `target` (T, 3)."""
        hip, knee, ankle, ball = leg
        down = lowered[:, None] * [0.0, 0.0, 1.0]
        chain = self.joints[:, [hip, knee, ankle]] - down[:, None]
        # SMPL's knees bend about x, the body's left at rest, which the thigh carries along.
        thigh, shin = reach_target(chain, target, self.turns[:, hip, :, 0])
        tilt = quaternion_to_matrix(quaternion_from_rotvec(strength * foot.tilt))
        turns = [self.turns[:, SMPL_PARENTS[hip]]]
        turns += [turn @ self.turns[:, joint] for turn, joint in zip((thigh, shin, tilt), leg, strict=False)]
        local = [
            quaternion_from_matrix(np.swapaxes(parent, -1, -2) @ child) for parent, child in pairwise(turns)
        ]
        bend = quaternion_from_rotvec(strength * foot.bend)
        return np.stack([*local, quaternion_multiply(self.rotations[:, ball], bend)], axis=1)
