"""A made-up body and people who walk before a known camera: truth for the world stage."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from reel2rig.core.motion.clip import Camera
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.world.body_points import BodyPoints
from reel2rig.core.world.prediction import TrackPrediction

LEG, SHIN, FOOT = 0.42, 0.42, 0.07
REST = {
    "Pelvis": (0, 0, 0),
    "L_Hip": (0.09, -0.06, 0),
    "Spine1": (0, 0.11, 0),
    "L_Knee": (0.09, -0.06 - LEG, 0),
    "Spine2": (0, 0.24, 0),
    "L_Ankle": (0.09, -0.06 - LEG - SHIN, 0),
    "Spine3": (0, 0.3, 0),
    "L_Foot": (0.09, -0.06 - LEG - SHIN - 0.05, 0.12),
    "Neck": (0, 0.5, 0),
    "L_Collar": (0.07, 0.42, 0),
    "Head": (0, 0.58, 0.01),
    "L_Shoulder": (0.17, 0.42, 0),
    "L_Elbow": (0.43, 0.42, 0),
    "L_Wrist": (0.68, 0.42, 0),
    "L_Hand": (0.76, 0.42, 0),
}
LANDMARK_JOINTS = [15] * 11 + [16, 17, 18, 19, 20, 21] + [20, 21] * 3 + [1, 2, 4, 5, 7, 8, 7, 8, 10, 11]


@pytest.fixture(scope="session")
def body() -> BodyPoints:
    """A body of 1.6 m; the first beta makes it larger all over, the second makes its legs longer."""
    joints = np.zeros((24, 3))
    for name, place in REST.items():
        joints[JOINT_INDEX[name]] = place
        if name.startswith("L_"):
            joints[JOINT_INDEX["R_" + name[2:]]] = np.array(place) * [-1, 1, 1]
    dirs = np.zeros((24, 3, 10))
    dirs[..., 0] = 0.05 * joints
    dirs[..., 1] = 0.03 * np.minimum(joints, 0) * [0, 1, 0]
    offset = np.zeros((33, 3))
    offset[:11] = [0, 0.06, 0.09]
    offset[[7, 8], 0] = 0.07, -0.07
    offset[29:31] = [0, -0.05, -0.05]  # heels
    offset[31:33] = [0, -0.01, 0.08]  # toes
    rim = np.array([(x, z) for x in (-0.03, 0.03) for z in (-0.05, 0.05)])
    sole = np.zeros((4, 4, 3))
    sole[..., [0, 2]] = rim
    sole[[0, 2], :, 1], sole[[1, 3], :, 1] = -FOOT, -FOOT + 0.05
    top, bottom = 0.72, joints[7, 1] - FOOT
    return BodyPoints(
        joints=joints,
        joint_dirs=dirs,
        landmark_joint=np.array(LANDMARK_JOINTS),
        landmark_offset=offset,
        landmark_dirs=np.zeros((33, 3, 10)),
        sole_offset=sole,
        sole_dirs=np.zeros((4, 4, 3, 10)),
        heights=np.array([bottom, top]),
        height_dirs=np.outer([bottom, top], 0.05 * np.eye(10)[0]),
    )


def walking_pose(times, steps_per_second=1.8):
    """A straight walk (+z): rotation vectors (T, 24, 3), height (T,) and way (T,) of the pelvis.

    The standing leg is straight and its foot flat; the swinging leg bends. Stride and speed follow from it.
    """
    phase = np.asarray(times) * steps_per_second
    cycle, u = np.divmod(phase, 1.0)
    swing = 0.42
    sweep = swing - 2 * swing * u  # of the standing thigh, from ahead to behind
    pose = np.zeros((len(phase), 24, 3))
    left_stands = cycle % 2 == 0
    for side, stands in (("L", left_stands), ("R", ~left_stands)):
        hip, knee, ankle = (JOINT_INDEX[f"{side}_{part}"] for part in ("Hip", "Knee", "Ankle"))
        bend = np.where(stands, 0.0, 0.9 * np.sin(np.pi * u))
        thigh = np.where(stands, -sweep, sweep - 0.45 * np.sin(np.pi * u))
        pose[:, hip, 0], pose[:, knee, 0] = thigh, bend
        pose[:, ankle, 0] = np.where(stands, -thigh - bend, -0.5 * (thigh + bend))
    pose[:, JOINT_INDEX["Spine1"], 0] = 0.2  # people lean ahead a little
    for side, sign in (("L", 1), ("R", -1)):
        pose[:, JOINT_INDEX[f"{side}_Shoulder"], 2] = -sign * 1.25
    height = (LEG + SHIN) * np.cos(sweep) + FOOT + 0.06
    ahead = np.cumsum(
        np.r_[0.0, np.where(np.diff(cycle) == 0, (LEG + SHIN) * -np.diff(np.sin(sweep)), np.nan)]
    )
    if np.isnan(ahead).any():  # where the feet change over, keep the speed of the step before
        steps = (LEG + SHIN) * -np.diff(np.sin(sweep))
        steps[np.diff(cycle) != 0] = np.nan
        steps = np.where(np.isnan(steps), np.nanmean(steps), steps)
        ahead = np.cumsum(np.r_[0.0, steps])
    return pose, height, ahead


@dataclass(frozen=True)
class Scene:
    """What was put before the camera, and what the camera stage is given."""

    prediction: TrackPrediction
    camera: Camera
    up: NDArray[np.float64]
    path: NDArray[np.float64]  # (T, 3) pelvis in camera space


def level_camera(pitch, roll, height, focal=1400.0, width=1920, picture_height=1080):
    """A camera `height` metres above the origin's floor that looks along -z, pitched down and rolled."""
    tilt = quaternion_to_matrix(quaternion_from_rotvec([-pitch, 0.0, 0.0]))
    turn = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, -roll]))
    to_camera = turn.T @ np.diag([1.0, -1.0, -1.0]) @ tilt.T
    return Camera(focal, width, picture_height, to_camera, -to_camera @ np.array([0.0, height, 0.0]))


def film(body, camera, pose, places, headings, betas=None, fps=Fraction(30), track="1", noise=0.0, seed=0):
    """What a perfect network says of poses (T, 24, 3) at places (T, 3), turned by headings (T,)."""
    count = len(pose)
    shape = np.zeros(10) if betas is None else np.asarray(betas, dtype=float)
    rotations = quaternion_to_matrix(quaternion_from_rotvec(pose))
    yaw = quaternion_to_matrix(
        quaternion_from_rotvec(np.multiply.outer(np.broadcast_to(headings, count), [0, 1, 0]))
    )
    rotations[:, 0] = camera.rotation @ yaw @ rotations[:, 0]
    path = places @ camera.rotation.T + camera.translation
    points = body.posed(rotations, shape).landmarks + path[:, None]
    image = camera.focal_px * points[..., :2] / points[..., 2:] + np.array([camera.width, camera.height]) / 2
    size = camera.focal_px * 1.7 / path[:, 2]
    image = image + np.random.default_rng(seed).normal(0, noise, image.shape) * size[:, None, None]
    prediction = TrackPrediction(
        track=track,
        rotations=rotations,
        betas=np.tile(shape, (count, 1)),
        image=image,
        visibility=np.full((count, 33), 0.95),
        frames=np.arange(count),
        valid=np.ones(count, dtype=bool),
        fps=fps,
        source="walk.mp4",
        notes=("Said by the caller.",),
    )
    return Scene(prediction, camera, camera.rotation @ np.array([0.0, 1.0, 0.0]), path)


@pytest.fixture(scope="session")
def walk(body):
    """A function that films a person who walks a bend before a camera."""

    def make(
        count=120,
        fps=30,
        pitch=0.2,
        roll=0.05,
        height=1.7,
        start=(-1.5, -6.0),
        heading=0.6,
        bend=0.5,
        focal=1400.0,
        **options,
    ):
        times = np.arange(count) / fps
        pose, pelvis, ahead = walking_pose(times)
        headings = heading + bend * times
        steps = np.diff(ahead, prepend=0.0)[:, None] * np.stack([np.sin(headings), np.cos(headings)], axis=-1)
        ground = np.array(start) + np.cumsum(steps, axis=0)
        places = np.stack([ground[:, 0], pelvis, ground[:, 1]], axis=-1)
        camera = level_camera(pitch, roll, height, focal)
        return film(body, camera, pose, places, headings, fps=Fraction(fps), **options)

    return make


@pytest.fixture
def filmed_walk():
    """A function that films any body as it walks, in 48 frames."""

    def make(body):
        pose, pelvis, ahead = walking_pose(np.arange(48) / 30)
        places = np.stack([ahead * 0.7 - 0.5, pelvis, ahead * 0.7 - 4.5], axis=-1)
        return film(body, level_camera(0.1, 0.02, 1.5), pose, places, np.pi / 4)

    return make
