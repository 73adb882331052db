"""A BVH motion as a clip: of any skeleton, in any units, with any axis up.

Which joint is which part of a body is told by the maps of retargeting; what a joint's rest pose is, is
told by the offsets of the file. So that a motion of any hierarchy becomes one of SMPL's joints by the same
road on which captures go to other rigs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..body import BodyTemplate
from ..clip import MotionClip
from ..retarget.anatomy import Anatomy
from ..retarget.human import SourceMotion
from ..retarget.recognise import recognise
from ..retarget.rig_map import RigMap
from ..retarget.roles import SIDES
from ..retarget.skeleton import Skeleton
from ..retarget.smpl_source import SMPL_MAP
from ..rotations import (
    normalized,
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_rotate,
    sign_continuous,
)
from ..spaces import YUP_TO_BLENDER
from .bvh import Bvh, BvhJoint, parse_bvh
from .errors import MotionRigUnknown
from .floor import on_known_floor
from .rates import rate_of_frame_time
from .source_clip import clip_of_source

Array = NDArray[np.float64]

# Metres, centimetres, inches, feet, decimetres, millimetres, and CMU's own: inches over 0.45.
_UNITS: tuple[float, ...] = (1.0, 0.01, 0.0254, 0.3048, 0.1, 0.001, 0.0254 / 0.45)
_LEG = 0.8  # metres from hip to ankle
_LEGS = (0.45, 1.3)  # metres that nobody's are shorter or longer than
_SURELY_UP = 0.6  # of the mean direction from knees to shoulders along an axis; who always stands has 1
_STANDS = 0.5  # cosine between thighs and trunk of any rest pose that a person could take
_AXES = tuple(sign * np.eye(3)[axis] for axis in (1, 2, 0) for sign in (1.0, -1.0))
_QUATERNION_AXES = {"X": np.array([1.0, 0, 0]), "Y": np.array([0, 1.0, 0]), "Z": np.array([0, 0, 1.0])}


def read_bvh(
    path: str | os.PathLike[str],
    fps: Fraction | None = None,
    body: BodyTemplate | None = None,
    rig_map: RigMap | None = None,
) -> tuple[MotionClip, ...]:
    """Read every person of a BVH file as a clip in "blender" space, on the body scaled to the same legs.

    Args:
        fps: instead of the file's own. body: None is the free body.
        rig_map: which joint is what; None recognises it.

    Raises MotionFileMissing, MotionFileCorrupt, MotionTooLarge, MotionRigUnknown, BadRate.
    """
    source, file = Path(path), parse_bvh(path)
    rate = fps or rate_of_frame_time(file.frame_time)
    notes = ()
    if len(file.values) < file.stated:
        notes = (f"{source.name} says {file.stated} frames and ends after {len(file.values)}.",)
    people: list[MotionClip] = []
    for tree in file.trees:
        names, parents = [joint.name for joint in tree], [joint.parent for joint in tree]
        known = rig_map or _map_of_smpl(names) or recognise(names, parents)
        if known is None:
            continue
        motion = _source_motion(tree, file, known, rate)
        track = str(len(people) + 1)
        clip = clip_of_source(motion, rate, body, track).replace(source=source.name, notes=notes)
        people.append(on_known_floor(clip, other_body=True))
    if not people:
        raise MotionRigUnknown(
            f"No person was recognised by the names of the joints in {source.name}: give a rig map, or open "
            "it with Blender's own import of BVH and retarget from there."
        )
    return tuple(people)


def _map_of_smpl(names: Sequence[str]) -> RigMap | None:
    """The map of a skeleton whose joints have SMPL's own names, also spelled out, as in ``Left_ankle``."""
    spelled = {name.lower().replace("left_", "l_").replace("right_", "r_"): name for name in names}
    bones = {role: tuple(spelled.get(j.lower(), "") for j in row) for role, row in SMPL_MAP.bones.items()}
    return RigMap(SMPL_MAP.name, bones) if all(map(all, bones.values())) else None


def _source_motion(tree: Sequence[BvhJoint], file: Bvh, rig_map: RigMap, rate: Fraction) -> SourceMotion:
    """What the joints do, in Blender's axes and metres.

    **Convention**: in the file a joint's rotation is the product of its channels in their order, from the
    left, column vectors; all joints are unturned at rest; a position replaces the offset.
    """
    turns, places = _posed(tree, file.values)
    rest = np.zeros((len(tree), 3))
    for row, joint in enumerate(tree):
        rest[row] = joint.offset + (rest[joint.parent] if joint.parent >= 0 else -joint.offset)
    base = np.tile([1.0, 0.0, 0.0, 0.0], (len(tree), 1))
    rows = {joint.name: row for row, joint in enumerate(tree)}
    if _straight(rig_map, rows, rest) < _STANDS:
        # All bones along one axis, as some write them, is no pose of a body: the straightest frame is one.
        best = int(np.argmax(_straight(rig_map, rows, places)))
        rest, base = places[best], turns[best]
    # Some skeletons lie at rest and are turned up by their root: rest and motion have axes of their own.
    standing, way = _upwards(rig_map, rows, rest), _upwards(rig_map, rows, places).mean(axis=0)
    at_rest = _to_blender(_axis(standing))
    axes = _to_blender(_axis(way)) if max(abs(way)) >= _SURELY_UP else at_rest
    rest, places = rest @ at_rest.T, places @ axes.T
    tips = [
        None if joint.tip is None else at_rest @ quaternion_rotate(turn, joint.tip)
        for joint, turn in zip(tree, base, strict=True)
    ]
    tails = _tails(tree, rest, tips)
    unit = _unit(Anatomy(_skeleton(tree, rest, tails), rig_map).leg_length)
    from_rest = quaternion_multiply(quaternion_conjugate(base), quaternion_from_matrix(at_rest.T))
    turned = quaternion_multiply(quaternion_multiply(quaternion_from_matrix(axes), turns), from_rest)
    # The rest pose stands over the origin, wherever the first joint begins in the file.
    ground = np.array([rest[0, 0], rest[0, 1], min(rest[:, 2].min(), tails[:, 2].min())])
    return SourceMotion(
        skeleton=_skeleton(tree, (rest - ground) * unit, (tails - ground) * unit),
        rig_map=rig_map,
        frames=np.arange(len(file.values), dtype=np.float64),
        turns={joint.name: sign_continuous(turned[:, row]) for row, joint in enumerate(tree)},
        heads={joint.name: places[:, row] * unit for row, joint in enumerate(tree)},
        contacts=None,
        held=np.zeros(len(file.values), bool),
        fps=float(rate),
    )


def _posed(tree: Sequence[BvhJoint], values: Array) -> tuple[Array, Array]:
    """(T, J, 4) turns from rest and (T, J, 3) places of all joints, in the file's axes and units."""
    turns, places = np.empty((len(values), len(tree), 4)), np.empty((len(values), len(tree), 3))
    for row, joint in enumerate(tree):
        moved = np.broadcast_to(joint.offset, (len(values), 3)).copy()
        turn = np.broadcast_to([1.0, 0.0, 0.0, 0.0], (len(values), 4))
        for column, channel in enumerate(joint.channels, joint.column):
            if channel.endswith("position"):
                moved[:, "XYZ".index(channel[0])] = values[:, column]
            else:
                half = np.radians(values[:, column])[:, None] / 2.0
                about = np.concatenate([np.cos(half), np.sin(half) * _QUATERNION_AXES[channel[0]]], axis=1)
                turn = quaternion_multiply(turn, about)
        if joint.parent >= 0:
            above = turns[:, joint.parent]
            places[:, row] = places[:, joint.parent] + quaternion_rotate(above, moved)
            turn = quaternion_multiply(above, turn)
        else:
            places[:, row] = moved
        turns[:, row] = normalized(turn)
    return turns, places


def _way(rig_map: RigMap, rows: dict[str, int], points: Array, low: str, high: str) -> Array:
    """(..., 3) unit vectors between the middles of two pairs of joints at points (..., J, 3)."""

    def middle(part: str) -> Array:
        bones = [next(bone for bone in rig_map.bones[f"{side}{part}"] if bone in rows) for side in SIDES]
        return points[..., [rows[bone] for bone in bones], :].mean(axis=-2)

    way: Array = middle(high) - middle(low)
    return way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-12)


def _upwards(rig_map: RigMap, rows: dict[str, int], points: Array) -> Array:
    """(..., 3) unit vectors from the knees to the shoulders."""
    return _way(rig_map, rows, points, "LowerLeg", "UpperArm")


def _straight(rig_map: RigMap, rows: dict[str, int], points: Array) -> Array:
    """(...) cosine between thighs and trunk: 1 of who stands, below 0 of what is no body."""
    thighs = _way(rig_map, rows, points, "LowerLeg", "UpperLeg")
    return np.sum(thighs * _way(rig_map, rows, points, "UpperLeg", "UpperArm"), axis=-1)


def _axis(way: Array) -> Array:
    """(3,) the axis, with its sign, that a direction is nearest to."""
    return max(_AXES, key=lambda axis: float(axis @ way))


def _to_blender(up: Array) -> Array:
    """(3, 3) rotation that brings the file's axes to Blender's, in which z is up."""
    if up[1] > 0.5:
        return YUP_TO_BLENDER
    if up[2] > 0.5:
        return np.eye(3)
    side = np.eye(3)[0 if abs(up[0]) < 0.5 else 1]
    return np.stack([side, np.cross(up, side), up])


def _unit(leg: float) -> float:
    """Metres of the file's unit, told by the length of a leg."""
    unit = min(_UNITS, key=lambda unit: abs(np.log(max(leg * unit, 1e-12) / _LEG)))
    return unit if _LEGS[0] <= leg * unit <= _LEGS[1] else _LEG / max(leg, 1e-12)


def _tails(tree: Sequence[BvhJoint], rest: Array, tips: Sequence[Array | None]) -> Array:
    """(J, 3) where bones end at rest: in the middle of what follows them, or a bit further on.

    Joints that lie on each other, as CMU's hips and hands do, are passed over.
    """
    nothing = 1e-4 * float(np.ptp(rest, axis=0).max())
    reach = np.zeros_like(rest)
    after: list[list[Array]] = [[] for _ in tree]
    for row in reversed(range(len(tree))):
        joint = tree[row]
        ends = [way for way in (*after[row], tips[row]) if way is not None and np.linalg.norm(way) > nothing]
        reach[row] = np.mean(ends, axis=0) if ends else 0.0
        if joint.parent >= 0:
            way = rest[row] - rest[joint.parent]
            after[joint.parent].append(way if np.linalg.norm(way) > nothing else reach[row])
    for row, joint in enumerate(tree):
        if np.linalg.norm(reach[row]) <= nothing:
            way = rest[row] - rest[max(joint.parent, 0)]
            reach[row] = 0.25 * (way if np.linalg.norm(way) > nothing else reach[max(joint.parent, 0)])
    return rest + reach


def _skeleton(tree: Sequence[BvhJoint], heads: Array, tails: Array) -> Skeleton:
    names, parents = tuple(joint.name for joint in tree), tuple(joint.parent for joint in tree)
    axes = np.broadcast_to(np.eye(3), (len(tree), 3, 3))
    return Skeleton(names, parents, heads, tails, axes, np.zeros(3))
