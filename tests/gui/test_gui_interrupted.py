"""In a real Blender window: a wrong video, Cancel, and another file opened while a capture runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_ring import Played

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def interrupted(played, worker_home: Path, demo_clip: Path) -> Played:
    return played("interrupted", home=str(worker_home), video=str(demo_clip))


def test_a_file_that_is_no_video_is_refused_in_words(interrupted) -> None:
    assert "holiday.mp4" in interrupted.facts["problem"]
    assert interrupted.facts["problem"].endswith("[video.not_a_video]")
    assert interrupted.facts["failed_left"] == 0


def test_the_copy_button_copies_what_a_bug_report_needs(interrupted) -> None:
    copied = interrupted.facts["copied"]
    assert interrupted.facts["problem"] in copied
    assert "Blender " in copied
    assert "Python " in copied


def test_a_video_dropped_onto_the_viewport_is_taken(interrupted, demo_clip) -> None:
    assert interrupted.facts["drop_taken"]
    assert Path(interrupted.facts["dropped_video"]) == demo_clip


def test_cancel_stops_the_capture_and_leaves_nothing(interrupted) -> None:
    print(f"cancelled in {interrupted.facts['cancelled_in']:.2f} s")
    assert interrupted.facts["objects_left"] == 0


def test_a_capture_whose_file_was_left_waits_until_its_button_is_pressed(interrupted) -> None:
    assert interrupted.facts["people_in_other_file"] == 0
    assert "waits" in interrupted.facts["message"]
    assert interrupted.facts["people_imported"] == 1
