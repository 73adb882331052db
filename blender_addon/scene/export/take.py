"""What one rig does over a range of frames, as arrays: all that a file of an animated skeleton needs."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.motion.rotations import quaternion_from_matrix, sign_continuous

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class RigTake:
    """A skeleton at rest and its pose at every frame.

    Attributes:
        name: of the rig. action: of what it plays.
        bones: (B) names, parents before children. parents: (B) row of each bone's parent, -1 without.
        lengths: (B) metres. rest: (B, 4, 4) head and axes of each bone at rest, without scale.
        poses: (T, B, 4, 4) the same in each frame; scale in them is what the pose scales.
        node: (4, 4) where the armature object stands, without scale.
        first: scene frame of the first pose. fps: frames per second, exact.

    **Convention**: column vectors; bones are in the armature object's axes, z up, and in metres whatever the
    object's scale and the scene's unit; ``node @ poses`` is the world. A bone's own y runs along it.
    """

    name: str
    action: str
    bones: tuple[str, ...]
    parents: tuple[int, ...]
    lengths: Floats
    rest: Floats
    poses: Floats
    node: Floats
    first: int
    fps: Fraction

    def __len__(self) -> int:
        return len(self.poses)

    def replace(self, **changes: Any) -> RigTake:
        return dataclasses.replace(self, **changes)

    def row(self, bone: str) -> int | None:
        return self.bones.index(bone) if bone in self.bones else None

    def in_axes(self, change: Floats) -> RigTake:
        """The same motion with bones in other axes or units: of (4, 4) `change`, a turn with a uniform scale.

        **Convention**: points become change @ point; the node takes the turn back, so that nothing moves in
        the world but for the unit. Axes of bones stay orthonormal.
        """
        scale = float(np.cbrt(np.linalg.det(change[:3, :3])))
        turn = change[:3, :3] / scale

        def changed(matrices: Floats) -> Floats:
            result = matrices.copy()
            result[..., :3, :3] = turn @ matrices[..., :3, :3]
            result[..., :3, 3] = matrices[..., :3, 3] @ (scale * turn).T
            return result

        node = self.node.copy()
        node[:3, :3] = node[:3, :3] @ turn.T
        node[:3, 3] *= scale
        return self.replace(
            lengths=self.lengths * scale, rest=changed(self.rest), poses=changed(self.poses), node=node
        )

    def basis(self, rest: Floats) -> tuple[Floats, Floats, Floats]:
        """What a pose bone's channels hold: location (T, B, 3), rotation (T, B, 4) and scale (T, B, 3).

        Args:
            rest: (B, 4, 4) as Blender holds it, which differs from `self.rest` by rounding.

        **Convention**: with P for poses and R for rest, the channels of bone j under c are
        (R_c^-1 R_j)^-1 P_c^-1 P_j. Rotations are w, x, y, z and sign-continuous.
        """
        at_rest, posed = np.array(rest, np.float64), self.poses.astype(np.float64)
        for bone, parent in reversed(list(enumerate(self.parents))):
            if parent >= 0:
                at_rest[bone] = np.linalg.solve(rest[parent], rest[bone])
                posed[:, bone] = np.linalg.solve(posed[:, parent], posed[:, bone])
        channels = np.linalg.solve(at_rest[None], posed)
        scale = np.linalg.norm(channels[..., :3, :3], axis=-2)
        rotation = quaternion_from_matrix(channels[..., :3, :3] / scale[..., None, :])
        return channels[..., :3, 3], sign_continuous(rotation), scale


def with_bones(
    take: RigTake, names: Sequence[str], parents: Sequence[str], followed: Sequence[str]
) -> RigTake:
    """The take with further bones, each lying on another bone and following it; "" for no parent.

    A bone that is there already keeps its place in the skeleton and follows.
    """
    bones, rows = list(take.bones), list(take.parents)
    lengths, rest, poses = list(take.lengths), list(take.rest), list(np.moveaxis(take.poses, 1, 0))
    for name, parent, leader in zip(names, parents, followed, strict=True):
        led = bones.index(leader) if leader else -1
        at, moving = (rest[led], poses[led]) if leader else (np.eye(4), np.tile(np.eye(4), (len(take), 1, 1)))
        if name in bones:
            here = bones.index(name)
            poses[here] = moving @ np.linalg.solve(at, rest[here])
            continue
        bones.append(name)
        rows.append(bones.index(parent) if parent else -1)
        lengths.append(lengths[led] if leader else max(lengths))
        rest.append(at)
        poses.append(moving)
    return take.replace(
        bones=tuple(bones),
        parents=tuple(rows),
        lengths=np.array(lengths),
        rest=np.array(rest),
        poses=np.stack(poses, axis=1),
    )


def save_takes(path: str | os.PathLike[str], takes: Sequence[RigTake]) -> None:
    """Write takes for another process; `load_takes` reads them."""
    arrays: dict[str, Any] = {"count": len(takes)}
    for number, take in enumerate(takes):
        about = {
            "name": take.name,
            "action": take.action,
            "bones": take.bones,
            "parents": take.parents,
            "first": take.first,
            "fps": [take.fps.numerator, take.fps.denominator],
        }
        arrays[f"about{number}"] = json.dumps(about)
        arrays |= {f"{key}{number}": getattr(take, key) for key in ("lengths", "rest", "poses", "node")}
    np.savez(path, **arrays)


def load_takes(path: str | os.PathLike[str]) -> list[RigTake]:
    """Read what `save_takes` wrote."""
    takes = []
    with np.load(path, allow_pickle=False) as arrays:
        for number in range(int(arrays["count"])):
            about = json.loads(str(arrays[f"about{number}"]))
            about |= {"fps": Fraction(*about["fps"])}
            about |= {key: tuple(about[key]) for key in ("bones", "parents")}
            about |= {key: arrays[f"{key}{number}"] for key in ("lengths", "rest", "poses", "node")}
            takes.append(RigTake(**about))
    return takes
