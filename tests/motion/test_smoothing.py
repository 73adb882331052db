"""Smoothing calms noise, survives half turns, respects gaps and keeps steady motion steady."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.motion.rotations import (
    quaternion_from_rotvec,
    quaternion_multiply,
    rotation_angle,
)
from reel2rig.core.motion.smoothing import (
    gaussian_kernel,
    smooth_clip,
    smooth_positions,
    smooth_quaternions,
    unbroken_runs,
)


def roughness(series):
    return np.linalg.norm(np.diff(series, 2, axis=0), axis=-1).mean()


def test_no_smoothing_returns_the_clip_itself(make_clip):
    clip = make_clip()
    assert smooth_clip(clip, 0) is clip


def test_noise_shrinks_and_the_motion_stays(make_clip):
    clean = make_clip(200)
    rng = np.random.default_rng(1)
    jitter = quaternion_from_rotvec(rng.normal(0, 0.06, (200, 24, 3)))
    noisy = clean.replace(
        rotations=quaternion_multiply(clean.rotations, jitter),
        root=clean.root + rng.normal(0, 0.02, (200, 3)),
    )
    smooth = smooth_clip(noisy, 2.0)
    assert roughness(smooth.root) < 0.15 * roughness(noisy.root)
    before = rotation_angle(noisy.rotations, clean.rotations).mean()
    assert rotation_angle(smooth.rotations, clean.rotations).mean() < 0.5 * before


@settings(max_examples=30)
@given(st.floats(0.5, 5.0), st.floats(-0.2, 0.2))
def test_a_steady_motion_is_unchanged_up_to_both_ends(sigma, speed):
    steps = np.arange(30)[:, None]
    walk = steps * np.array([speed, 0.01, -speed])
    assert np.allclose(smooth_positions(walk, sigma), walk, atol=1e-9)
    spin = quaternion_from_rotvec(steps * np.array([0.0, speed, 0.0]))
    assert np.allclose(rotation_angle(smooth_quaternions(spin, sigma), spin), 0, atol=1e-6)


def test_turning_through_half_a_turn_leaves_no_spike():
    angles = np.linspace(np.pi - 0.5, np.pi + 0.5, 40)
    wrapped = (angles + np.pi) % (2 * np.pi) - np.pi  # jumps from +pi to -pi in the middle
    q = quaternion_from_rotvec(wrapped[:, None] * [0.0, 1.0, 0.0])
    smooth = smooth_quaternions(q, 3.0)
    assert rotation_angle(smooth, q).max() < 1e-6
    assert rotation_angle(smooth[1:], smooth[:-1]).max() < 0.05


def test_random_signs_do_not_matter(make_clip):
    q = make_clip(60).rotations[:, 3].astype(float)
    signs = np.where(np.random.default_rng(2).random(60) < 0.5, -1.0, 1.0)[:, None]
    difference = rotation_angle(smooth_quaternions(q * signs, 2.0), smooth_quaternions(q, 2.0))
    assert np.allclose(difference, 0, atol=1e-6)


def test_nothing_is_blended_across_a_gap(make_clip):
    valid = np.ones(60, dtype=bool)
    valid[25:35] = False
    root = np.zeros((60, 3))
    root[30:] = [5.0, 0.0, 0.0]  # another place after the gap
    smooth = smooth_clip(make_clip(60, root=root, valid=valid), 3.0)
    assert np.array_equal(smooth.root[:25], root[:25].astype(np.float32))
    assert np.array_equal(smooth.root[35:], root[35:].astype(np.float32))


def test_a_jump_in_frame_numbers_is_a_gap_too(make_clip):
    frames = np.r_[np.arange(20), np.arange(100, 120)]
    root = np.repeat([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]], 20, axis=0)
    smooth = smooth_clip(make_clip(40, root=root, frames=frames), 3.0)
    assert np.array_equal(smooth.root, root.astype(np.float32))


def test_a_filled_gap_follows_its_neighbours_without_a_step(make_clip):
    rng = np.random.default_rng(3)
    count = 60
    valid = np.ones(count, dtype=bool)
    valid[25:35] = False
    root = rng.normal(0, 0.05, (count, 3))
    fraction = np.linspace(0, 1, 12)[1:-1, None]
    root[25:35] = root[24] * (1 - fraction) + root[35] * fraction
    smooth = smooth_clip(make_clip(count, root=root, valid=valid), 3.0).root
    expected = smooth[24] * (1 - fraction) + smooth[35] * fraction
    assert np.allclose(smooth[25:35], expected, atol=1e-6)


def test_the_strength_is_one_in_seconds_at_every_rate(make_clip):
    def noise_left(fps, count):
        root = np.zeros((count, 3))
        root[count // 2] = 1.0 * fps  # an impulse of equal area in seconds
        return smooth_clip(make_clip(count, root=root, fps=Fraction(fps)), 2.0).root.max() / 30

    assert noise_left(120, 240) == pytest.approx(noise_left(30, 60), rel=0.05)


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_short_clips_can_be_smoothed(make_clip, count):
    smooth = smooth_clip(make_clip(count), 2.0)
    assert len(smooth) == count
    assert np.all(np.isfinite(smooth.root))


def test_a_clip_with_no_valid_frame_is_smoothed_as_a_whole(make_clip):
    root = np.random.default_rng(4).normal(0, 0.1, (40, 3))
    clip = make_clip(40, root=root, valid=np.zeros(40, dtype=bool))
    assert roughness(smooth_clip(clip, 2.0).root) < 0.3 * roughness(clip.root)


def test_negative_or_infinite_smoothing_is_refused(make_clip):
    for sigma in (-1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="smoothing"):
            smooth_clip(make_clip(), sigma)


def test_the_kernel_sums_to_one_and_is_even():
    kernel = gaussian_kernel(1.7)
    assert kernel.sum() == pytest.approx(1.0)
    assert np.allclose(kernel, kernel[::-1])


@given(st.lists(st.booleans(), max_size=30))
def test_runs_cover_exactly_the_true_frames(mask):
    covered = np.zeros(len(mask), dtype=int)
    for start, stop in unbroken_runs(mask):
        covered[start:stop] += 1
    assert np.array_equal(covered, np.array(mask, dtype=int))
