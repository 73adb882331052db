"""Footage of walking people whose truth is known exactly, for tests.

The bodies walk by a procedural gait, are posed by the free body and drawn by the product's own rasteriser.
**Convention**: world y up, floor y = 0, the camera stands at (0, height, 0) and looks along -z; camera space
is OpenCV's (x right, y down, z forward). Metres, pixels.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from reel2rig.core.evaluate.rendering import background, clothes, draw_bodies
from reel2rig.core.motion.body import BodyTemplate, free_body_path, load_body
from reel2rig.core.motion.kinematics import forward_kinematics
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_multiply

WORLD_TO_CAMERA = np.diag([1.0, -1.0, -1.0])
CAMERA_HEIGHT = 1.4
STEPS_PER_SECOND = 1.9
STRIDE = 0.62  # metres a step
SIZE, SCENE = (640, 480), 7  # picture (width, height) and which background


@dataclass(frozen=True, eq=False)
class Walk:
    """One person's motion in the world.

    rotations (T, 24, 4) wxyz, root (T, 3), clothes seed; `visible` (T,) says when the person is in the scene.
    """

    rotations: np.ndarray
    root: np.ndarray
    seed: int
    visible: np.ndarray


@dataclass(frozen=True, eq=False)
class Footage:
    """Frames (T, H, W, 3) uint8 and, for each person, joints (T, 24, 3) in camera space and pixels shown."""

    frames: list[np.ndarray]
    fps: float
    focal_px: float
    joints: list[np.ndarray]
    masks: list[list[np.ndarray]]


@functools.cache
def body() -> BodyTemplate:
    return load_body(free_body_path())


def walk(
    frames: int,
    *,
    start: tuple[float, float],
    heading: float,
    fps: float = 30.0,
    speed: float = 1.0,
    phase: float = 0.0,
    seed: int = 0,
    visible: slice = slice(None),
) -> Walk:
    """A straight walk.

    Args:
        start: (x, z) on the floor at frame 0. heading: radians about +y; 0 walks towards the camera (+z).
        speed: of a usual walk; 0 swings the limbs on the spot. phase: of the gait, in steps.
    """
    time = np.arange(frames) / fps
    gait = np.pi * (STEPS_PER_SECOND * time + phase)
    swing, rise = np.sin(gait), np.cos(gait)
    turns = np.zeros((frames, 24, 3))
    turns[:, 1, 0], turns[:, 2, 0] = -0.45 * swing, 0.45 * swing  # hips
    turns[:, 4, 0] = 0.15 + 0.75 * np.clip(rise, 0, None)  # left knee bends while its thigh comes forward
    turns[:, 5, 0] = 0.15 + 0.75 * np.clip(-rise, 0, None)
    turns[:, 7, 0] = turns[:, 8, 0] = -0.1
    turns[:, 3, 1], turns[:, 9, 1] = 0.08 * swing, 0.1 * swing
    turns[:, 18, 1], turns[:, 19, 1] = -0.5, 0.5  # elbows a little bent
    rotations = quaternion_from_rotvec(turns)
    lowered, raised = np.zeros((frames, 3)), np.zeros((frames, 3))
    lowered[:, 2], raised[:, 2] = -1.2, 1.2  # arms hang from the T-pose
    for joint, hang, side in ((16, lowered, 1.0), (17, raised, -1.0)):
        reach = np.zeros((frames, 3))
        reach[:, 0] = 0.5 * side * swing
        rotations[:, joint] = quaternion_multiply(quaternion_from_rotvec(reach), quaternion_from_rotvec(hang))
    facing = np.zeros((frames, 3))
    facing[:, 1] = heading
    rotations[:, 0] = quaternion_from_rotvec(facing)
    path = speed * STEPS_PER_SECOND * STRIDE * time
    root = np.zeros((frames, 3))
    root[:, 0] = start[0] + np.sin(heading) * path
    root[:, 2] = start[1] + np.cos(heading) * path
    joints, _ = forward_kinematics(rotations, root, body().joints(np.zeros(10)))
    root[:, 1] = 0.03 - joints[:, [10, 11], 1].min(1)  # the lower toe on the floor
    shown = np.zeros(frames, bool)
    shown[visible] = True
    return Walk(rotations, root, seed, shown)


def empty_scene(size: tuple[int, int] = SIZE, seed: int = SCENE) -> np.ndarray:
    """What `film` shows where nobody is, (H, W, 3)."""
    return background(size[1], size[0], seed)


def film(
    people: Sequence[Walk], *, size: tuple[int, int] = SIZE, focal_px: float = 620.0, seed: int = SCENE
) -> Footage:
    """Draws `people` before one static camera; `size` is (width, height)."""
    template, (width, height) = body(), size
    scene = empty_scene(size, seed)
    faces = template.faces
    colours = [clothes(template.weights, faces, person.seed) for person in people]
    eye = np.array([0.0, CAMERA_HEIGHT, 0.0])
    bodies, joints = [], []
    for person in people:
        vertices = template.posed_vertices(person.rotations, person.root, np.zeros(10), 1.0)
        bodies.append((vertices - eye) @ WORLD_TO_CAMERA.T)
        where, _ = forward_kinematics(person.rotations, person.root, template.joints(np.zeros(10)))
        joints.append((where - eye) @ WORLD_TO_CAMERA.T)
    frames: list[np.ndarray] = []
    masks: list[list[np.ndarray]] = [[] for _ in people]
    for t in range(len(people[0].root)):
        image = scene.copy()
        there = [i for i, person in enumerate(people) if person.visible[t]]
        shown = draw_bodies(
            image, [bodies[i][t] for i in there], faces, [colours[i] for i in there], focal_px
        )
        for i in range(len(people)):
            masks[i].append(shown[there.index(i)] if i in there else np.zeros((height, width), bool))
        frames.append(image)
    return Footage(frames, 30.0, focal_px, joints, masks)


def crossing_people(frames: int = 75) -> tuple[Walk, Walk]:
    """Two people who walk across the picture in opposite directions, the first nearer to the camera."""
    near = walk(frames, start=(-1.3, -4.1), heading=np.pi / 2, speed=0.9, seed=1)
    far = walk(frames, start=(1.6, -5.4), heading=-np.pi / 2, speed=1.0, phase=0.4, seed=2)
    return near, far
