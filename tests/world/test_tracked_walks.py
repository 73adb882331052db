"""A walk that a moving camera filmed: put back into the world, its metres and its floor found by its feet."""

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.camera_track import from_poses
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.motion.focal import turned
from reel2rig.core.motion.moving_camera import feet_scale, land_camera, put_in_world
from reel2rig.core.motion.rotations import (
    quaternion_from_matrix,
    quaternion_from_rotvec,
    quaternion_to_matrix,
)
from reel2rig.core.motion.spaces import to_space
from reel2rig.core.world.place import place_people
from reel2rig.core.world.prediction import TrackPrediction

COUNT, FPS, FOCAL = 120, Fraction(30), 1400.0
SECONDS = np.arange(COUNT) / 30


def camera_way(kind):
    """Axes (right, down, ahead) in a z-up world and positions of a camera that looks about +Y."""
    start, still = np.array([0.3, -6.5, 1.6]), np.zeros(COUNT)
    if kind == "dolly":
        positions = start + np.stack([0.6 * SECONDS, 0.25 * SECONDS, 0.1 * np.sin(SECONDS)], axis=1)
        yaw, pitch = 0.12 * SECONDS, 0.1 + 0.03 * np.sin(2 * SECONDS)
    elif kind == "orbit":
        angle = 0.25 * SECONDS
        positions = np.stack([6.5 * np.sin(angle), -6.5 * np.cos(angle), 1.6 + still], axis=1)
        yaw, pitch = angle, 0.15 + still
    else:
        positions, yaw, pitch = np.tile(start, (COUNT, 1)), 0.25 * np.sin(SECONDS), 0.1 + still
    flat = np.stack([-np.sin(yaw), np.cos(yaw), still], axis=1)
    ahead = flat * np.cos(pitch)[:, None] - np.sin(pitch)[:, None] * [0, 0, 1]
    right = np.stack([np.cos(yaw), np.sin(yaw), still], axis=1)
    return np.stack([right, np.cross(ahead, right), ahead], axis=2), positions


@pytest.fixture
def world(walk, body):
    """The walk in a z-up world, as a clip."""
    scene = walk(COUNT, heading=0.6, bend=0.0)
    root = (scene.path - scene.camera.translation) @ scene.camera.rotation
    rotations = scene.prediction.rotations.copy()
    rotations[:, 0] = scene.camera.rotation.T @ rotations[:, 0]
    clip = MotionClip(
        rotations=quaternion_from_matrix(rotations),
        root=root + np.array([1.0, 0.0, 5.0]),
        betas=np.zeros(10),
        rest_joints=body.rest_joints(np.zeros(10)),
        fps=FPS,
        frames=np.arange(COUNT),
        valid=np.ones(COUNT, dtype=bool),
        contacts=np.zeros((COUNT, 4)),
        space="world_yup",
    )
    return to_space(clip, "blender")


def tracked(kind):
    """The camera's way, and the same as a tracker has it: in units and axes of its own."""
    turns, positions = camera_way(kind)
    own = quaternion_to_matrix(quaternion_from_rotvec([0.4, -0.3, 1.0]))
    given = from_poses(
        own @ turns,
        (positions @ own.T + [3, 2, 1]) / 2.7,
        np.full(COUNT, FOCAL),
        FPS,
        1920,
        1080,
        metric=False,
    )
    return turns, positions, given


def before_the_camera(world, turns, positions):
    away = turns.transpose(0, 2, 1)
    return np.einsum("tij,tj->ti", away, world.root - positions), turned(world.rotations, away)


def path_error(clip, world, turns):
    """Mean metres from the true path, both from the first place, heading as the first camera looks."""
    ahead = turns[0][:, 2]
    angle = np.arctan2(ahead[0], ahead[1])
    turn = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, angle]))
    truth = (world.root - np.array([*world.root[0, :2], 0.0])) @ turn.T
    return np.linalg.norm(clip.root - truth, axis=1).mean()


@pytest.mark.parametrize("kind", ["dolly", "orbit", "pan"])
def test_a_tracked_camera_gets_metres_and_a_floor_from_feet(world, kind):
    turns, positions, given = tracked(kind)
    seen, rotations = before_the_camera(world, turns, positions)
    still = Camera(FOCAL, 1920, 1080, turns[0].T, -turns[0].T @ positions[0])
    raw = world.replace(
        root=(seen - still.translation) @ still.rotation,
        rotations=turned(rotations, still.rotation.T),
        camera=still,
    )
    if kind != "pan":  # a camera that only turns has no size to tell
        assert feet_scale(given, [raw]) == pytest.approx(2.7, rel=0.01)
    track = land_camera(given, [raw])
    clip = put_in_world(raw, track)
    # Measured: 0.4 mm for each, on a path of about 4 m.
    assert path_error(clip, world, turns) < 0.01
    before = raw.camera.project(raw.joints.astype(float))
    after = [c.project(j) for c, j in zip(track.cameras(), clip.joints.astype(float), strict=True)]
    assert np.abs(np.array(after) - before).max() < 1e-2
    known = put_in_world(raw, land_camera(given, [raw], scale=2.7))
    assert path_error(known, world, turns) < 0.02


@pytest.mark.parametrize(("kind", "within"), [("dolly", 0.4), ("orbit", 0.15), ("pan", 0.08)])
def test_a_capture_that_took_the_camera_for_still_lands_in_the_world(world, body, kind, within):
    turns, positions, given = tracked(kind)
    path, rotations = before_the_camera(world, turns, positions)
    points = body.posed(rotations, np.zeros(10)).landmarks + path[:, None]
    prediction = TrackPrediction(
        track="1",
        rotations=quaternion_to_matrix(rotations),
        betas=np.zeros((COUNT, 10)),
        image=FOCAL * points[..., :2] / points[..., 2:] + [960, 540],
        visibility=np.full((COUNT, 33), 0.95),
        frames=np.arange(COUNT),
        valid=np.ones(COUNT, dtype=bool),
        fps=FPS,
    )
    (clip,) = place_people([prediction], body, 1920, 1080, focal_px=FOCAL)
    raw = to_space(clip, "blender")
    landed = put_in_world(raw, land_camera(given, [raw]))
    # Measured: 0.31, 0.10 and 0.04 m; with the camera taken for still, 0.86, 1.07 and 0.83 m.
    assert path_error(landed, world, turns) < within
    assert path_error(landed, world, turns) < 0.5 * path_error(raw, world, turns)


def test_a_set_that_is_modelled_already_keeps_its_world(world):
    turns, positions = camera_way("dolly")
    given = from_poses(turns, positions, np.full(COUNT, FOCAL), FPS, 1920, 1080)
    seen, rotations = before_the_camera(world, turns, positions)
    still = Camera(FOCAL, 1920, 1080, turns[0].T, -turns[0].T @ positions[0])
    raw = world.replace(
        root=(seen - still.translation) @ still.rotation,
        rotations=turned(rotations, still.rotation.T),
        camera=still,
    )
    track = land_camera(given, [raw], scale=1.0, level=False)
    assert np.abs(put_in_world(raw, track).root - world.root).max() < 1e-5
