"""A rig at rest as arrays: what retargeting has to know of a source and of a target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Skeleton:
    """An armature at rest, with its object's transform in it.

    Attributes:
        names: (B) bone names, parents before children. parents: (B) index of each bone's parent, -1 without.
        heads, tails: (B, 3) metres. axes: (B, 3, 3) rest axes as columns, orthonormal.
        origin: (3,) where the armature object's origin lies, metres.

    **Convention**: the scene's world, Blender's axes, z up, as the object stands when it is read; a bone's
    own y runs from its head to its tail. Non-uniform scale is not represented.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: Floats
    tails: Floats
    axes: Floats
    origin: Floats

    @cached_property
    def index(self) -> dict[str, int]:
        """Bone name -> its row."""
        return {name: row for row, name in enumerate(self.names)}
