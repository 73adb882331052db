"""Keyed bones and what they take along: where everything is, without asking Blender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_rotate
from .skeleton import Skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Posed:
    """T frames of a skeleton some of whose bones are turned and moved in the world.

    Attributes:
        turns: bone -> (T, 4) turn from rest. heads: bone -> (T, 3) metres, for bones that are moved too.
        carriers: bone -> the bone that takes it along rigidly; None is the armature object, which stands
            still. Bones that are not in it hang from their parent. frames: T.

    **Convention**: the skeleton's world; axes(t) = turn(t) axes(rest); quaternions w, x, y, z.
    """

    skeleton: Skeleton
    turns: dict[str, Floats]
    heads: dict[str, Floats]
    carriers: Mapping[str, str | None]
    frames: int
    _known: dict[str, Array] = field(default_factory=dict)

    def changed(
        self, turns: Mapping[str, Floats] | None = None, heads: Mapping[str, Floats] | None = None
    ) -> Posed:
        """The same with some bones turned or moved otherwise."""
        turned, moved = {**self.turns, **(turns or {})}, {**self.heads, **(heads or {})}
        return Posed(self.skeleton, turned, moved, self.carriers, self.frames)

    def carrier(self, bone: str) -> str | None:
        """The nearest bone that takes `bone` along and is turned itself; None where the object does."""
        above = self._above(bone)
        while above is not None and above not in self.turns:
            above = self._above(above)
        return above

    def _above(self, bone: str) -> str | None:
        if bone in self.carriers:
            return self.carriers[bone]
        parent = self.skeleton.parents[self.skeleton.index[bone]]
        return None if parent < 0 else self.skeleton.names[parent]

    def turn(self, bone: str | None) -> Array:
        """(T, 4) how a bone is turned from its rest, by itself or by what carries it."""
        while bone is not None and bone not in self.turns:
            bone = self.carrier(bone)
        if bone is None:
            return np.broadcast_to([1.0, 0.0, 0.0, 0.0], (self.frames, 4))
        return np.asarray(self.turns[bone], dtype=np.float64)

    def head(self, bone: str) -> Array:
        """(T, 3) where the head of a bone is, metres."""
        if bone not in self._known:
            moved = self.heads.get(bone)
            self._known[bone] = self.left_alone(bone) if moved is None else np.asarray(moved, np.float64)
        return self._known[bone]

    def left_alone(self, bone: str) -> Array:
        """(T, 3) where the head of a bone would be if the bone were not moved itself."""
        return self.point(self.carrier(bone), self.rest(bone))

    def point(self, bone: str | None, rest: Floats) -> Array:
        """(T, 3) where a point (3,) of the rest pose is that hangs from `bone`, or from the object."""
        if bone is None:
            return np.broadcast_to(np.asarray(rest, dtype=np.float64), (self.frames, 3))
        return self.head(bone) + quaternion_rotate(self.turn(bone), rest - self.rest(bone))

    def rest(self, bone: str) -> Array:
        """(3,) where the head of a bone is at rest, metres."""
        return np.asarray(self.skeleton.heads[self.skeleton.index[bone]], dtype=np.float64)
