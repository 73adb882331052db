"""What a reader sees in the Capture panel in each state, and that every other panel draws in every scene."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import DrawnLayout, draw_panel  # noqa: E402
from reel2rig.blender_addon import install_plan  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.jobs import Asker, Item, jobs  # noqa: E402
from reel2rig.blender_addon.panels import capture as panels  # noqa: E402
from reel2rig.blender_addon.panels.worker import draw_text  # noqa: E402
from reel2rig.blender_addon.preferences import Reel2RigPreferences, home  # noqa: E402
from reel2rig.blender_addon.problems import Problem  # noqa: E402
from reel2rig.blender_addon.registration import MODULES  # noqa: E402
from reel2rig.blender_addon.scanned_people import list_people  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, BuiltCapture, build_capture  # noqa: E402
from reel2rig.blender_addon.video_facts import facts_from_scan  # noqa: E402
from reel2rig.blender_addon.waiting_people import close_waiting, open_waiting  # noqa: E402
from reel2rig.bridge.client.environment import LANDMARK_MODEL  # noqa: E402
from reel2rig.bridge.client.install_steps import InstallProgress  # noqa: E402
from reel2rig.bridge.client.plan import InstallPlan  # noqa: E402
from reel2rig.bridge.protocol import Progress  # noqa: E402

pytestmark = pytest.mark.blender
PLAN = InstallPlan("install", Path("/there/env"), "3.11", "CPU build", 6e8, 3e9, 9e10)
CLASSES = [cls for module in MODULES for cls in module.CLASSES]
PANELS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Panel)]
MENUS = [cls for cls in CLASSES if issubclass(cls, bpy.types.Menu)]
WIDTH = 36  # characters that surely fit beside an icon in the sidebar as Blender opens it


@pytest.fixture(autouse=True)
def no_plan_is_looked_up(monkeypatch):
    """What an installation would do is made up: looking takes a thread, and differs by computer."""
    monkeypatch.setattr(install_plan.plans, "look", lambda home, choice: PLAN)


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


# ---- the Capture panel ----


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


@pytest.fixture
def waiting(addon, make_clip, make_job) -> Path:
    """The folder of a finished capture of two people that an earlier Blender left."""
    job = make_job(make_clip(frames=8), make_clip(frames=8, track="2", offset=1.0))
    folder = home().jobs / "20260101-dance"
    shutil.copytree(job, folder)
    jobs.finished.now(home())
    return folder


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


# ---- every panel in every scene ----


def person_active(built: BuiltCapture) -> None:
    bpy.context.view_layer.objects.active = built.people[0].armature


def several_selected(built: BuiltCapture) -> None:
    person_active(built)
    for person in built.people:
        person.armature.select_set(True)


def camera_active(built: BuiltCapture) -> None:
    bpy.context.view_layer.objects.active = built.camera


def skeleton_only(built: BuiltCapture) -> None:
    person_active(built)
    bpy.ops.reel2rig.remove_body_mesh()


def corrected(built: BuiltCapture) -> None:
    person_active(built)
    bpy.ops.reel2rig.add_corrections()


def action_deleted(built: BuiltCapture) -> None:
    person_active(built)
    bpy.data.actions.remove(built.people[0].action)


def clip_damaged(built: BuiltCapture) -> None:
    person_active(built)
    built.people[0].armature["reel2rig_clip"].from_string("nothing")
    built.people[0].armature["reel2rig_cleanup"] = "{broken"


def person_elsewhere(built: BuiltCapture) -> None:
    """The collections are deleted, as in the Outliner, and one person was kept by another collection."""
    bpy.context.scene.collection.objects.link(built.people[0].armature)
    person_active(built)
    collections_deleted(built)


def collections_deleted(built: BuiltCapture) -> None:
    for one in (*built.collection.children_recursive, built.collection):
        bpy.data.collections.remove(one)


STATES: list[tuple[Callable[[BuiltCapture], None], set[str], set[str]]] = [
    (person_active, {"<hide_viewport>", "<betas>", "<foot_lock>", "[Clean Up Again]"}, {"[Add Body Mesh]"}),
    (several_selected, {"[Merge People]", "[Copy Clean-up to Selected]"}, set()),
    (camera_active, {"[Look Through Camera]", "<focal_mm>", "<heading>"}, {"[Clean Up Again]"}),
    (skeleton_only, {"[Add Body Mesh]", "<betas>"}, {"<hide_viewport>"}),
    (corrected, {"<action_influence>", "[Clean Up Again]"}, {"[Add Corrections Layer]"}),
    (action_deleted, {"[Clean Up Again]", "<foot_lock>"}, set()),
    (clip_damaged, {"[Reset]"}, {"<foot_lock>", "<betas>"}),
    (person_elsewhere, {"<betas>"}, {"[Merge People]", "<focal_mm>"}),
    (collections_deleted, {"Nobody captured here yet"}, {"[Clean Up Again]", "<betas>", "<focal_mm>"}),
]


def everything() -> DrawnLayout:
    """All panels as they are drawn now. The menus are drawn too, but say the same at any time."""
    layout = DrawnLayout()
    for panel in PANELS:
        draw_panel(panel, layout=layout)
    for menu in MENUS:
        draw_panel(menu)
    return layout


@pytest.mark.parametrize(
    ("make", "there", "absent"), [pytest.param(*state, id=state[0].__name__) for state in STATES]
)
def test_all_panels_draw_whatever_the_scene_holds(addon, make_clip, make_job, make, there, absent):
    result = read_result(make_job(make_clip(frames=8), make_clip(frames=8, track="2", offset=0.8)))
    make(build_capture(addon, result, BuildOptions()))
    layout = everything()
    assert there <= set(layout.lines)
    assert not absent & set(layout.lines)
    assert [text for text in layout.texts if len(text) > WIDTH] == []


def test_a_person_cannot_be_split_once_taken_out_of_the_capture(addon, make_clip, make_job):
    built = build_capture(addon, read_result(make_job(make_clip(frames=8))), BuildOptions(skin=False))
    addon.frame_set(4)
    person_active(built)
    assert bpy.ops.reel2rig.split_track.poll()
    person_elsewhere(built)
    assert not bpy.ops.reel2rig.split_track.poll()
    assert bpy.ops.reel2rig.keep_real_time.poll()


def test_in_an_empty_scene_all_panels_say_what_to_do_first(addon):
    layout = everything()
    for told in ("Nobody captured here yet", "Select a captured person", "Worker not installed"):
        assert told in layout.texts
    assert [text for text in layout.texts if len(text) > WIDTH] == []


def test_a_waiting_capture_draws_closed_and_with_its_people(waiting):
    closed = everything()
    assert "dance für zwei.mp4" in [thing.text for thing in closed.all("operator")]
    assert "[Merge]" not in closed.lines
    open_waiting(waiting)
    opened = everything()
    close_waiting(waiting)
    assert {"[Merge]", "[Split]", "[Swap]"} <= set(opened.lines)
    assert opened.texts.count("Frames 0 to 7") == 2


@pytest.mark.parametrize("choices", [{}, {"worker_in": "EXISTING"}, {"torch_build": "CUSTOM"}])
def test_the_preferences_draw_with_every_choice(addon, choices):
    rna = Reel2RigPreferences.bl_rna
    own = ("home", "worker_in", "existing_python", "torch_build", "torch_index")
    chosen = {name: rna.properties[name].default for name in own} | choices
    layout = DrawnLayout()
    Reel2RigPreferences.draw(SimpleNamespace(layout=layout, bl_rna=rna, **chosen), bpy.context)
    assert {"<worker_in>", "<proxy>", "<home>"} <= set(layout.lines)
    assert ("<existing_python>" in layout.lines) == ("worker_in" in choices)
    assert ("<torch_index>" in layout.lines) == ("torch_build" in choices)


# ---- what every button and field tells ----


def explains(text: str) -> bool:
    """Blender adds the full stop itself."""
    return bool(text) and not text[0].islower() and not text.endswith(".")


def shown(cls: Any) -> list[Any]:
    """The properties of a class of ours that a user may see."""
    theirs = {"rna_type", "name", "bl_idname"}
    rna = cls.bl_rna
    if issubclass(cls, bpy.types.Operator):
        rna = getattr(bpy.ops.reel2rig, cls.bl_idname.partition(".")[2]).get_rna_type()
    return [one for name, one in rna.properties.items() if name not in theirs and not one.is_hidden]


def test_every_button_has_a_name_and_explains_itself():
    operators = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    assert len(operators) > 40
    for cls in operators:
        assert cls.bl_label[0].isupper(), cls
        if "INTERNAL" not in getattr(cls, "bl_options", ()):
            assert explains(cls.bl_description), cls


def test_every_field_and_each_of_its_choices_explains_itself(addon):
    groups = [cls for cls in CLASSES if issubclass(cls, bpy.types.PropertyGroup | bpy.types.AddonPreferences)]
    assert len(groups) >= 7
    silent = []
    for cls in (*groups, *(one for one in CLASSES if issubclass(one, bpy.types.Operator))):
        for one in shown(cls):
            items = one.enum_items if one.type == "ENUM" else ()
            told = [one.description, *(item.description for item in items)]
            silent += [f"{cls.__name__}.{one.identifier}"] * (not all(map(explains, told)))
    assert silent == []


def test_a_greyed_out_button_says_why(addon, monkeypatch):
    told: dict[type, str] = {}
    grey = []
    for cls in (one for one in CLASSES if issubclass(one, bpy.types.Operator) and hasattr(one, "poll")):
        with monkeypatch.context() as patch:
            patch.setattr(
                cls, "poll_message_set", lambda reason, cls=cls: told.update({cls: reason}), raising=False
            )
            if not cls.poll(bpy.context):
                grey.append(cls)
    assert len(grey) > 20
    assert [cls.__name__ for cls in grey if not explains(told.get(cls, ""))] == []


# ---- the stand-in itself ----


@pytest.mark.parametrize(
    "mistake",
    [
        lambda layout: layout.label(icon="NO_SUCH_ICON"),
        lambda layout: layout.label("not named"),
        lambda layout: layout.label(text=None),
        lambda layout: layout.row(alihn=True),
        lambda layout: setattr(layout, "alignment", "MIDDLE"),
        lambda layout: layout.prop(bpy.context.scene, "no_such_property"),
        lambda layout: layout.prop(None, "name"),
        lambda layout: layout.prop(bpy.context.scene.cursor, "location", index=3),
        lambda layout: layout.operator("reel2rig.no_such_operator"),
        lambda layout: setattr(layout.operator("reel2rig.queue_move"), "no_such_property", 1),
        lambda layout: setattr(layout.operator("reel2rig.queue_move"), "steps", "one"),
        lambda layout: layout.menu("NO_MT_such_menu"),
        lambda layout: layout.popover("VIEW3D_MT_object"),
        lambda layout: layout.progress(factor=1.1, type="BAR", text=""),
        lambda layout: layout.template_histogram(bpy.context.scene, "name"),
    ],
)
def test_the_layout_of_these_tests_refuses_mistakes(addon, mistake):
    with pytest.raises((AssertionError, KeyError)):
        mistake(DrawnLayout())


def test_greyed_out_rows_grey_what_was_drawn_in_them_before(addon):
    layout = DrawnLayout()
    row = layout.row().box()
    row.operator("reel2rig.open_logs")
    assert layout.buttons["reel2rig.open_logs"] == ("Open Log Folder", True)
    row.enabled = row.active = False
    (button,) = layout.all("operator")
    assert (button.usable, button.active, button.boxed) == (False, False, True)
