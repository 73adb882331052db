"""In a real Blender window the buttons are pressed, and the demo clip becomes animation."""

from __future__ import annotations

import numpy as np
import pytest
from gui_ring import MOMENTS
from silhouette import difference, overlap, person_in_footage

pytestmark = pytest.mark.gui


def test_a_typed_path_and_one_press_capture_the_clip(capture, demo_clip) -> None:
    assert capture.facts["video"] == str(demo_clip)
    assert capture.facts["problem"] is None
    assert capture.facts["fps"] == 30
    first, last = capture.facts["frames"]
    assert first == 1
    assert last > 200


def test_people_are_listed_first_and_the_view_turns_meanwhile(capture) -> None:
    assert capture.facts["turned_while_searching"]
    assert 0.5 < capture.facts["factor"] < 1
    assert capture.facts["people"] == capture.facts["people_found"] >= 1


def test_our_callbacks_hardly_ever_hold_blender_up(capture) -> None:
    """Far below 50 ms; what is slowest depends on what else the machine does, and is only shown."""
    for name, pace in capture.facts["pace"].items():
        print(
            f"{name}: {pace['calls']} calls, {pace['most']:.1f} ms as a rule, {pace['slowest']:.0f} at most"
        )
        assert pace["most"] < 50, name


def test_the_person_lands_on_the_floor(capture) -> None:
    """The clip is a jump from a box of man's height."""
    heights = np.array(capture.facts["lowest_feet"])
    assert np.median(heights[:15]) > 1.2
    assert np.abs(heights[-2:]).max() < 0.12


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_body_covers_the_person_in_the_footage(capture, moment, demo_clip, landmark_model) -> None:
    skin = difference(
        capture.picture(f"skin-{moment}"),
        capture.picture(f"footage-{moment}"),
        capture.facts["camera_frame"],
    )
    person = person_in_footage(demo_clip, moment, skin, landmark_model)
    print(f"overlap {overlap(skin, person):.2f}")
    assert overlap(skin, person) > 0.4


def test_a_capture_is_one_step_of_undo_and_redo(capture) -> None:
    assert capture.facts["people_after_undo"] == 0
    assert capture.facts["people_after_redo"] == capture.facts["people"]
