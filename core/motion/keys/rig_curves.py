"""The curves of a rig as Blender keys them, and where they put its bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..rotations import normalized, quaternion_to_matrix
from .euler import quaternion_from_euler

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RigCurves:
    """Dense curves of B bones over T frames.

    Attributes:
        times: (T,) scene frames, increasing.
        rotations: (T, B, 4) quaternions w, x, y, z, or (T, B, 3) Euler angles in radians, continuous.
        locations: (T, B, 3) scene units in the bones' rest axes; zero for bones that only turn.
        mode: "QUATERNION" or the Euler order.
        metre: in scene units.
        parents: (B,) index of each bone's parent, which comes before it; -1 for none.
        rest_turns: (B, 3, 3) and rest_offsets: (B, 3) scene units: rest axes and head, in the parent's axes.
        ends: bones whose heads must stay within the bound in millimetres.

    **Convention**: Blender's. A bone's pose is parent pose, rest in the parent, location, rotation, from the
    left; quaternions are interpolated by component and normalised, Euler angles by component.
    """

    times: Array
    rotations: Array
    locations: Array
    mode: str
    metre: float
    parents: tuple[int, ...]
    rest_turns: Array
    rest_offsets: Array
    ends: tuple[int, ...]

    @property
    def values(self) -> Array:
        """(T, B, C) all curves of each bone: its rotation's and its location's."""
        return np.concatenate([self.rotations, self.locations], axis=-1)

    def split(self, values: Array) -> tuple[Array, Array]:
        """Unit quaternions (T, B, 4) and locations (T, B, 3) out of (T, B, C) values."""
        turns, locations = values[..., :-3], values[..., -3:]
        if self.mode == "QUATERNION":
            return normalized(turns), locations
        return quaternion_from_euler(turns, self.mode), locations

    def pose(self, turns: Array, locations: Array) -> tuple[Array, Array]:
        """Heads (T, B, 3), scene units, and axes (T, B, 3, 3) of the bones in armature space.

        Args:
            turns: (T, B, 4) quaternions. locations: (T, B, 3) scene units.
        """
        local = quaternion_to_matrix(turns)
        poses, heads = np.empty_like(local), np.empty_like(locations)
        for bone, parent in enumerate(self.parents):
            offset = self.rest_offsets[bone] + locations[:, bone] @ self.rest_turns[bone].T
            turn = self.rest_turns[bone] @ local[:, bone]
            if parent < 0:
                heads[:, bone], poses[:, bone] = offset, turn
            else:
                heads[:, bone] = heads[:, parent] + np.einsum("tij,tj->ti", poses[:, parent], offset)
                poses[:, bone] = poses[:, parent] @ turn
        return heads, poses

    def chain(self, bone: int) -> list[int]:
        """The bones that move a bone's head: itself, for its location, and all above it."""
        result = []
        while bone >= 0:
            result.append(bone)
            bone = self.parents[bone]
        return result
