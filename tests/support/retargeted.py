"""Rigs played from the numbers that they would be keyed with, as Blender plays them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.retarget.human import SourceMotion, TargetMotion
from reel2rig.core.motion.retarget.local import local_motion
from reel2rig.core.motion.retarget.options import RetargetOptions
from reel2rig.core.motion.retarget.recognise import recognise
from reel2rig.core.motion.retarget.rig_map import RigMap
from reel2rig.core.motion.retarget.skeleton import Skeleton
from reel2rig.core.motion.retarget.transfer import retarget
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply, quaternion_to_matrix
from walking import rest_person

Array = NDArray[np.float64]


class Played:
    """Where all bones of a rig are, T frames long.

    Attributes:
        heads: bone -> (T, 3) metres. axes: bone -> (T, 3, 3). rest: the rig at rest.
    """

    def __init__(self, rest: Skeleton, target: TargetMotion) -> None:
        self.rest, self.target = rest, target
        self.heads: dict[str, Array] = {}
        self.axes: dict[str, Array] = {}
        keys = local_motion(target, rest, {})
        count = len(target.frames)
        for row, (name, parent) in enumerate(zip(rest.names, rest.parents, strict=True)):
            axes, head = rest.axes[row], rest.heads[row]
            if parent < 0:
                base, place = np.broadcast_to(axes, (count, 3, 3)), np.broadcast_to(head, (count, 3))
            else:
                above = rest.names[parent]
                base = self.axes[above] @ (rest.axes[parent].T @ axes)
                way = rest.axes[parent].T @ (head - rest.heads[parent])
                place = self.heads[above] + self.axes[above] @ way
            rotation, location = keys.get(name, (np.array([[1.0, 0.0, 0.0, 0.0]]), None))
            self.axes[name] = base @ quaternion_to_matrix(rotation)
            self.heads[name] = place if location is None else place + np.einsum("tij,tj->ti", base, location)

    def point(self, bone: str, rest: Any) -> Array:
        """(T, 3) where a point of the rest pose is that hangs from `bone`."""
        row = self.rest.index[bone]
        return self.heads[bone] + self.axes[bone] @ (self.rest.axes[row].T @ (rest - self.rest.heads[row]))

    def tails_of(self, bone: str) -> Array:
        """(T, 3) where a bone ends."""
        return self.point(bone, self.rest.tails[self.rest.index[bone]])

    def turned(self, bone: str, rest: Any) -> Array:
        """(T, 3) where a direction of the rest pose points that hangs from `bone`."""
        return self.axes[bone] @ (self.rest.axes[self.rest.index[bone]].T @ np.asarray(rest))


def known_map(rest: Skeleton) -> RigMap:
    rig_map = recognise(rest.names, rest.parents)
    assert rig_map is not None
    return rig_map


def play(source: SourceMotion, rest: Skeleton, rig_map: RigMap | None = None, **options: Any) -> Played:
    """A source on a rig that is recognised, with these options of a retarget."""
    return Played(rest, retarget(source, rest, rig_map or known_map(rest), RetargetOptions(**options)))


def degrees_between(first: Array, second: Array) -> Array:
    """(T,) between vectors (T, 3)."""
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(sine, np.sum(first * second, axis=-1)))


def dancing_person(count: int = 90, seed: int = 0) -> MotionClip:
    """Everything swings far and twists, on a way that turns; feet do not mind the floor."""
    rng = np.random.default_rng(seed)
    standing = rest_person(count)
    rotations = standing.rotations.astype(float)
    phase = np.arange(count)[:, None] / 30.0 * rng.uniform(2.0, 5.0, (1, 24)) + rng.uniform(0.0, 6.0, (1, 24))
    axes = rng.normal(size=(24, 3))
    swing = 0.9 * np.sin(phase)[..., None] * axes / np.linalg.norm(axes, axis=-1, keepdims=True)
    swing[:, 0] *= 0.3
    rotations = quaternion_multiply(rotations, quaternion_from_rotvec(swing))
    heading = quaternion_from_rotvec(np.linspace(0.0, 2.0, count)[:, None] * [0.0, 0.0, 1.0])
    rotations[:, 0] = quaternion_multiply(heading, rotations[:, 0])
    way = np.stack(
        [np.sin(np.arange(count) / 20), np.arange(count) / 40, 0.05 * np.sin(phase[:, 0])], axis=-1
    )
    return standing.replace(rotations=rotations, root=standing.root + way)


def moved_rig(rest: Skeleton, degrees: float, scale: float, shift: Any) -> Skeleton:
    """The same rig turned about z, scaled and set elsewhere, its object with it."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return replace(
        rest,
        heads=scale * rest.heads @ turn.T + shift,
        tails=scale * rest.tails @ turn.T + shift,
        axes=turn @ rest.axes,
        origin=scale * turn @ rest.origin + shift,
    )
