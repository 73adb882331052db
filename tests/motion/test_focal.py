"""Another focal length for a finished capture, against people whose true place is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from reel2rig.core.motion.cleanup.settings import Placement
from reel2rig.core.motion.clip import Camera, MotionClip
from reel2rig.core.motion.focal import turns_between
from reel2rig.core.motion.placement import place_clips
from reel2rig.core.motion.spaces import to_space


def pixels(clip: MotionClip) -> np.ndarray:
    return clip.camera.project(clip.joints.astype(float))


def refocused(clip: MotionClip, focal_px: float) -> MotionClip:
    return place_clips([clip], Placement(focal_px=focal_px))[0]


@pytest.fixture
def clip(make_clip) -> MotionClip:
    return to_space(make_clip(), "blender")


def test_the_same_focal_length_changes_nothing(clip):
    assert refocused(clip, clip.camera.focal_px) is clip


def test_a_slightly_other_focal_length_changes_little(clip):
    near = refocused(clip, clip.camera.focal_px * 1.0001)
    assert np.abs(near.root - clip.root).max() < 2e-3


def test_a_longer_lens_stands_as_much_farther_away_and_keeps_its_size(clip):
    clip = clip.replace(contacts=np.zeros((len(clip), 4)))
    far = refocused(clip, 2 * clip.camera.focal_px)
    depth = [(c.root @ c.camera.rotation.T + c.camera.translation)[:, 2] for c in (clip, far)]
    assert np.allclose(depth[1], 2 * depth[0], atol=1e-5)
    assert far.body_scale == clip.body_scale
    assert np.array_equal(far.rest_joints, clip.rest_joints)


def test_whatever_the_feet_do_the_pelvis_keeps_its_pixel(clip):
    far = refocused(clip, 0.6 * clip.camera.focal_px)
    assert np.abs(pixels(far)[:, 0] - pixels(clip)[:, 0]).max() < 1e-3


def test_the_first_seen_place_and_the_heading_of_the_camera_are_kept(clip):
    far = refocused(clip.replace(valid=np.arange(len(clip)) >= 5), 1300.0)
    assert np.abs(far.root[5, :2] - clip.root[5, :2]).max() < 1e-5
    ahead = [(c.camera.rotation.T @ [0, 0, 1])[:2] for c in (clip, far)]
    before, after = (direction / np.linalg.norm(direction) for direction in ahead)
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_edits_start_from_the_capture_so_that_none_leaves_a_trace(clip):
    direct = refocused(clip, 1500.0)
    assert np.array_equal(direct.root, refocused(clip, 1500.0).root)
    there = Placement(focal_px=1500.0, height=0.2, heading=0.4)
    back = dataclasses.replace(there, height=0.0, heading=0.0)
    place_clips([clip], there)
    assert np.array_equal(place_clips([clip], back)[0].root, direct.root)


def test_nobody_standing_leaves_the_old_floor_with_its_horizon(clip):
    clip = clip.replace(contacts=np.zeros((len(clip), 4)))
    tilt = np.radians(20)
    tilted = np.array([[1, 0, 0], [0, -np.sin(tilt), -np.cos(tilt)], [0, np.cos(tilt), -np.sin(tilt)]])
    camera = Camera(900.0, 1280, 720, tilted, -tilted @ np.array([0.0, -6.0, 2.0]))
    clip = clip.replace(camera=camera)
    far = refocused(clip, 1800.0)

    def horizon(one: Camera) -> float:
        ahead = one.rotation.T @ [0, 0, 1]
        level = one.position + 1e9 * np.array([ahead[0], ahead[1], 0.0])
        return float(one.project(level)[1])

    assert horizon(far.camera) == pytest.approx(horizon(camera), abs=0.01)


def test_people_without_a_camera_stay(clip):
    clip = clip.replace(camera=None)
    assert refocused(clip, 1500.0) is clip


def test_two_people_keep_one_camera_and_one_floor(make_clip):
    clips = [to_space(make_clip(seed=seed, track=str(seed)), "blender") for seed in (1, 2)]
    first, second = place_clips(clips, Placement(focal_px=1400.0))
    assert np.array_equal(first.camera.rotation, second.camera.rotation)
    assert np.array_equal(first.camera.translation, second.camera.translation)
    assert np.abs(pixels(second)[:, 0] - pixels(clips[1])[:, 0]).max() < 1e-3


def test_a_turn_between_two_directions_is_the_least_one():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 3))
    turns = turns_between(a, b)
    unit_b = b / np.linalg.norm(b, axis=1, keepdims=True)
    assert np.allclose(np.einsum("tij,tj->ti", turns, a / np.linalg.norm(a, axis=1, keepdims=True)), unit_b)
    angle = np.arccos(np.clip((np.trace(turns, axis1=1, axis2=2) - 1) / 2, -1, 1))
    between = np.arccos(np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    assert np.allclose(angle, between)
