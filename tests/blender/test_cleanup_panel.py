"""The clean-up panel inside Blender: sliders and the stored text are one, undo included, and buttons work."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import live as live_module  # noqa: E402
from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.cleanup_properties import sliders_of  # noqa: E402
from reel2rig.blender_addon.live import Live, Request, live  # noqa: E402
from reel2rig.blender_addon.operators.cleanup_presets import ApplyCleanupPreset  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.doubts import doubtful_frames, next_frame, scene_frames  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action, corrections_action  # noqa: E402
from reel2rig.blender_addon.scene.made import read_made  # noqa: E402
from reel2rig.blender_addon.scene.rederive import is_up_to_date  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import CLEANUP, cleanup_of  # noqa: E402
from reel2rig.core.motion.cleanup.settings import BODY_PARTS, Cleanup, from_json  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def people(tmp_path, monkeypatch, empty_scene, make_clip, make_job) -> Iterator[list]:
    """Two captured people with the add-on registered; the first one is active."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path / "scripts"))
    registration.register()
    clips = [make_clip(frames=30, track=str(n), offset=float(n)) for n in (1, 2)]
    built = build_capture(empty_scene, read_result(make_job(*clips)), BuildOptions(skin=False))
    bpy.context.view_layer.objects.active = built.people[0].armature
    yield [person.armature for person in built.people]
    live.drop()
    live.problem = None
    registration.unregister()


def values(person) -> np.ndarray:
    """All values of the capture's curves on the Head, which smoothing changes."""
    curves = [curve for curve in curve_container(capture_action(person)).fcurves if "Head" in curve.data_path]
    return np.array([[point.co[1] for point in curve.keyframe_points] for curve in curves])


def test_every_setting_has_a_slider_that_reads_and_writes_the_stored_text(people):
    sliders = sliders_of(people[0])
    chosen = Cleanup(
        spikes=0.25, smoothing=1.5, smooth_parts=("head", "left arm"), foot_lock=0.75, mirror=True,
        travel="in place", heading_on_root=True, speed=0.5, resample=True, loop=True, loop_blend=0.3,
        reduce=True, reduce_degrees=2.0, reduce_millimetres=25.0, rotation_mode="ZXY",
    )  # fmt: skip
    for name in ("spikes", "smoothing", "foot_lock", "mirror", "heading_on_root", "speed", "resample", "loop",
                 "loop_blend", "reduce", "reduce_millimetres", "rotation_mode"):  # fmt: skip
        setattr(sliders, name, getattr(chosen, name))
    sliders.travel = "IN_PLACE"
    sliders.reduce_degrees = np.radians(2.0)
    sliders.smooth_parts = [part in chosen.smooth_parts for part in BODY_PARTS]
    assert cleanup_of(people[0]) == chosen
    assert from_json(Cleanup, json.loads(people[0][CLEANUP])) == chosen
    assert live.problem is None
    assert read_made(capture_action(people[0])).cleanup == chosen
    people[0][CLEANUP] = json.dumps({"speed": 3.0})
    assert (sliders.speed, sliders.smoothing, sliders.travel) == (3.0, 0.0, "PELVIS")
    assert list(sliders.smooth_parts) == [True] * 7
    assert cleanup_of(people[1]) == Cleanup()


def test_setting_and_keys_go_back_and_forth_together_with_undo(people):
    bpy.context.preferences.edit.use_global_undo = True
    name = people[0].name
    states = []
    for smoothing in (0.0, 2.0, 5.0):
        sliders_of(people[0]).smoothing = smoothing
        bpy.ops.ed.undo_push(message="Smoothing")
        states.append(values(people[0]))
    for wanted, step in ((1, "undo"), (0, "undo"), (1, "redo"), (2, "redo")):
        getattr(bpy.ops.ed, step)()
        person = bpy.data.objects[name]
        assert np.array_equal(values(person), states[wanted])
        assert sliders_of(person).smoothing == [0.0, 2.0, 5.0][wanted]


def test_an_undo_step_that_was_made_before_its_keys_gets_them_when_it_comes_back(people):
    bpy.context.preferences.edit.use_global_undo = True
    name = people[0].name
    sliders_of(people[0]).smoothing = 1.0
    bpy.ops.ed.undo_push(message="Before")
    people[0][CLEANUP] = json.dumps({"smoothing": 4.0})  # as a slider does while its keys still wait
    bpy.ops.ed.undo_push(message="Smoothing")
    sliders_of(people[0]).smoothing = 6.0
    bpy.ops.ed.undo_push(message="Smoothing")
    bpy.ops.ed.undo()
    person = bpy.data.objects[name]
    assert cleanup_of(person).smoothing == 4.0
    assert is_up_to_date(bpy.context.scene, person)
    assert read_made(capture_action(person)).cleanup.smoothing == 4.0


def test_a_duplicate_and_an_opened_file_show_their_own_settings(people, tmp_path):
    sliders_of(people[0]).smoothing = 2.0
    name = people[0].name
    for linked in (False, True):
        bpy.ops.object.select_all(action="DESELECT")
        bpy.data.objects[name].select_set(True)
        bpy.context.view_layer.objects.active = bpy.data.objects[name]
        bpy.ops.object.duplicate(linked=linked)
        twin = bpy.context.object
        assert sliders_of(twin).smoothing == 2.0
        sliders_of(twin).smoothing = 7.0
        assert sliders_of(bpy.data.objects[name]).smoothing == 2.0
        assert read_made(capture_action(bpy.data.objects[name])).cleanup.smoothing == 2.0
        assert read_made(capture_action(twin)).cleanup.smoothing == 7.0
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path) as (_, into):
        into.objects = [name]
    assert sliders_of(bpy.data.objects[name]).smoothing == 2.0
    bpy.ops.wm.open_mainfile(filepath=path)
    assert sliders_of(bpy.data.objects[name]).smoothing == 2.0


def test_a_slider_on_something_else_stores_nothing(people):
    thing = bpy.data.objects.new("Mine", None)
    sliders_of(thing).smoothing = 3.0
    assert CLEANUP not in thing


def test_what_cannot_be_read_is_shown_as_defaults_and_only_reset_replaces_it(people):
    people[0][CLEANUP] = "broken"
    sliders_of(people[0]).smoothing = 3.0
    assert people[0][CLEANUP] == "broken"
    with pytest.raises(RuntimeError, match=r"press Reset Clean-up.*\[cleanup.invalid\]"):
        bpy.ops.reel2rig.clean_up()
    assert bpy.ops.reel2rig.reset_cleanup() == {"FINISHED"}
    assert cleanup_of(people[0]) == Cleanup()


def test_a_setting_that_cannot_be_had_goes_back_to_what_the_keys_say_and_the_reason_is_told(people):
    sliders = sliders_of(people[0])
    sliders.smoothing = 1.0
    bpy.ops.reel2rig.add_corrections()
    head = people[0].pose.bones["Head"]
    head.keyframe_insert("rotation_quaternion", frame=3)
    sliders.rotation_mode = "XYZ"  # would switch the correction off
    assert live.problem is not None
    assert sliders.rotation_mode == "QUATERNION"
    assert is_up_to_date(bpy.context.scene, people[0])
    sliders.smoothing = 2.0
    assert live.problem is None


def test_copying_gives_the_settings_of_the_active_person_to_the_other_selected_ones(people):
    sliders_of(people[0]).smoothing = 2.5
    bpy.ops.object.select_all(action="DESELECT")
    assert not bpy.ops.reel2rig.copy_cleanup.poll()
    people[1].select_set(True)
    assert bpy.ops.reel2rig.copy_cleanup() == {"FINISHED"}
    assert read_made(capture_action(people[1])).cleanup.smoothing == 2.5


def test_all_selected_people_are_cleaned_up_with_their_own_settings(people):
    bpy.ops.object.select_all(action="DESELECT")
    assert not bpy.ops.reel2rig.clean_up_selected.poll()
    for number, person in enumerate(people):
        person.select_set(True)
        person[CLEANUP] = json.dumps({"smoothing": 1.0 + number})
    assert bpy.ops.reel2rig.clean_up_selected() == {"FINISHED"}
    assert [read_made(capture_action(person)).cleanup.smoothing for person in people] == [1.0, 2.0]


def test_corrections_are_added_once(people):
    assert bpy.ops.reel2rig.add_corrections() == {"FINISHED"}
    assert corrections_action(people[0]) is not None
    assert not bpy.ops.reel2rig.add_corrections.poll()


def test_nothing_can_be_pressed_without_a_captured_person(people):
    bpy.context.view_layer.objects.active = None  # and there are two people, so that no one is meant
    for name in ("clean_up", "reset_cleanup", "detect_contacts", "jump_to_doubt", "add_corrections"):
        assert not getattr(bpy.ops.reel2rig, name).poll(), name


def doubt(person, *frames: float, around: float = 4.0) -> None:
    """Let the contact of the left foot be a guess at some frames, sure again `around` frames away."""
    curve = curve_container(capture_action(person)).fcurves.find('["contact_L_confidence"]')
    curve.keyframe_points.clear()
    curve.keyframe_points.insert(1, 1.0)
    for frame in frames:
        for offset, value in ((-around, 1.0), (0, 0.1), (around, 1.0)):
            curve.keyframe_points.insert(frame + offset, value)


def test_jumping_goes_through_the_doubtful_frames_around_and_back_and_says_when_none_is_left(people):
    for foot in ("L", "R"):
        container = curve_container(capture_action(people[0]))
        for point in container.fcurves.find(f'["contact_{foot}_confidence"]').keyframe_points:
            point.co[1] = 1.0
    scene = bpy.context.scene
    scene.frame_set(1)
    assert bpy.ops.reel2rig.jump_to_doubt() == {"CANCELLED"}
    doubt(people[0], 5, around=1.0)  # a foot that comes down, as in every step
    assert bpy.ops.reel2rig.jump_to_doubt() == {"CANCELLED"}
    doubt(people[0], 8, 20)
    assert doubtful_frames(capture_action(people[0])).tolist() == [8, 20]
    visited = []
    for backwards in (False, False, False, True, True):
        assert bpy.ops.reel2rig.jump_to_doubt(backwards=backwards) == {"FINISHED"}
        visited.append(scene.frame_current)
    assert visited == [8, 20, 8, 20, 8]


def test_frames_on_a_moved_strip_are_those_of_the_scene(people):
    bpy.ops.reel2rig.add_corrections()
    action = capture_action(people[0])
    strip = people[0].animation_data.nla_tracks[0].strips[0]
    strip.frame_start_raw, strip.frame_end_raw = 101, 101 + strip.frame_end_raw - strip.frame_start_raw
    assert scene_frames(people[0], action, np.array([1.0, 8.0])).tolist() == pytest.approx([101, 108])


def test_jumping_without_anything_to_jump_to():
    assert next_frame(np.array([]), 5, True) is None
    assert next_frame(np.array([5.0]), 5, True) == 5.0


def test_a_preset_is_kept_applied_and_refused_when_it_is_no_preset(people, tmp_path):
    sliders_of(people[0]).smoothing = 4.0
    path = tmp_path / "calm.py"
    path.write_text(sliders_of(people[0]).settings)
    bpy.ops.reel2rig.reset_cleanup()
    assert bpy.ops.reel2rig.apply_cleanup_preset(filepath=str(path)) == {"FINISHED"}
    assert read_made(capture_action(people[0])).cleanup.smoothing == 4.0
    path.write_text("import os")
    with pytest.raises(RuntimeError, match=r"cannot be read.*\[cleanup.invalid\]"):
        bpy.ops.reel2rig.apply_cleanup_preset(filepath=str(path))
    assert ApplyCleanupPreset.bl_options == {"REGISTER", "UNDO"}


class Clock:
    """Seconds that pass only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def drag(monkeypatch):
    """A slider in a window: a clock, the times at which keys are made, and the registered timer."""
    monkeypatch.setattr(live_module.bpy, "app", _App())
    clock = Clock()
    made: list[float] = []
    monkeypatch.setattr(Request, "run", lambda self: made.append(clock.now))
    monkeypatch.setattr(live_module, "redraw_editors", lambda: None)
    return Live(clock), clock, made


class _Timers:
    def __init__(self) -> None:
        self.waiting: dict = {}

    def is_registered(self, function) -> bool:
        return function in self.waiting

    def register(self, function, first_interval: float) -> None:
        self.waiting[function] = first_interval


class _App:
    background = False

    def __init__(self) -> None:
        self.timers = _Timers()


SLIDER = Request("Scene", person="Person")


def test_while_a_slider_moves_keys_are_made_at_most_ten_times_a_second_and_at_once_on_release(drag):
    slider, clock, made = drag
    for _ in range(100):
        slider.touched(SLIDER, changed=True)
        clock.now += 0.01
    assert 8 <= len(made) <= 10
    slider.touched(SLIDER, changed=False)  # the mouse button is released
    assert made[-1] == clock.now
    count = len(made)
    slider.touched(SLIDER, changed=False)
    assert len(made) == count


def test_a_slow_clip_is_keyed_when_the_slider_rests(drag):
    slider, clock, made = drag
    slider.took = 2.0
    for _ in range(10):
        slider.touched(SLIDER, changed=True)
        clock.now += 0.1
    assert made == []
    (timer,) = live_module.bpy.app.timers.waiting
    clock.now += 0.05
    assert timer() == pytest.approx(0.15)
    clock.now += 0.2
    assert timer() is None
    assert made == [clock.now]


def test_what_waits_for_one_person_is_keyed_before_another_is_touched(drag):
    slider, clock, made = drag
    slider.touched(SLIDER, changed=True)
    clock.now += 0.01
    slider.touched(SLIDER, changed=True)
    assert len(made) == 1
    slider.touched(Request("Scene", person="Other"), changed=True)
    assert len(made) == 2


def test_what_goes_wrong_under_a_slider_is_told_until_it_comes_out_well(drag, monkeypatch):
    slider, clock, _ = drag

    def fail(self):
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(Request, "run", fail)
        slider.touched(SLIDER, changed=True)
    assert slider.problem.code == "memory.full"
    clock.now += 1.0
    slider.touched(SLIDER, changed=True)
    assert slider.problem is None
