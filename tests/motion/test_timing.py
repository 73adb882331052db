"""Frames to seconds without drift, and resampling that leaves known times alone."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.core.motion.rotations import quaternion_from_rotvec, rotation_angle
from reel2rig.core.motion.timing import frame_times, resample_positions, resample_rotations

increasing = st.lists(st.floats(0.001, 0.5), min_size=1, max_size=12).map(np.cumsum)


@given(st.integers(1, 120000), st.integers(1, 1001), st.integers(0, 10**6))
def test_a_frame_s_time_is_the_exact_fraction_rounded_once(numerator, denominator, frame):
    fps = Fraction(numerator, denominator)
    assert frame_times(fps, [frame])[0] == pytest.approx(float(frame / fps), rel=1e-15)


def test_a_count_means_the_frames_from_zero():
    assert np.array_equal(frame_times(Fraction(25), 3), [0, 0.04, 0.08])


def test_a_rate_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive"):
        frame_times(Fraction(0), 3)


@given(increasing, st.integers(0, 2**31))
def test_resampling_at_the_known_times_returns_the_known_values(times, seed):
    rng = np.random.default_rng(seed)
    positions = rng.normal(size=(len(times), 2, 3))
    rotations = quaternion_from_rotvec(rng.normal(size=(len(times), 24, 3)))
    assert np.allclose(resample_positions(positions, times, times), positions, atol=1e-12)
    assert np.allclose(rotation_angle(resample_rotations(rotations, times, times), rotations), 0, atol=1e-6)


@given(increasing)
def test_ends_are_held(times):
    values = np.arange(len(times), dtype=float)
    outside = resample_positions(values, times, [times[0] - 9, times[-1] + 9])
    assert np.array_equal(outside, [values[0], values[-1]])


def test_a_steady_motion_is_the_same_at_every_rate():
    slow, fast = frame_times(Fraction(24), 49), frame_times(Fraction(120), 241)
    spin = quaternion_from_rotvec(slow[:, None] * [0.0, 2.0, 0.0])[:, None]
    walk = slow[:, None] * [1.4, 0.0, 0.2]
    assert np.allclose(resample_positions(walk, slow, fast), fast[:, None] * [1.4, 0.0, 0.2])
    expected = quaternion_from_rotvec(fast[:, None] * [0.0, 2.0, 0.0])[:, None]
    assert np.allclose(rotation_angle(resample_rotations(spin, slow, fast), expected), 0, atol=1e-6)


def test_resampled_signs_stay_continuous_over_many_turns():
    times = frame_times(Fraction(30), 90)
    spin = quaternion_from_rotvec((times[:, None] * [0.0, 9.0, 0.0] + np.pi) % (2 * np.pi) - np.pi)[:, None]
    resampled = resample_rotations(spin, times, frame_times(Fraction(60), 179))
    assert np.all(np.sum(resampled[1:] * resampled[:-1], axis=-1) > 0.9)


def test_times_that_do_not_increase_are_refused():
    with pytest.raises(ValueError, match="increase"):
        resample_positions(np.zeros((3, 1)), [0.0, 0.1, 0.1], [0.05])
