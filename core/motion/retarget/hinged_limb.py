"""A limb as IK sees it: a hinge between two bones, in a plane that turns about the line from root to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rotations import quaternion_from_matrix

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

# How far knee or elbow may leave its place, in lengths of the limb, to keep the captured hinge.
_LEEWAY = 0.008
_AT_REST = 1e-4  # the same for the rest pose, whose own bend a solver starts from; what is less is no bend


@dataclass(frozen=True, eq=False)
class HingedLimb:
    """A limb over T frames that bends as a hinge only, its ends where they were given.

    Attributes:
        upper, lower: (T, 4) the turns of its two bones from rest.
        planes: (T, 3, 3) axes as columns: x about which it bends, y from root to end, z = x cross y, which
            looks away from the middle joint. feet: (T, 3) on that line, beside the middle joint, metres.
        rest_plane, rest_foot: the same at rest, (3, 3) and (3,).

    **Convention**: the world; quaternions w, x, y, z.
    """

    upper: Array
    lower: Array
    planes: Array
    feet: Array
    rest_plane: Array
    rest_foot: Array

    def beside(self, rest: Floats) -> Array:
        """(T, 3) where a point (3,) of the rest pose is that turns with the plane, beside its middle."""
        across = (self.rest_plane.T @ (rest - self.rest_foot)) * [1.0, 0.0, 1.0]
        return self.feet + self.planes @ across


def hinged_limb(rest: Floats, rest_hinge: Floats, joints: Floats, hinge: Floats) -> HingedLimb:
    """The limb that is hinged and comes nearest to one whose bones turn freely.

    Root and end stay. The bend tells its plane, but less and less the straighter the limb is: the plane is
    turned towards the hinge as far as moves the middle joint by a small share of the limb's length.

    Args:
        rest: (3, 3) root, middle and end joint at rest, metres. rest_hinge: (3,) about which it bends.
        joints: (T, 3, 3) the same joints over time. hinge: (T, 3) the hinge as the upper bone takes it along.
    """
    rest_plane, rest_foot = _plane(rest[None], rest_hinge[None], _AT_REST)
    planes, feet = _plane(joints, hinge, _LEEWAY)
    root, middle, end = np.moveaxis(np.asarray(joints, dtype=np.float64), 1, 0)
    placed = feet - _length(middle - feet) * planes[..., 2]
    rest_x, x = rest_plane[..., 0], planes[..., 0]
    at_rest = [_axes(rest_x, way[None]) for way in np.diff(rest, axis=0)]
    upper, lower = _axes(x, placed - root), _axes(x, end - placed)
    return HingedLimb(
        upper=quaternion_from_matrix(upper @ np.swapaxes(at_rest[0], -1, -2)),
        lower=quaternion_from_matrix(lower @ np.swapaxes(at_rest[1], -1, -2)),
        planes=planes,
        feet=feet,
        rest_plane=rest_plane[0],
        rest_foot=rest_foot[0],
    )


def _plane(joints: Floats, hinge: Floats, leeway: float) -> tuple[Array, Array]:
    """The planes (T, 3, 3) that limbs bend in, and the points (T, 3) beside their middle joints."""
    root, middle, end = np.moveaxis(np.asarray(joints, dtype=np.float64), 1, 0)
    upper, lower = middle - root, end - middle
    line = _unit(end - root)
    hinge = _unit(hinge - _dot(hinge, line) * line)
    # A trace of the hinge, for limbs so straight that nothing else is left.
    bend = _unit(np.cross(upper, lower) + 1e-9 * hinge)
    beside = np.cross(line, bend)
    foot = root + _dot(upper, line) * line
    angle = np.arctan2(_dot(beside, hinge), _dot(bend, hinge))
    most = leeway * (_length(upper) + _length(lower)) / _length(middle - foot)
    angle = np.clip(angle, -most, most)
    x = np.cos(angle) * bend + np.sin(angle) * beside
    return np.stack([x, line, np.cross(x, line)], axis=-1), foot


def _axes(x: Array, along: Array) -> Array:
    """(T, 3, 3) axes with x as given and y along a bone."""
    y = _unit(along - _dot(along, x) * x)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _dot(first: Floats, second: Floats) -> Array:
    return np.sum(first * second, axis=-1, keepdims=True)


def _length(vectors: Array) -> Array:
    return np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _unit(vectors: Array) -> Array:
    return vectors / _length(vectors)
