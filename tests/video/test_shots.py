"""Cuts are found; pans, zooms, shakes and people close to the lens are not cuts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from footage import seen_by_camera, texture
from reel2rig.core.video.shots import CutDetector

SIZE = (320, 180)


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    return texture(900, 600)


def cuts(frames: list[np.ndarray]) -> list[int]:
    detector = CutDetector()
    return [number for number, frame in enumerate(frames) if detector.is_cut(frame)]


def test_a_cut_is_found_at_its_first_frame(scene: np.ndarray):
    first = [seen_by_camera(scene, SIZE, 200 + 3 * i, 200) for i in range(10)]
    second = [seen_by_camera(texture(900, 600, seed=8), SIZE, 500, 300) for _ in range(10)]
    third = [seen_by_camera(scene, SIZE, 700, 480, zoom=1.6) for _ in range(10)]
    assert cuts([*first, *second, *third]) == [10, 20]


def test_the_first_frame_is_no_cut(scene: np.ndarray):
    assert cuts([seen_by_camera(scene, SIZE, 300, 300)]) == []


@pytest.mark.parametrize("speed", [2, 12, 30])
def test_a_pan_is_no_cut(scene: np.ndarray, speed: int):
    assert cuts([seen_by_camera(scene, SIZE, 200 + speed * i, 300) for i in range(16)]) == []


def test_a_zoom_and_a_shake_are_no_cuts(scene: np.ndarray):
    rng = np.random.default_rng(1)
    zoom = [seen_by_camera(scene, SIZE, 450, 300, zoom=1.04**i) for i in range(20)]
    shake = [seen_by_camera(scene, SIZE, *(450 + rng.normal(0, 9, 2))) for _ in range(20)]
    assert cuts(zoom) == []
    assert cuts(shake) == []


def test_somebody_large_walking_through_is_no_cut(scene: np.ndarray):
    frames = []
    for i in range(24):
        image = seen_by_camera(scene, SIZE, 450, 300)
        cv2.ellipse(image, (16 * i - 40, 100), (55, 110), 0, 0, 360, (30, 40, 160), -1)
        frames.append(image)
    assert cuts(frames) == []


def test_a_light_switched_off_is_no_reason_to_crash():
    dark, bright = np.zeros((90, 160, 3), np.uint8), np.full((90, 160, 3), 250, np.uint8)
    assert cuts([dark, dark, bright, bright]) in ([2], [])
