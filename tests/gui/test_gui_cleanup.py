"""In a real Blender window, with the .blend alone: sliders and buttons after the capture."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_ring import Played

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def cleanup(played, capture: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Without a worker, and with a copy of the file: neither home nor job folder of the capture is there."""
    blend = tmp_path_factory.mktemp("elsewhere") / "captured.blend"
    blend.write_bytes((capture.folder / "captured.blend").read_bytes())
    return played("cleanup", home=str(Path(blend).parent / "empty"), blend=str(blend))


def test_dragging_a_slider_changes_the_keys_and_one_undo_brings_them_back(cleanup) -> None:
    assert cleanup.facts["smoothing"] > 2
    assert cleanup.facts["roughness_after"] < 0.9 * cleanup.facts["roughness_before"]
    assert cleanup.facts["one_undo_brings_the_keys_back"]


def test_a_button_puts_the_capture_on_a_strip_and_corrections_on_top(cleanup) -> None:
    assert len(cleanup.facts["strips"]) == 1
    assert cleanup.facts["corrections"] not in cleanup.facts["strips"]
    assert cleanup.facts["blend"] == "COMBINE"


def test_the_search_menu_finds_and_runs_an_operator(cleanup) -> None:
    assert cleanup.facts["frame_after_search"] > 1


def test_another_focal_length_leaves_everyone_where_they_are_in_the_picture(cleanup) -> None:
    """In parts of the picture; feet that stay on one floor may move a little."""
    assert cleanup.facts["moved_in_picture"] < 0.03
    assert cleanup.facts["left_the_camera"]


def test_a_button_shows_the_contacts_in_a_dope_sheet(cleanup) -> None:
    assert "DOPESHEET" in cleanup.facts["dope_sheets"]
