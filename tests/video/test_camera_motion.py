"""A camera that pans, tilts, shakes or zooms is noticed; a person who moves is not taken for one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from footage import seen_by_camera, texture
from reel2rig.core.video.camera_motion import CameraMotion, CameraWatcher

SIZE, FPS = (640, 360), 30.0


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    return texture(1600, 1000)


def watch(frames, boxes=None) -> CameraMotion:
    watcher = CameraWatcher()
    for number, image in enumerate(frames):
        if watcher.wants(number / FPS):
            watcher.look(image, number / FPS, boxes[number] if boxes else ())
    return watcher.summary()


def noisy(image: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_a_tripod_is_static_in_spite_of_noise(scene: np.ndarray):
    motion = watch([noisy(seen_by_camera(scene, SIZE, 800, 500), i) for i in range(60)])
    assert motion.static
    assert motion.looks > 8
    assert motion.note() is None


def test_a_large_person_moving_before_a_tripod_is_no_camera_motion(scene: np.ndarray):
    rng = np.random.default_rng(2)
    clothes = texture(300, 400, seed=5)
    frames, boxes = [], []
    for i in range(60):
        image = seen_by_camera(scene, SIZE, 800, 500)
        x = 7 * i
        image[:330, x : x + 200] = clothes[20:350, 30:230]
        frames.append(noisy(image, i))
        boxes.append([(x - rng.uniform(0, 10), 0.0, x + 195.0, 325.0)])
    assert watch(frames, boxes).static
    assert watch(frames).static  # even where nobody told of the person


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("pan", lambda i: (700 + 2.0 * i, 500)),
        ("slow pan", lambda i: (780 + 0.4 * i, 500)),
        ("tilt", lambda i: (800, 450 + 1.5 * i)),
        ("hand-held", lambda i: (800 + 8 * np.sin(1.1 * i), 500 + 6 * np.cos(0.7 * i))),
    ],
)
def test_a_moving_camera_is_noticed(scene: np.ndarray, name: str, path):
    motion = watch([noisy(seen_by_camera(scene, SIZE, *path(i)), i) for i in range(75)])
    assert motion.moving, name
    assert not motion.zooming
    assert "moves" in (motion.note() or "")


@pytest.mark.parametrize("rate", [1.004, 0.996])
def test_a_zoom_is_noticed_and_not_called_a_pan(scene: np.ndarray, rate: float):
    motion = watch([noisy(seen_by_camera(scene, SIZE, 800, 500, zoom=1.3 * rate**i), i) for i in range(60)])
    assert motion.zooming
    assert not motion.moving
    assert "zooms" in (motion.note() or "")
    assert motion.zoom == pytest.approx(1.004**58 - 1, abs=0.06)


def test_the_measured_shift_is_the_true_one(scene: np.ndarray):
    motion = watch([seen_by_camera(scene, SIZE, 500 + 4.0 * i, 500) for i in range(90)])
    assert motion.shift == pytest.approx(4.0 * 85 / 640, abs=0.03)


def test_a_cut_is_no_motion(scene: np.ndarray):
    watcher = CameraWatcher()
    for i in range(60):
        if i == 30:
            watcher.cut()
        image = seen_by_camera(scene, SIZE, 500 if i < 30 else 900, 500)
        if watcher.wants(i / FPS):
            watcher.look(image, i / FPS)
    assert watcher.summary().static


def test_an_empty_background_is_admitted_not_guessed():
    motion = watch([np.full((360, 640, 3), 128, np.uint8) for _ in range(40)])
    assert motion.looks == 0
    assert "Too little" in (motion.note() or "")


def test_a_person_filling_the_picture_leaves_nothing_to_judge(scene: np.ndarray):
    frames = [seen_by_camera(scene, SIZE, 700 + 3 * i, 500) for i in range(40)]
    cv2.circle(frames[0], (10, 10), 5, (0, 0, 0), -1)
    assert watch(frames, [[(0.0, 0.0, 640.0, 360.0)]] * 40).looks == 0
