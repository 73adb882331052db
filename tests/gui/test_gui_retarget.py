"""In a real Blender window: the motion of a capture is put onto a Mixamo rig by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_ring import Played
from rigs import rig_skeleton

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def retarget(played, capture: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    blend: Path = tmp_path_factory.mktemp("retarget") / "captured.blend"
    blend.write_bytes((capture.folder / "captured.blend").read_bytes())
    rest = rig_skeleton("mixamo", "T", "odd")
    rig = {
        "names": rest.names,
        "parents": rest.parents,
        "heads": rest.heads.tolist(),
        "tails": rest.tails.tolist(),
        "fronts": rest.axes[:, :, 2].tolist(),
    }
    return played("retarget", home=str(blend.parent / "empty"), blend=str(blend), rig=rig)


def test_a_rig_searched_by_its_name_is_recognised(retarget) -> None:
    assert retarget.facts["recognised"] == "Mixamo"


def test_the_button_makes_the_rig_move_as_the_person_does(retarget) -> None:
    assert "on Hero" in retarget.facts["action"]
    assert retarget.facts["arms_apart"] < 2.0
    assert retarget.facts["legs_apart"] < 10.0  # feet that stand are kept in their places by the legs


def test_one_undo_takes_the_retarget_back(retarget) -> None:
    assert retarget.facts["one_undo_takes_it_back"]
