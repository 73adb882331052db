"""What the panels draw in each state, read by a stand-in for Blender's layout."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.jobs import Wanted, jobs  # noqa: E402
from reel2rig.blender_addon.panels.capture import CapturePanel, OptionsPanel, ScenePanel  # noqa: E402
from reel2rig.blender_addon.panels.worker import draw_text, draw_worker  # noqa: E402
from reel2rig.blender_addon.problems import Problem  # noqa: E402
from reel2rig.bridge.home import Home  # noqa: E402
from reel2rig.bridge.protocol import Progress  # noqa: E402

pytestmark = pytest.mark.blender

ICONS = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())


class Layout:
    """Notes what is drawn, and refuses what the real layout would: unknown icons, properties, operators."""

    def __init__(self, drawn: list[str] | None = None) -> None:
        self.drawn = [] if drawn is None else drawn

    def _nested(self, **_: object) -> Layout:
        return Layout(self.drawn)

    row = column = box = _nested

    def label(self, text: str = "", icon: str = "NONE") -> None:
        assert icon in ICONS, icon
        self.drawn.append(text)

    def prop(self, data: object, name: str, text: str | None = None) -> None:
        assert name in data.bl_rna.properties, name
        self.drawn.append(f"<{name}>")

    def operator(self, name: str, text: str | None = None, icon: str = "NONE") -> SimpleNamespace:
        assert icon in ICONS, icon
        group, _, operator = name.partition(".")
        rna = getattr(getattr(bpy.ops, group), operator).get_rna_type()
        self.drawn.append(f"[{text or rna.name}]")
        return SimpleNamespace()

    def progress(self, factor: float, type: str, text: str) -> None:
        assert 0 <= factor <= 1
        assert type in {"BAR", "RING"}
        self.drawn.append(f"({text})")


@pytest.fixture
def drawn(tmp_path, monkeypatch, empty_scene):
    """A function that draws a panel now and returns what was drawn."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    registration.register()
    jobs.problem, jobs.message = None, ""
    jobs.look_again()

    def draw(panel=CapturePanel) -> list[str]:
        layout = Layout()
        panel.draw(SimpleNamespace(layout=layout), bpy.context)
        return layout.drawn

    yield draw
    jobs.session, jobs.wanted, jobs.install = None, None, None
    jobs.finished.clear()
    registration.unregister()


def test_at_first_it_says_absent_and_offers_to_install(drawn):
    assert drawn() == [
        "Worker: Absent",
        "Online access is off:",
        "Preferences, System, Network",
        "[Install the Worker]",
        "<video>",
        "<person>",
        "[Capture]",
    ]


def test_while_installing_it_shows_the_last_line_and_a_cancel_button(drawn):
    jobs.install = SimpleNamespace(line="Installing torch", cancel=lambda: None, wait=lambda _: None)
    text = drawn()
    assert text[0] == "Worker: Installing"
    assert "(Installing torch)" in text
    assert "[Cancel]" in text
    assert "[Install the Worker]" not in text


def test_while_capturing_it_shows_progress_and_cancel_in_place_of_capture(drawn, tmp_path):
    progress = Progress("1", "landmarks", 34, 120, 0.25, 2.0, 65.4, "cpu")
    jobs.session = SimpleNamespace(progress=progress, state="busy", hello=None, close=lambda: None)
    jobs.wanted = Wanted(tmp_path, "Scene")
    text = drawn()
    assert "(landmarks 34/120, 1:05 left)" in text
    assert "[Cancel]" in text
    assert "[Capture]" not in text


def test_a_problem_shows_its_sentence_its_code_and_a_copy_button(drawn):
    jobs.problem = Problem("people.none_found", "No person was found; choose a video that shows one.")
    text = drawn()
    assert "No person was found; choose a" in text
    assert "people.none_found" in text
    assert "[Copy Report]" in text


def test_a_broken_worker_can_be_repaired_or_removed(drawn):
    Home.find().environment.mkdir(parents=True)
    jobs.look_again()
    text = drawn()
    assert text[0].startswith("Worker: Broken")
    assert "[Repair the Worker]" in text
    assert "[Remove the Worker]" in text


def test_a_capture_whose_scene_is_gone_can_be_imported_later(drawn, tmp_path):
    jobs.finished.append(tmp_path / "20260101-dance-abc")
    assert "[Import 20260101-dance-abc]" in drawn()


def test_the_other_panels_and_the_preferences_draw(drawn):
    scene = bpy.context.scene.reel2rig
    scene.person, scene.trim, scene.use_height, scene.use_focal, scene.choose_start = (
        "ids",
        True,
        True,
        True,
        True,
    )
    assert {"<trim_start>", "<trim_end>", "<height>", "<focal>", "<start_frame>"} <= set(drawn(OptionsPanel))
    assert "<person_ids>" in drawn()
    assert drawn(ScenePanel) == ["[Import Capture]", "[Match Scene to Video]"]
    layout = Layout()
    draw_worker(layout, always_manage=True)
    assert layout.drawn[0] == "Worker: Absent"


def test_long_texts_are_broken_into_lines_that_fit(drawn):
    layout = Layout()
    draw_text(layout, "word " * 40, "ERROR")
    assert all(len(line) <= 32 for line in layout.drawn)
    assert " ".join(layout.drawn) == ("word " * 40).strip()


def test_every_button_and_choice_explains_itself(drawn):
    for cls in registration.CLASSES:
        if issubclass(cls, bpy.types.Operator) and "INTERNAL" not in getattr(cls, "bl_options", ()):
            assert cls.bl_description, cls
            assert re.match(r"[A-Z].*[^.]$", cls.bl_description), "Blender adds the full stop itself"
    for name, item in bpy.types.Scene.bl_rna.properties["reel2rig"].fixed_type.properties.items():
        if name not in {"rna_type", "name"}:
            assert item.description, name
