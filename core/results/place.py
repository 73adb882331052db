"""People of another system's result, put into one world, on a floor and right way up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.body import BodyTemplate, free_body
from ..motion.clip import Camera, MotionClip
from ..motion.files.every_frame import fill_frames
from ..motion.files.floor import on_floor, sole_level
from ..motion.files.other_bodies import Wearer, wearer
from ..motion.rotations import (
    quaternion_conjugate,
    quaternion_from_matrix,
    quaternion_multiply,
    quaternion_rotate,
    quaternion_to_matrix,
)
from ..motion.spaces import move_clip
from ..motion.timing import frame_times
from .people import Found, Person, View

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

ALONE = "{} and {} are never seen together, so that how they stand to each other is not known."


def place_found(found: Found, source: str, fps: Fraction, body: BodyTemplate | None) -> list[MotionClip]:
    """One clip for each person, in "blender" space, standing on the floor; people keep their distances.

    The first one begins at the origin.

    Args:
        source: name of the file. body: the user's SMPL body; None is the free body.

    Raises MotionTooLarge where frame numbers lie too far apart.
    """
    placed = [_Placed.of(person, wearer(person.family, person.betas, body)) for person in found.people]
    clips = [one.clip(source, fps) for one in placed]
    if clips and clips[0].space == "world_yup":
        together = [on_floor(clip) for clip in _one_world(placed, clips)]
        start = -together[0].root[0] * [1.0, 1.0, 0.0]
        return [move_clip(clip, np.eye(3), start) for clip in together]
    return _on_ground(clips, found)


@dataclass(frozen=True, eq=False)
class _Placed:
    """A person with the turn (T, 4) and the pelvis (T, 3), metres, of each view."""

    person: Person
    worn: Wearer
    views: tuple[tuple[Array, Array], ...]

    @classmethod
    def of(cls, person: Person, worn: Wearer) -> _Placed:
        return cls(person, worn, tuple(_pelvis(view, worn) for view in person.views))

    def clip(self, source: str, fps: Fraction) -> MotionClip:
        person, (orient, root) = self.person, self.views[0]
        turns = np.concatenate([orient[:, None], person.body[:, 1:]], axis=1)
        full = fill_frames(turns, root, person.frames, source, person.seen)
        space = person.views[0].space
        return self.worn.clip(
            full.rotations, full.root, fps, space, source, full.frames, full.valid, person.track
        )

    def camera(self, row: int) -> tuple[Array, Array]:
        """Turn (4,) of the filming camera in this person's world at a row of theirs, and where it stands."""
        (world_turn, world_root), (turn, root) = (
            tuple(part[row] for part in view) for view in self.views[:2]
        )
        there = quaternion_multiply(world_turn, quaternion_conjugate(turn))
        return there, world_root - quaternion_rotate(there, root)


def _pelvis(view: View, worn: Wearer) -> tuple[Array, Array]:
    """(T, 4) and (T, 3) metres: how the body is turned and where its pelvis joint is, in the view's space.

    **Convention**: SMPL's translation is added to the body at rest, which turns about its pelvis: the pelvis
    is at ``place + J0``. The middle of the hips turns with the body.
    """
    orient = np.asarray(view.orient, np.float64)
    if view.hips:
        rest = worn.rest_joints
        root = view.place + quaternion_rotate(orient, rest[0] - (rest[1] + rest[2]) / 2.0)
    else:
        root = view.place + worn.pelvis
    if view.camera is None:
        return orient, root
    turn, shift = view.camera[:, :, :3], view.camera[:, :, 3]
    orient = quaternion_multiply(quaternion_from_matrix(turn), orient)
    return orient, np.einsum("tij,tj->ti", turn, root) + shift


def _one_world(placed: Sequence[_Placed], clips: list[MotionClip]) -> list[MotionClip]:
    """The clips in the world of the one who is seen longest, about the camera that filmed them all.

    Every person's world has its own origin and heading; gravity is the same.
    """
    first = int(np.argmax([len(one.person.frames) for one in placed]))
    together = []
    for one, clip in zip(placed, clips, strict=True):
        _, there, here = np.intersect1d(placed[first].person.frames, one.person.frames, return_indices=True)
        if one is placed[first] or len(one.views) < 2 or len(placed[first].views) < 2:
            together.append(clip)
            continue
        if not len(there):
            note = ALONE.format(f"Person {placed[first].person.track}", f"person {one.person.track}")
            together.append(clip.replace(notes=(*clip.notes, note)))
            continue
        middle = len(there) // 2
        theirs, own = placed[first].camera(int(there[middle])), one.camera(int(here[middle]))
        turn = _about_y(quaternion_multiply(theirs[0], quaternion_conjugate(own[0])))
        shift = theirs[1] - turn @ own[1]
        together.append(move_clip(clip, turn, shift * [1.0, 0.0, 1.0]))
    return together


def _about_y(turn: Array) -> Array:
    """(3, 3) the part of a turn (4,) that is about the vertical of a y-up world."""
    return quaternion_to_matrix(turn * [1.0, 0.0, 1.0, 0.0])


def _on_ground(clips: list[MotionClip], found: Found) -> list[MotionClip]:
    """Clips before a camera, in the world that they stand upright in; the camera comes along."""
    if not clips:
        return []
    from ..world.body_points import BodyPoints  # scipy stands behind them
    from ..world.ground import find_ground
    from ..world.place import level_axes
    from ..world.stances import Walker

    points = BodyPoints.of(free_body())
    walkers = [
        Walker(
            points.posed(clip.rotations, np.zeros(10)),
            clip.root.astype(np.float64),
            clip.valid,
            frame_times(clip.fps, clip.frames - clip.frames[0]),
        )
        for clip in clips
    ]
    ground, _ = find_ground(walkers)
    turn, lens = level_axes(ground.up), found.lens
    below = turn @ clips[0].root[int(np.argmax(clips[0].valid))]
    shift = np.array([-below[0], ground.height, -below[2]])
    if lens is not None:
        camera = Camera(lens.focal_px, lens.width, lens.height, np.eye(3), np.zeros(3))
        clips = [clip.replace(camera=camera) for clip in clips]
    level = [move_clip(clip, turn, shift).replace(space="world_yup") for clip in clips]
    # The first one's floor is everyone's, and the camera's; what others are off it is an error of distance.
    down = np.array([0.0, -sole_level(level[0]), 0.0])
    return [on_floor(move_clip(clip, np.eye(3), down)) for clip in level]
