"""Another focal length for a finished capture: everybody looks as before, and stands elsewhere.

A picture does not tell a long lens from a near camera. With f' in place of f a person of the same size stands
f' / f times as far away, and is seen along another ray: the body turns with that ray, so that the camera sees
it from the side from which it did. The floor is found again from the feet that stand on it, and the people
are settled on it along their lines of sight.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clip import Camera, MotionClip
from .contacts import FOOT_JOINTS
from .kinematics import forward_kinematics
from .level import fit_level, unit
from .rotations import quaternion_from_matrix, quaternion_multiply
from .settle import slide_along_sight

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

LEAN_SPREAD = np.radians(3.0)  # how far a person's lean may change; decides where feet do not
FOOT_SPREAD, FOOT_DEPTH_SHARE = 0.03, 0.02  # metres of a foot off its floor; its error along its ray
_ROUNDS = 3  # the floor decides where people stand, and where they stand decides the floor
_FORGIVING = 0.1  # change of the focal length's logarithm from which feet may no longer slide as they did
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, eq=False)
class Sight:
    """One person as a camera sees them: in the camera's own axes, metres.

    root (T, 3); rotations (T, 24, 4), of which rotation 0 turns into the camera's axes.

    **Convention**: x right, y down, z forward (OpenCV).
    """

    root: Array
    rotations: Array

    @classmethod
    def of(cls, clip: MotionClip, camera: Camera) -> Sight:
        """The person of a clip before a camera that is posed in the clip's space."""
        root = clip.root.astype(np.float64) @ camera.rotation.T + camera.translation
        return cls(root, turned(clip.rotations, camera.rotation))

    def refocused(self, ratio: ArrayLike) -> tuple[Sight, Array]:
        """What a camera of `ratio` times the focal length must have seen, to take the same pictures.

        The pelvis keeps its pixel exactly and the body its apparent size; joints away from the pelvis move
        by what perspective changes within a body.

        Args:
            ratio: f' / f, one number or (T,).

        Returns:
            the person, and (T, 3, 3) how the body turned.
        """
        root = self.root.copy()
        root[:, 2] *= np.asarray(ratio, np.float64)
        turns = turns_between(self.root, root)
        return Sight(root, turned(self.rotations, turns)), turns


def turned(rotations: ArrayLike, turn: ArrayLike) -> Array:
    """Rotations (T, 24, 4) with the body turned by rotation matrices (3, 3) or (T, 3, 3), from the left."""
    result = np.array(rotations, dtype=np.float64)
    result[:, 0] = quaternion_multiply(quaternion_from_matrix(turn), result[:, 0])
    return result


def turns_between(first: ArrayLike, second: ArrayLike) -> Array:
    """(..., 3, 3) the least rotations that take directions (..., 3) onto others, less than 180 degrees apart.

    **Convention**: column vectors. With c the cosine and K the cross product's matrix, R = 1 + K + K^2/(1+c).
    """
    a, b = unit(first), unit(second)
    x, y, z = np.moveaxis(np.cross(a, b), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    cosine = np.sum(a * b, axis=-1)[..., None, None]
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)


def change_focal(clips: Sequence[MotionClip], focal_px: float) -> list[MotionClip]:
    """Clips of one capture as if its camera had had another focal length.

    Sizes and heading are kept, and so is the place on the floor of the first clip's first seen frame. The
    camera's tilt and height are found anew. Clips that no camera filmed are returned as they are.

    Args:
        clips: in "blender" space, with one shared camera.
        focal_px: pixels of the upright image.

    **Convention**: z up, the floor at z = 0, metres; the camera's own axes are OpenCV's.
    """
    camera = next((clip.camera for clip in clips if clip.camera is not None), None)
    if camera is None or camera.focal_px == focal_px:
        return list(clips)
    ratio = focal_px / camera.focal_px
    floor = _Floor(camera.rotation @ _UP, float(camera.position[2]))
    people = [_Walk.of(clip, camera, floor, ratio) for clip in clips]
    floor = _found_again(people, floor, ratio)
    if any(walk.stands for walk in people):
        for _ in range(_ROUNDS):
            people = [walk.settled(floor) for walk in people]
            floor = _found_again(people, floor, ratio)
    turn = _world_axes(camera, floor.up)
    first = int(np.argmax(seen_frames(clips[0])))
    shift = clips[0].root[first] - turn @ people[0].sight.root[first]
    shift[2] = floor.height
    moved = Camera(focal_px, camera.width, camera.height, turn.T, -turn.T @ shift)
    return [
        clip.replace(
            root=walk.sight.root @ turn.T + shift, rotations=turned(walk.sight.rotations, turn), camera=moved
        )
        for clip, walk in zip(clips, people, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Floor:
    """The floor in the camera's axes: up (3,), and the camera's height above it in metres."""

    up: Floats
    height: float

    def above(self, points: Floats) -> Array:
        return points @ self.up + self.height


@dataclass(frozen=True, eq=False)
class _Walk:
    """One person on the way to their new place.

    feet (T, 4, 3) about the pelvis; heights (T, 4) that they have above the floor, and slides (T, 4, 3) the
    way they have slid since the first frame, both as in the capture; likely_up (3,) keeps the person's lean.
    """

    sight: Sight
    feet: Array
    heights: Array
    slides: Array
    likely_up: Floats
    contacts: Floats
    joined: NDArray[np.bool_]
    fps: float

    @classmethod
    def of(cls, clip: MotionClip, camera: Camera, floor: _Floor, ratio: float) -> _Walk:
        old = Sight.of(clip, camera)
        new, turns = old.refocused(ratio)
        seen = seen_frames(clip)
        joints, _ = forward_kinematics(old.rotations, old.root, clip.rest_joints)
        places = joints[:, FOOT_JOINTS]
        # The same focal length must change nothing, and a slightly different one little: feet may then slide
        # as they did. What slid because the focal length was wrong is not to slide any more.
        kept = max(0.0, 1.0 - abs(np.log(ratio)) / _FORGIVING)
        steps = np.einsum("tij,tpj->tpi", turns[1:], np.diff(places, axis=0)) * kept
        return cls(
            sight=new,
            feet=np.einsum("tij,tpj->tpi", turns, places - old.root[:, None]),
            heights=floor.above(places),
            slides=np.concatenate([np.zeros((1, *places.shape[1:])), np.cumsum(steps, axis=0)]),
            likely_up=np.mean(turns[seen] @ floor.up, axis=0),
            contacts=clip.contacts * seen[:, None],
            joined=np.diff(clip.frames) == 1,
            fps=float(clip.fps),
        )

    @property
    def stands(self) -> bool:
        return bool(np.any(self.contacts > 0.5))

    @property
    def places(self) -> Array:
        """(T, 4, 3) where the feet are."""
        return self.feet + self.sight.root[:, None]

    def settled(self, floor: _Floor) -> _Walk:
        above = floor.above(self.places) - self.heights
        root = slide_along_sight(
            self.sight.root, self.feet - self.slides, self.contacts, above, floor.up, self.joined, self.fps
        )
        return dataclasses.replace(self, sight=Sight(root, self.sight.rotations))


def _found_again(people: Sequence[_Walk], floor: _Floor, ratio: float) -> _Floor:
    """The floor above which feet in contact keep the heights they had, while people keep their lean.

    Heights are kept, not made zero: a foot on a box stays on its box. Where nobody stands there is only the
    old floor with its depth stretched, on which the horizon stays where it was in the picture.
    """
    if not any(walk.stands for walk in people):
        normal = floor.up * np.array([1.0, 1.0, 1.0 / ratio])
        length = float(np.linalg.norm(normal))
        return _Floor(normal / length, floor.height / length)
    places = np.concatenate([walk.places.reshape(-1, 3) for walk in people])
    weights = np.concatenate([walk.contacts.ravel() for walk in people])
    heights = np.concatenate([walk.heights.ravel() for walk in people])
    likely = unit(np.sum([walk.likely_up for walk in people], axis=0))
    spreads = np.hypot(FOOT_SPREAD, FOOT_DEPTH_SHARE * (places @ likely))
    return _Floor(*fit_level(places, weights, spreads, likely, LEAN_SPREAD, heights))


def _world_axes(camera: Camera, up: Floats) -> Array:
    """(3, 3) from the axes of a camera that finds gravity against `up` into the world, its heading kept."""
    old, new = _ahead(camera.rotation @ _UP), _ahead(up)
    there = camera.rotation.T @ old
    world = np.stack([there, np.cross(_UP, there), _UP], axis=1)
    return world @ np.stack([new, np.cross(up, new), up])


def _ahead(up: Floats) -> Array:
    """(3,) the level direction in which a camera looks, in its own axes; looking straight down, its top."""
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:
        ahead = np.array([0.0, -1.0, 0.0]) + up[1] * up
    return unit(ahead)


def seen_frames(clip: MotionClip) -> NDArray[np.bool_]:
    """(T,) the valid frames, or all when there is none to tell them from."""
    return clip.valid if clip.valid.any() else np.ones(len(clip), dtype=bool)
