"""From poses in front of a camera to people on a floor: metres, gravity up, one shared camera (method
sections 10.2 to 10.4).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..motion.body import BodyTemplate
from ..motion.clip import Camera, MotionClip
from ..motion.rotations import quaternion_from_matrix
from ..motion.smoothing import smooth_positions
from ..motion.spaces import move_clip
from ..motion.timing import frame_times
from .body_points import BodyPoints, PosedPoints
from .gaps import fill_rotations, hold_positions, solved_runs
from .ground import find_ground
from .path import Ground, Steps, solve_path
from .prediction import TrackPrediction
from .stances import Walker, standing_contacts
from .translation import Placement, default_focal_px, depth_from_crop, place_frames

Array = NDArray[np.float64]

HEIGHT_RANGE = (0.3, 3.0)  # metres that a person may measure
FOOT_SMOOTHING = 2.0 / 30.0  # seconds; a pelvis held to a foot that trembles would tremble with it
_GROUND_ROUNDS = 3  # contacts decide the path, the path decides the contacts


class BadHeight(InputError):
    code = "world.bad_height"


class BadFocalLength(InputError):
    code = "world.bad_focal_length"


def place_people(
    predictions: Sequence[TrackPrediction],
    body: BodyTemplate | BodyPoints,
    width: int,
    height: int,
    focal_px: float | None = None,
    height_m: float | None = None,
) -> list[MotionClip]:
    """Clips in "world_yup", one per prediction: one camera, one gravity, one floor and one scale for all.

    Args:
        predictions: people of one shot of a static camera; the first one stands at the origin. How large each
            is against the others is what their shapes say.
        body: the body that the rotations and betas belong to.
        width, height: size of the upright image in pixels.
        focal_px: focal length in pixels; the image diagonal when unknown.
        height_m: the first person's height in metres, when known. It scales bodies, paths and the camera
            together and so leaves the picture unchanged.

    Raises BadHeight and BadFocalLength for numbers no person and no lens can have.

    **Convention**: y up, the floor at y = 0, the origin on the floor under the first person's pelvis in their
    first valid frame. The heading is kept: the camera looks along -z (apart from its pitch), so that someone
    who faces it faces +z, and -y in Blender.
    """
    if not predictions:
        return []
    focal = _checked_focal(focal_px, width, height)
    _check_height(height_m)
    points = body if isinstance(body, BodyPoints) else BodyPoints.of(body)
    people = [_Person.of(prediction.contiguous(), points, focal, width, height) for prediction in predictions]
    ground, above = find_ground([person.walker() for person in people])
    contacts = [
        standing_contacts(person.walker(), ground, float(gap))
        for person, gap in zip(people, above, strict=True)
    ]
    for _ in range(_GROUND_ROUNDS):
        people = [person.walked(ground, on) for person, on in zip(people, contacts, strict=True)]
        contacts = [standing_contacts(person.walker(), ground) for person in people]
    scale = 1.0 if height_m is None else height_m / points.height(people[0].betas)
    camera = Camera(focal, width, height, np.eye(3), np.zeros(3))
    turn, shift = _world_from_camera(ground, scale, people[0])
    clips = [person.clip(points, camera, on, scale) for person, on in zip(people, contacts, strict=True)]
    return [move_clip(clip, turn, shift).replace(space="world_yup") for clip in clips]


@dataclass(frozen=True, eq=False)
class _Person:
    """One person on the way through `place_people`, in camera space.

    rotations (T, 24, 4) with gaps filled; betas (10,); points posed about the pelvis; root (T, 3) metres.
    """

    prediction: TrackPrediction
    rotations: Array
    betas: Array
    points: PosedPoints
    placement: Placement
    root: Array

    @classmethod
    def of(
        cls, prediction: TrackPrediction, body: BodyPoints, focal: float, width: int, height: int
    ) -> _Person:
        valid, fps = _some_valid(prediction.valid), prediction.fps
        rotations = fill_rotations(quaternion_from_matrix(prediction.rotations), valid, fps)
        betas = track_betas(prediction.betas, valid)
        points = body.posed(rotations, betas)
        crop = None
        if prediction.cam is not None and prediction.boxes is not None:
            crop = depth_from_crop(prediction.cam, prediction.boxes, focal)
        visibility = prediction.visibility * valid[:, None]
        placement = place_frames(points.landmarks, prediction.image, visibility, focal, width, height, crop)
        person = cls(prediction, rotations, betas, points, placement, placement.root)
        return person.walked(None, None)

    def walker(self) -> Walker:
        times = frame_times(self.prediction.fps, self.prediction.frames - self.prediction.frames[0])
        return Walker(self.points, self.root, _some_valid(self.prediction.valid), times)

    def walked(self, ground: Ground | None, contacts: NDArray[np.float32] | None) -> _Person:
        """The person with the path solved anew, on the floor where there is one."""
        valid, fps = _some_valid(self.prediction.valid), self.prediction.fps
        steps = None
        if ground is not None and contacts is not None:
            walker, sigma = self.walker(), FOOT_SMOOTHING * float(fps)
            lowest = smooth_positions(walker.lowest_soles(ground.up), sigma)
            places, middles = lowest + walker.root[:, None], smooth_positions(walker.middle_soles, sigma)
            heights = places @ ground.up + ground.height
            steps = Steps(contacts, lowest, ground.level_under(places), heights, middles, ground)
        root = np.array(self.placement.root)
        for start, stop in solved_runs(valid, fps):
            part = slice(start, stop)
            root[part] = solve_path(self.placement.part(part), float(fps), steps and steps.part(part))
        return dataclasses.replace(self, root=hold_positions(root, valid, fps))

    def clip(self, body: BodyPoints, camera: Camera, contacts: ArrayLike, scale: float) -> MotionClip:
        """The clip in camera space, `scale` times as large."""
        given = self.prediction
        return MotionClip(
            rotations=self.rotations,
            root=self.root * scale,
            betas=self.betas,
            rest_joints=body.rest_joints(self.betas) * scale,
            body_scale=scale,
            fps=given.fps,
            frames=np.asarray(given.frames),
            valid=given.valid,
            contacts=np.asarray(contacts),
            camera=camera,
            space="camera_cv",
            track=given.track,
            source=given.source,
            notes=given.notes,
        )


def track_betas(betas: ArrayLike, valid: ArrayLike) -> Array:
    """(10,) one shape for a whole track: the median of betas (T, 10) over its valid frames."""
    return np.median(np.asarray(betas, dtype=np.float64)[np.asarray(valid, dtype=bool)], axis=0)


def _some_valid(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The valid frames, or all when there is none to tell them from."""
    seen = np.asarray(valid, dtype=bool)
    return seen if seen.any() else np.ones(len(seen), dtype=bool)


def level_axes(up: Array) -> Array:
    """(3, 3) rotation from camera space into a level world; `up` (3,) is the direction against gravity.

    **Convention**: camera x right, y down, z forward; world y up, and the camera looks along -z.
    """
    ahead: Array = np.array([0.0, 0.0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:  # looking straight down: the top of the picture is ahead
        ahead = np.array([0.0, -1.0, 0.0]) - -up[1] * up
    ahead /= np.linalg.norm(ahead)
    return np.stack([np.cross(ahead, up), up, -ahead])


def _world_from_camera(ground: Ground, scale: float, first: _Person) -> tuple[Array, Array]:
    """Rotation and translation from camera space (already `scale` times as large) into the world."""
    turn = level_axes(ground.up)
    start = int(np.argmax(_some_valid(first.prediction.valid)))
    below = turn @ first.root[start] * scale
    return turn, np.array([-below[0], ground.height * scale, -below[2]])


def _checked_focal(focal_px: float | None, width: int, height: int) -> float:
    if focal_px is None:
        return default_focal_px(width, height)
    if not (np.isfinite(focal_px) and 0.05 * max(width, height) < focal_px < 100 * max(width, height)):
        raise BadFocalLength(
            f"A focal length of {focal_px:g} px does not fit an image of {width} x {height}: "
            "give it in pixels of the video, or leave it out."
        )
    return float(focal_px)


def _check_height(height_m: float | None) -> None:
    low, high = HEIGHT_RANGE
    if height_m is not None and not (np.isfinite(height_m) and low <= height_m <= high):
        raise BadHeight(
            f"A height of {height_m:g} m is not between {low} and {high}: "
            "give the person's height in metres, such as 1.75."
        )
