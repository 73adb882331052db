"""What a reader sees in the Capture panel in each state."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import DrawnLayout, draw_panel  # noqa: E402
from reel2rig.blender_addon.jobs import Asker, Item, jobs  # noqa: E402
from reel2rig.blender_addon.panels import capture as panels  # noqa: E402
from reel2rig.blender_addon.panels.worker import draw_text  # noqa: E402
from reel2rig.blender_addon.preferences import home  # noqa: E402
from reel2rig.blender_addon.problems import Problem  # noqa: E402
from reel2rig.blender_addon.scanned_people import list_people  # noqa: E402
from reel2rig.blender_addon.video_facts import facts_from_scan  # noqa: E402
from reel2rig.bridge.client.environment import LANDMARK_MODEL  # noqa: E402
from reel2rig.bridge.client.install_steps import InstallProgress  # noqa: E402
from reel2rig.bridge.protocol import Progress  # noqa: E402

pytestmark = [pytest.mark.blender, pytest.mark.usefixtures("no_plan_is_looked_up")]


def capture_panel() -> DrawnLayout:
    return draw_panel(panels.CapturePanel)


def queued(stem: str, state: str = "waiting", **more: object) -> Item:
    """A video in the queue, as if the worker were at it."""
    item = Item(home(), Path(f"/films/{stem}.mp4"), {}, Asker(1, "Scene"), state=state, **more)
    jobs.queue.items.append(item)
    return item


def say(progress: Progress | None, state: str = "busy") -> None:
    """Let the worker have said how far it is."""
    jobs.worker.session = SimpleNamespace(
        progress=progress, state=state, hello=None, pid=None, close=lambda: None
    )


@pytest.fixture
def ready(worker):
    """A worker with all that it needs."""
    home().models.mkdir(parents=True, exist_ok=True)
    (home().models / LANDMARK_MODEL).touch()
    jobs.look_again()


def test_at_first_it_says_that_the_worker_is_not_there_and_offers_to_install_it(addon):
    layout = capture_panel()
    assert layout.texts[0] == "Worker not installed"
    assert "Captures run in a program of their own" in layout.text
    assert layout.buttons["reel2rig.install_worker"][0] == "Install the Worker"
    order = [line for line in layout.lines if line in ("[Install the Worker]", "<video>", "[Capture]")]
    assert order == ["[Install the Worker]", "<video>", "[Capture]"]


def test_while_installing_it_shows_the_bar_and_lets_nothing_be_captured(addon, monkeypatch):
    task = SimpleNamespace(progress=InstallProgress("Downloading", 0.4), latest=(), cancelling=False)
    monkeypatch.setattr(jobs.installs, "task", task)
    layout = capture_panel()
    assert layout.texts[:2] == ["Installing the Worker", "Downloading"]
    assert layout.bars == [(0.4, "40 %")]
    assert layout.buttons["reel2rig.cancel_install"] == ("Cancel", True)
    assert layout.buttons["reel2rig.capture"] == ("Capture", False)
    monkeypatch.setattr(jobs.installs, "task", None)


def test_ready_and_without_a_video_it_is_a_line_a_field_and_two_buttons(addon, ready):
    assert capture_panel().lines == [
        *("Ready on CPU", "[Reel2Rig Preferences]"),
        *("<video>", "[Open Video]", "<trim>"),
        *("<person>", "[Find People]", "[Capture]"),
    ]


def test_a_chosen_video_is_told_by_size_rate_and_length_and_its_range_in_time(addon, ready, make_video):
    chosen, path = addon.reel2rig, str(make_video("dance"))
    chosen.video = path
    facts_from_scan(path, {"fps": [30, 1], "width": 1280, "height": 720, "frame_count": 450})
    layout = capture_panel()
    assert layout.all("icon")
    assert {"1280 x 720, 30 fps", "0:15", "All 450"} <= set(layout.texts)
    chosen.trim, chosen.trim_start, chosen.trim_end = True, 30, 89
    layout = capture_panel()
    assert "0:01.0 to 0:03.0, 60 frames" in layout.texts
    assert "All 450" not in layout.texts
    assert layout.buttons["reel2rig.range_from_playback"][1]


def test_a_video_that_cannot_be_read_is_told_in_red(addon, ready, tmp_path):
    addon.reel2rig.video = str(tmp_path / "gone.mp4")
    told = [thing.text for thing in capture_panel().things if thing.alert and thing.boxed]
    assert "There is no video" in " ".join(told)


def list_two(addon, path: str) -> None:
    tracks = [
        {"id": number, "frames": frames, "first_frame": 2, "last_frame": 99, "confidence": 0.8,
         "thumbnail": "person.png"}
        for number, frames in ((1, 90), (2, 15))
    ]  # fmt: skip
    addon.reel2rig.video = path
    list_people(addon.reel2rig.people, {"video": {"fps": [30, 1]}, "tracks": tracks}, Path("/job"))
    addon.reel2rig.scan_question = addon.reel2rig.question()


def test_people_that_were_found_are_listed_with_a_tick_each(addon, ready, make_video):
    list_two(addon, str(make_video("dance")))
    layout = capture_panel()
    assert "People: 1 of 2" in layout.texts
    assert len(layout.all("prop", "chosen")) == 2
    at = layout.texts.index("Person 2")
    assert layout.texts[at : at + 3] == ["Person 2", "0.5 s", "80 %"]
    assert {"Seen for 90 frames", "Between 2 and 99", "Confidence 80 %"} <= set(layout.texts)
    assert not next(thing for thing in layout.things if thing.text == "Person 2").active  # not ticked
    assert "reel2rig.forget_people" in layout.buttons
    assert "<person>" not in layout.lines


def test_a_list_for_other_settings_is_called_so_and_numbers_can_be_typed(addon, ready, make_video):
    list_two(addon, str(make_video("dance")))
    addon.reel2rig.max_people, addon.reel2rig.person = 7, "ids"
    layout = capture_panel()
    assert "The list was for other settings" in layout.texts
    assert "<person_ids>" in layout.lines
    assert not layout.all("list")


def test_while_capturing_it_shows_stage_frames_time_left_and_a_way_out(addon, ready):
    queued("dance", "running")
    say(Progress("1", "people", 120, 450, 0.25, 2.0, 65.4, "cpu"))
    layout = capture_panel()
    assert layout.texts[0] == "Worker: Busy"
    assert "dance" in layout.texts
    assert layout.bars == [(0.25, "Finding people 120/450")]
    assert "On CPU, 1:05 left" in layout.texts
    assert layout.buttons["reel2rig.cancel_capture"] == ("Cancel", True)
    assert layout.buttons["reel2rig.capture"] == ("Add to Queue", True)


def test_before_the_first_word_of_the_worker_no_time_is_guessed(addon, ready):
    queued("dance", "running")
    say(None)
    layout = capture_panel()
    assert layout.bars == [(0.0, "Starting the worker")]
    assert "left" not in layout.text


def test_once_cancelled_it_says_so_and_cannot_be_cancelled_again(addon, ready):
    queued("dance", "cancelling")
    say(Progress("1", "people", 120, 450, 0.25, 2.0, 65.4, "cpu"), "cancelling")
    layout = capture_panel()
    assert layout.bars == [(0.25, "Cancelling")]
    assert "reel2rig.cancel_capture" not in layout.buttons


def test_the_queue_names_what_waits_in_order_and_greys_moves_that_lead_nowhere(addon, ready):
    first, last = queued("first"), queued("last")
    layout = capture_panel()
    assert layout.texts[-3:] == ["Queue: 2", "first", "last"]
    assert layout.buttons["reel2rig.clear_queue"] == ("Clear", True)
    moves = layout.all("operator", "reel2rig.queue_move")
    assert [(move.given["item"], move.given["steps"], move.usable) for move in moves] == [
        *((first.number, -1, False), (first.number, 1, True)),
        *((last.number, -1, True), (last.number, 1, False)),
    ]


def test_a_failed_video_keeps_its_sentence_its_report_and_can_be_tried_again(addon, ready):
    jobs.problem = Problem("people.none_found", "No person was found; choose a video that shows one.")
    item = queued("empty street", "failed", problem=jobs.problem)
    layout = capture_panel()
    assert "empty street" in layout.texts
    assert layout.text.count("No person was found; choose a video that shows one.") == 1
    assert "[people.none_found]" in layout.text
    for name in ("queue_retry", "queue_remove"):
        (button,) = layout.all("operator", f"reel2rig.{name}")
        assert (button.given, button.usable) == ({"item": item.number}, True)
    assert layout.buttons["reel2rig.copy_report"][1]


def test_a_finished_video_that_cannot_come_in_yet_says_what_it_waits_for(addon, ready):
    mesh = bpy.data.objects.new("Mine", bpy.data.meshes.new("Mine"))
    addon.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    queued("dance", "landing")
    bpy.ops.object.mode_set(mode="EDIT")
    told = capture_panel().text
    bpy.ops.object.mode_set(mode="OBJECT")
    assert "dance is finished; it comes in when you are back in Object Mode" in told


def test_finished_captures_can_be_imported_or_discarded(waiting):
    layout = capture_panel()
    at = layout.texts.index("Finished Captures")
    assert layout.texts[at + 1] == "dance für zwei.mp4"
    assert layout.texts[at + 2].startswith("Today ")
    assert layout.texts[at + 2].endswith(", 2 people")
    for name in ("import_capture", "discard_capture"):
        (button,) = layout.all("operator", f"reel2rig.{name}")
        assert (button.given, button.usable) == ({"filepath": str(waiting)}, True)


def test_a_problem_stands_in_a_box_with_its_code_and_a_report_to_copy(addon, ready):
    jobs.problem = Problem("memory.full", "This computer ran out of memory; close other programs.")
    layout = capture_panel()
    assert "This computer ran out of memory; close other programs. Code: memory.full" in layout.text
    assert all(thing.boxed for thing in layout.things if "memory" in thing.text)
    assert layout.buttons["reel2rig.copy_report"] == ("Copy Report", True)
    jobs.problem, jobs.message = None, "The worker is installed."
    layout = capture_panel()
    assert layout.texts[-1] == "The worker is installed."
    assert "reel2rig.copy_report" not in layout.buttons


def test_long_texts_are_broken_to_the_width_and_lose_nothing(addon, ready):
    sentence = "A sentence that goes on and on about what is wrong with this video and what to do. " * 3
    for width, most in ((0, 32), (200, 24), (440, 62)):
        layout = DrawnLayout()
        draw_text(layout, sentence, "ERROR", width)
        assert max(len(line) for line in layout.texts) <= most
        assert layout.text == sentence.strip()
        assert layout.things[0].options["icon"] == "ERROR"
    jobs.problem = Problem("internal.error", sentence)
    queued("dance", "failed", problem=Problem("network.failed", sentence))
    layout = capture_panel()
    assert layout.text.count(sentence.strip()) == 2
    assert max(len(line) for line in layout.texts) <= 32


def test_settings_show_the_body_that_is_chosen_and_grey_what_is_not_asked_for(addon):
    layout = draw_panel(panels.OptionsPanel)
    assert layout.lines[0] == "<REEL2RIG_PT_capture_presets>"
    asked = {"height": "use_height", "focal": "use_focal", "start_frame": "choose_start"}
    assert not any(layout.all("prop", name)[0].active for name in asked)
    for switch in asked.values():
        setattr(addon.reel2rig, switch, True)
    addon.reel2rig_body.kind = "file"
    layout = draw_panel(panels.OptionsPanel)
    assert all(layout.all("prop", name)[0].active for name in asked)
    assert layout.all("prop", "file")
    assert layout.buttons["reel2rig.check_body_file"] == ("Check Body File", True)
