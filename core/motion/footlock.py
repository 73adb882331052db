"""Feet that stand are held where they stand; legs and, where they are too short, the pelvis follow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clip import MotionClip
from .feet import FootPoints, standing_levels
from .footholds import FootShape, find_footholds
from .gaps import held_frames
from .kinematics import forward_kinematics
from .leg_ik import NEARLY_STRAIGHT, least_turn, reach_target
from .rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_multiply,
    quaternion_rotate,
    quaternion_to_matrix,
    quaternion_to_rotvec,
    slerp,
)
from .skeletons import JOINT_INDEX, SMPL_PARENTS
from .smoothing import unbroken_runs

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

BLEND_SECONDS = 0.15  # before a foot is held, and after
DEEPEST = 0.05  # metres by which the pelvis is lowered at most so that a leg reaches its place
_LOWERING_SECONDS = 0.25  # on either side, over which it is
_HARDLY_LOWERED = 0.003  # metres at which the other leg is bent by half of what keeps its foot where it was
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
class _Correction:
    """What holds one foot, over T frames.

    Attributes:
        move: (T, 3) metres that its ankle moves.
        tilt: (T, 3) rotation vector of the foot in the world. bend: (T, 3) of the ball joint in its own axes.
        on: (T,) whether it is held. share: (T,) in [0, 1], how much of the leg is solved.
    """

    move: Array
    tilt: Array
    bend: Array
    on: Bools
    share: Array


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
        blend = BLEND_SECONDS * self.fps
        feet = [
            self._correction(leg, on[:, points], offsets[points], levels, blend)
            for leg, points in zip(_LEGS, (slice(0, 2), slice(2, 4)), strict=True)
        ]
        targets = [
            self.joints[:, leg[2]] + strength * foot.move for leg, foot in zip(_LEGS, feet, strict=True)
        ]
        lowered = strength * self._lowering(feet, targets, blend)
        rotations, root = self.rotations.copy(), self.root.copy()
        root[:, 2] -= lowered
        changed = lowered > 0.0
        for leg, foot, target in zip(_LEGS, feet, targets, strict=True):
            share = np.maximum(foot.share, lowered / (lowered + _HARDLY_LOWERED))
            solved = self._leg(leg, foot, target, lowered, strength)
            rotations[:, leg] = slerp(self.rotations[:, leg], solved, share[:, None])
            changed |= share > 0.0
        return changed, rotations, root

    def _correction(
        self, leg: tuple[int, ...], on: Bools, offsets: Floats, levels: Array, blend: float
    ) -> _Correction:
        """What holds a foot with heel and toe at `offsets` (2, 3) that stand where `on` (T, 2) says."""
        _, _, ankle, ball = leg
        foot = FootShape(offsets[0], self.rest[ball] - self.rest[ankle], offsets[1], self.rotations[:, ball])
        captured = self._soles(leg, foot, self.turns[:, ankle], foot.bend)
        holds = find_footholds(captured, on, foot, levels)
        held, both = holds.held.any(axis=1), holds.held.all(axis=1)
        bend = quaternion_to_rotvec(quaternion_multiply(quaternion_conjugate(foot.bend), holds.bend))
        bend = carried(bend, both, blend, at_rest=True)
        bent = quaternion_multiply(foot.bend, quaternion_from_rotvec(bend))
        points = self._soles(leg, foot, self.turns[:, ankle], bent)
        aim = least_turn(points[:, 1] - points[:, 0], holds.anchors[:, 1] - holds.anchors[:, 0])
        # A foot that slaps down on the floor does stop at once; to swing beyond would sink it.
        tilt = carried(quaternion_to_rotvec(quaternion_from_matrix(aim)), both, blend, at_rest=True)
        tilted = quaternion_to_matrix(quaternion_from_rotvec(tilt)) @ self.turns[:, ankle]
        miss = (holds.anchors - self._soles(leg, foot, tilted, bent)) * holds.held[..., None]
        move = miss.sum(axis=1) / np.maximum(holds.held.sum(axis=1), 1)[:, None]
        share = carried(np.ones((len(on), 1)), held, blend)[:, 0]
        return _Correction(carried(move, held, blend), tilt, bend, held, share)

    def _soles(self, leg: tuple[int, ...], foot: FootShape, turns: Array, bend: Floats) -> Array:
        """(T, 2, 3) heel and toe with the ankle where it is, the foot turned by (T, 3, 3) and bent (T, 4)."""
        ankle = self.joints[:, leg[2]]
        toe = np.einsum("tij,tj->ti", turns, foot.ball + quaternion_rotate(bend, foot.toe))
        return ankle[:, None] + np.stack([turns @ foot.heel, toe], axis=1)

    def _lowering(self, feet: list[_Correction], targets: list[Array], blend: float) -> Array:
        """(T,) metres by which the pelvis is lowered, smoothly, so that held feet are within reach."""
        needed = np.zeros(len(self.root))
        for leg, foot, target in zip(_LEGS, feet, targets, strict=True):
            hip, knee, ankle, _ = leg
            bones = self.rest[[knee, ankle]] - self.rest[[hip, knee]]
            reach = NEARLY_STRAIGHT * np.linalg.norm(bones, axis=-1).sum()
            way = self.joints[:, hip] - target
            above = np.sqrt(np.maximum(reach**2 - np.sum(way[:, :2] ** 2, axis=-1), 0.0))
            needed = np.maximum(needed, np.where(foot.on, way[:, 2] - above, 0.0))
        standing = np.any([foot.on for foot in feet], axis=0)
        fade = carried(np.ones((len(standing), 1)), standing, blend)[:, 0]
        return _covered(np.minimum(needed, DEEPEST), round(_LOWERING_SECONDS * self.fps)) * fade

    def _leg(
        self, leg: tuple[int, ...], foot: _Correction, target: Array, lowered: Array, strength: float
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


def carried(values: Floats, mask: Bools, blend: float, at_rest: bool = False) -> Array:
    """Values (T, C) where `mask` (T,) holds, continued from there to zero over `blend` frames.

    The cubics take over value and slope at the edge, or begin `at_rest` and never swing beyond its value.
    Between two runs that are less than two blends apart, one cubic leads from the one to the other; beyond,
    all is zero.
    """
    result = np.where(mask[:, None], values, 0.0).astype(np.float64)
    for first, last in unbroken_runs(~mask):
        gap = last - first
        ends = [_edge(result, mask, index, step) for index, step in ((first - 1, -1), (last, 1))]
        (left, rising), (right, falling) = ends
        if at_rest:
            rising = falling = np.zeros(values.shape[1])
        if left is not None and right is not None and gap + 1 < 2.0 * blend:
            result[first:last] = _cubic(left, rising, right, -falling, gap + 1, gap)
            continue
        steps = min(int(np.ceil(blend)) - 1, gap)
        if left is not None:
            result[first : first + steps] = _cubic(left, rising, 0.0, 0.0, blend, steps)
        if right is not None:
            result[last - steps : last] = _cubic(right, falling, 0.0, 0.0, blend, steps)[::-1]
    return result


def _edge(values: Array, mask: Bools, index: int, inwards: int) -> tuple[Array | None, Array]:
    """The value at the edge of a run and its slope out of it; None and zero where there is no run."""
    nothing = np.zeros(values.shape[1])
    if not 0 <= index < len(mask):
        return None, nothing
    inner = index + inwards
    inside = 0 <= inner < len(mask) and mask[inner]
    return values[index], values[index] - values[inner] if inside else nothing


def _cubic(
    start: Array, slope: Array, end: Array | float, end_slope: Array | float, length: float, steps: int
) -> Array:
    """(steps, C) after 1, 2, ... steps of the cubic from `start` to `end`, `length` steps away."""
    u = (np.arange(1, steps + 1) / length)[:, None]
    return (
        (2.0 * u**3 - 3.0 * u**2 + 1.0) * start
        + (u**3 - 2.0 * u**2 + u) * length * slope
        + (3.0 * u**2 - 2.0 * u**3) * end
        + (u**3 - u**2) * length * end_slope
    )


def _covered(needed: Array, radius: int) -> Array:
    """(T,) a smooth curve that lies nowhere below `needed` (T,), within `radius` frames of where it must."""
    half = max(1, radius // 2)
    padded = np.pad(needed, 2 * half, mode="edge")
    width = len(padded) - 2 * half
    largest = np.max([padded[k : k + width] for k in range(2 * half + 1)], axis=0)
    weights = np.hanning(2 * half + 3)[1:-1]
    return sum(
        weight * largest[k : k + len(needed)] for k, weight in enumerate(weights / weights.sum())
    ) + np.zeros(len(needed))
