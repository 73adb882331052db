"""Foot contacts on a walk whose steps are known."""

import numpy as np
import pytest
from reel2rig.core.motion.contacts import detect_contacts, joints_as_feet, resting_heights


def stepping_foot(times, stand=0.5, swing=0.4, stride=0.8, lift=0.12):
    """(T, 3) of a point that stands still, then swings forward, and (T,) whether it stands."""
    period = stand + swing
    cycle, phase = np.divmod(times, period)
    u = np.clip((phase - stand) / swing, 0, 1)
    ease = u * u * (3 - 2 * u)
    position = np.stack([cycle * stride + ease * stride, lift * np.sin(np.pi * u), np.zeros_like(u)], -1)
    return position, phase < stand


@pytest.fixture(params=[25, 30, 60, 120])
def walk(request):
    times = np.arange(3 * request.param) / request.param
    left, left_stands = stepping_foot(times)
    right, right_stands = stepping_foot(times + 0.45)
    points = np.stack([left, left, right, right], axis=1)
    return times, points, np.stack([left_stands, left_stands, right_stands, right_stands], axis=1)


def test_standing_frames_are_found_at_every_rate(walk):
    times, points, stands = walk
    found = detect_contacts(points, times) > 0.5
    assert np.mean(found == stands) > 0.9
    assert found.any(axis=0).all()
    assert not found.all(axis=0).any()


def test_a_still_foot_in_the_air_is_no_contact(walk):
    times, points, _ = walk
    still = np.repeat(points[:1], len(times), axis=0) + np.array([0, 0.3, 0])
    assert detect_contacts(still, times).max() == 0
    assert detect_contacts(still, times, floor=0.3).min() == 1


def test_frames_without_the_person_have_no_contact(walk):
    times, points, _ = walk
    valid = np.arange(len(times)) % 40 >= 20
    found = detect_contacts(points, times, valid=valid)
    assert found[~valid].max() == 0
    assert found[valid].max() == 1


def test_a_value_near_the_threshold_does_not_flicker():
    times = np.arange(90) / 30
    height = 0.05 + 0.005 * np.sin(np.arange(90))
    points = np.zeros((90, 4, 3))
    points[..., 1] = height[:, None]
    found = detect_contacts(points, times)
    assert np.abs(np.diff(found, axis=0)).sum() == 0


def test_a_touch_of_one_frame_is_not_a_step():
    times = np.arange(60) / 30
    points = np.zeros((60, 4, 3))
    points[..., 1] = 0.5
    points[30, :, 1] = 0.0
    assert detect_contacts(points, times).max() == 0


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_person_who_just_stands_is_in_contact_in_the_shortest_clip(count):
    assert detect_contacts(np.zeros((count, 4, 3)), np.arange(count) / 30).min() == 1


def test_another_up_axis_gives_the_same_contacts(walk):
    times, points, _ = walk
    z_up = points[..., [0, 2, 1]]
    assert np.array_equal(detect_contacts(z_up, times, up=(0, 0, 1)), detect_contacts(points, times))


def test_ankles_stand_in_for_soles_at_their_resting_height(walk):
    times, points, stands = walk
    joints = np.zeros((len(times), 24, 3))
    joints[:, [7, 10, 8, 11]] = points + np.array([[0, 0.08, 0], [0, 0.02, 0], [0, 0.08, 0], [0, 0.02, 0]])
    feet = joints_as_feet(joints)
    found = detect_contacts(feet, times, floor=resting_heights(feet)) > 0.5
    assert np.mean(found == stands) > 0.9


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(5, 4, 3\)"):
        detect_contacts(np.zeros((5, 3, 3)), np.arange(5))
