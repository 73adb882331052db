"""How sure contacts are, and what becomes of those that the user chose."""

import numpy as np
import pytest
from reel2rig.core.motion.contacts import (
    ESTIMATED_FEET,
    chosen_contacts,
    contact_confidence,
    detect_contacts,
    foot_confidence,
    foot_contacts,
)

TIMES = np.arange(90) / 30


def confidence(points, contacts, **changes):
    fields = {"heights": points[..., 2], "thresholds": ESTIMATED_FEET} | changes
    return contact_confidence(points, TIMES, contacts, **fields)


def moving(speed, height=0.0):
    """(90, 4, 3) points that move along x."""
    points = np.zeros((90, 4, 3))
    points[..., 0], points[..., 2] = (speed * TIMES)[:, None], height
    return points


def test_who_stands_still_on_the_floor_surely_stands():
    assert confidence(moving(0.0), np.ones((90, 4))).min() == 1.0
    assert confidence(moving(0.0), np.zeros((90, 4))).max() == 0.0


def test_what_is_fast_or_high_is_surely_in_the_air():
    assert confidence(moving(2.0), np.zeros((90, 4))).min() == 1.0
    assert confidence(moving(0.0, 0.3), np.zeros((90, 4))).min() == 1.0
    assert confidence(moving(2.0), np.ones((90, 4))).max() == 0.0


def test_the_nearer_to_a_threshold_the_less_sure():
    sure = [confidence(moving(speed), np.ones((90, 4))).mean() for speed in (0.2, 0.35, 0.45, 0.54)]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] == 1.0
    assert sure[-1] < 0.05
    low = [confidence(moving(0.0, height), np.ones((90, 4))).mean() for height in (0.03, 0.05, 0.07)]
    assert low == sorted(low, reverse=True)


def test_where_nobody_was_seen_nothing_is_sure():
    valid = (np.arange(90) < 30) | (np.arange(90) > 50)
    sure = confidence(moving(0.0), np.ones((90, 4)), valid=valid)
    assert sure[~valid].max() == 0.0
    assert sure[valid].min() == 1.0


def test_a_change_that_hangs_on_a_marginal_value_is_less_sure_than_a_clear_one():
    lifted = np.where(np.arange(90) < 45, 0.0, np.clip((np.arange(90) - 45) / 6, 0, 1))

    def around_the_change(top, below):
        points = np.zeros((90, 4, 3))
        points[..., 2] = (below + (top - below) * lifted)[:, None]
        contacts = detect_contacts(points, TIMES, up=(0, 0, 1), thresholds=ESTIMATED_FEET)
        assert contacts[0].min() == 1
        assert contacts[-1].max() == 0
        change = int(np.argmin(contacts[:, 0]))
        return confidence(points, contacts)[change - 8 : change + 8].mean()

    assert around_the_change(0.09, 0.045) < 0.7 < 0.9 < around_the_change(0.5, 0.0)


def test_a_foot_stands_as_surely_as_its_surer_point():
    contacts = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    sure = np.array([[0.3, 0.9, 0.6, 0.2], [0.3, 0.9, 0.6, 0.2], [0.3, 0.9, 0.6, 0.2]])
    assert np.allclose(foot_confidence(contacts, sure), [[0.3, 0.2], [0.9, 0.2], [0.3, 0.2]])


def test_a_chosen_foot_stands_on_what_had_been_found_or_on_all_of_it():
    found = np.array([[1, 0, 0, 0], [0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    chosen = chosen_contacts(found, [[True, True], [True, False], [False, True], [False, False]])
    assert chosen.tolist() == [[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert np.array_equal(chosen_contacts(found, foot_contacts(found)), found)


def test_chosen_feet_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"\(5, 2\)"):
        chosen_contacts(np.zeros((5, 4)), np.zeros((4, 2), dtype=bool))
