"""Several videos in a row: their order, their ends, and what each of them remembers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import landing, ticks, watch  # noqa: E402
from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.jobs.words import clock, left_text, stage_text  # noqa: E402
from reel2rig.blender_addon.operators.capture import wish  # noqa: E402
from reel2rig.bridge.processes import pid_alive  # noqa: E402
from reel2rig.bridge.protocol import Progress  # noqa: E402

pytestmark = pytest.mark.blender


def until(condition, seconds=20.0):
    """Poll as the timer does until something holds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        watch._tick()
        time.sleep(0.02)
    assert condition()


def add(scene, *videos):
    items = [wish(scene, video=str(video)) for video in videos]
    jobs.add(*items)
    return items


def states(items):
    return [item.state for item in items]


def scan(number_frames, fps=(30, 1)):
    tracks = [
        {"id": number, "frames": frames, "first_frame": 2, "last_frame": 2 + frames, "confidence": 0.8,
         "thumbnail": f"person-{number}.png"}
        for number, frames in number_frames
    ]  # fmt: skip
    video = {"path": "/x.mp4", "width": 640, "height": 360, "fps": list(fps), "frame_count": 200}
    return {"schema": 1, "video": video, "tracks": tracks, "notes": []}


def test_videos_are_captured_in_turn_by_one_worker_and_all_land(addon, worker, make_video):
    items = add(addon, make_video("first"), make_video("second"), make_video("third"))
    assert states(items) == ["running", "waiting", "waiting"]
    worker_id = jobs.session.pid
    until(lambda: states(items) == ["done"] * 3)
    assert [Path(request["video"]).stem for request in worker.requests()] == ["first", "second", "third"]
    assert jobs.session.pid == worker_id
    assert len([thing for thing in addon.objects if thing.type == "ARMATURE"]) == 6
    assert not jobs.capturing
    assert jobs.queue.items == []


def test_a_failed_video_keeps_its_sentence_and_does_not_stop_the_next(addon, worker, make_video):
    items = add(addon, make_video("nobody"), make_video("dies"), make_video("good"))
    until(lambda: not jobs.capturing and not jobs.queue.landing)
    assert states(items) == ["failed", "failed", "done"]
    assert items[0].problem.message == "No person was found."
    assert "killed" in items[1].problem.message
    assert jobs.queue.failed == items[:2]


def test_a_failed_video_can_be_tried_again_with_its_settings(addon, worker, make_video):
    video = make_video("nobody")
    (item,) = add(addon, video)
    until(lambda: item.state == "failed")
    addon.reel2rig.person = "all"
    bpy.ops.reel2rig.queue_retry(item=item.number)
    until(lambda: item.state == "failed")
    assert [request["settings"]["person"] for request in worker.requests()] == ["longest", "longest"]
    bpy.ops.reel2rig.queue_remove(item=item.number)
    assert jobs.queue.items == []
    assert jobs.problem is None


def test_waiting_videos_change_places_and_leave(addon, worker, make_video):
    items = add(addon, *(make_video(stem) for stem in ("slow", "a", "b", "c")))
    until(lambda: items[0].state == "running")
    bpy.ops.reel2rig.queue_move(item=items[3].number, steps=-1)
    assert [item.name for item in jobs.queue.waiting] == ["a", "c", "b"]
    bpy.ops.reel2rig.queue_move(item=items[1].number, steps=5)
    assert [item.name for item in jobs.queue.waiting] == ["c", "b", "a"]
    bpy.ops.reel2rig.queue_move(item=items[0].number, steps=1)  # the running one stays
    bpy.ops.reel2rig.queue_remove(item=items[0].number)
    assert jobs.queue.running is items[0]
    bpy.ops.reel2rig.queue_remove(item=items[2].number)
    assert [item.name for item in jobs.queue.waiting] == ["c", "a"]
    bpy.ops.reel2rig.clear_queue()
    assert jobs.queue.items == [items[0]]


def test_each_video_keeps_the_choices_it_was_added_with(addon, worker, make_video):
    chosen = addon.reel2rig
    chosen.person, chosen.skin, chosen.smoothing = "all", True, 3
    first = wish(addon, video=str(make_video("first")))
    chosen.person, chosen.skin, chosen.smoothing = "longest", False, 0
    second = wish(addon, video=str(make_video("second")))
    jobs.add(first, second)
    until(lambda: states([first, second]) == ["done", "done"])
    assert [request["settings"]["person"] for request in worker.requests()] == ["all", "longest"]
    meshes = [thing for thing in addon.objects if thing.type == "MESH"]
    assert len(meshes) == 2  # of the first capture
    people = [thing for thing in addon.objects if thing.type == "ARMATURE"]
    assert ["reel2rig_cleanup" in person for person in people] == [True, True, False, False]


@pytest.mark.parametrize(("stem", "said"), [("slow", "terminated"), ("deaf", "killed")])
def test_cancel_ends_what_runs_says_how_and_the_queue_goes_on(addon, worker, make_video, stem, said):
    running, next_one = add(addon, make_video(stem), make_video("good"))
    until(lambda: jobs.progress is not None)
    process = jobs.session.pid
    start = time.monotonic()
    assert bpy.ops.reel2rig.cancel_capture() == {"FINISHED"}
    until(lambda: running.state == "cancelled")
    print(f"a {stem} worker was cancelled in {time.monotonic() - start:.2f} s")
    assert said in running.message
    assert not pid_alive(process)
    assert not running.job.folder.exists()
    until(lambda: next_one.state == "done")
    assert running not in jobs.queue.items


def test_a_video_that_is_missing_keeps_the_others_out_of_the_queue_too(addon, worker, make_video, tmp_path):
    files = [{"name": "good.mp4"}, {"name": "gone.mp4"}]
    make_video("good")
    with pytest.raises(RuntimeError, match=r"There is no video .*gone.mp4.*\[video.not_found\]"):
        bpy.ops.reel2rig.open_video(directory=str(tmp_path), files=files)
    assert jobs.queue.items == []


def test_finding_people_lists_them_and_ticks_who_is_seen_for_long(addon, worker, make_video, tmp_path):
    scanned = scan([(1, 90), (3, 29), (2, 30)])
    (tmp_path / "job" / "scan.json").write_text(json.dumps(scanned), encoding="utf-8")
    addon.reel2rig.video = str(make_video("good"))
    assert bpy.ops.reel2rig.find_people() == {"FINISHED"}
    people = addon.reel2rig.people
    assert [(one.number, one.name, one.chosen) for one in people] == [
        (1, "Person 1", True), (3, "Person 3", False), (2, "Person 2", True),
    ]  # fmt: skip
    assert people[0].seconds == pytest.approx(3)
    assert addon.reel2rig.facts().frame_count == 200  # now known from the worker


def test_a_capture_after_the_list_takes_the_ticked_and_the_work_along(addon, worker, make_video, tmp_path):
    (tmp_path / "job" / "scan.json").write_text(json.dumps(scan([(1, 90), (2, 60)])), encoding="utf-8")
    (tmp_path / "job" / "stages").mkdir()
    (tmp_path / "job" / "stages" / "people.npz").write_bytes(b"found")
    addon.reel2rig.video = str(make_video("good"))
    bpy.ops.reel2rig.find_people()
    addon.reel2rig.people[0].chosen = False
    item = wish(addon)
    assert (item.settings["person"], item.after.folder) == ("2", Path(addon.reel2rig.scan_folder))
    jobs.add(item)
    # Not its bytes: the pretend worker is already writing in its folder.
    taken, found = (folder / "stages" / "people.npz" for folder in (item.job.folder, item.after.folder))
    assert taken.samefile(found)
    addon.reel2rig.people[1].chosen = False
    with pytest.raises(RuntimeError, match=r"Nobody is chosen.*\[people.none_chosen\]"):
        bpy.ops.reel2rig.capture()


def test_a_list_of_people_holds_for_its_video_and_range_only(addon, worker, make_video, tmp_path):
    (tmp_path / "job" / "scan.json").write_text(json.dumps(scan([(1, 90)])), encoding="utf-8")
    chosen = addon.reel2rig
    chosen.video, chosen.person = str(make_video("good")), "all"
    bpy.ops.reel2rig.find_people()
    assert chosen.has_list()
    assert chosen.settings()["person"] == "1"
    chosen.trim, chosen.trim_start = True, 10
    assert not chosen.has_list()
    assert chosen.settings()["person"] == "all"
    chosen.trim = False
    assert chosen.has_list()
    chosen.video = str(make_video("other"))
    assert not chosen.has_list()


def test_a_damaged_list_of_people_is_refused(addon, worker, make_video, tmp_path):
    (tmp_path / "job" / "scan.json").write_text(json.dumps(scan([(1, 90)]) | {"tracks": [{"id": 1}]}))
    addon.reel2rig.video = str(make_video("good"))
    with pytest.raises(RuntimeError, match=r"\[file.corrupt\]"):
        bpy.ops.reel2rig.find_people()
    assert len(addon.reel2rig.people) == 0


def test_own_files_reach_the_worker_as_absolute_paths(addon, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    chosen = bpy.context.scene.reel2rig
    (tmp_path / "smpl.npz").touch()
    body = bpy.context.scene.reel2rig_body
    body.kind, body.file = "file", "//smpl.npz"
    chosen.landmark_model, chosen.checkpoint = "//heavy.task", "//net.pt"
    settings = chosen.settings()
    assert Path(settings["landmark_model"]) == tmp_path / "heavy.task"
    assert Path(settings["checkpoint"]) == tmp_path / "net.pt"
    assert Path(settings["body"]) == tmp_path / "smpl.npz"


def test_presets_bring_settings_back_and_leave_the_video_alone(addon, tmp_path, monkeypatch):
    def folder(kind, path="", create=False):
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
        return str(tmp_path / path)

    monkeypatch.setattr(bpy.utils, "user_resource", folder)
    chosen = addon.reel2rig
    chosen.max_people, chosen.smoothing, chosen.device, chosen.video = 7, 4.5, "cpu", "a.mp4"
    assert bpy.ops.reel2rig.capture_preset_add(name="Studio") == {"FINISHED"}
    (preset,) = tmp_path.rglob("[Ss]tudio.py")
    chosen.max_people, chosen.smoothing, chosen.device, chosen.video = 1, 0, "auto", "b.mp4"
    bpy.ops.script.execute_preset(filepath=str(preset), menu_idname="REEL2RIG_MT_capture_presets")
    assert (chosen.max_people, chosen.smoothing, chosen.device) == (7, 4.5, "cpu")
    assert chosen.video == "b.mp4"


@pytest.mark.parametrize(
    ("stage", "done", "total", "text"),
    [
        ("people", 120, 450, "Finding people 120/450"),
        ("network", 3, 227, "Reading motion 3/227"),
        ("refine", 50, 200, "Fitting the body 25 %"),
        ("world", 0, 1, "Finding the floor"),
    ],
)
def test_stages_are_told_in_words_of_the_trade(stage, done, total, text):
    assert stage_text(Progress("j", stage, done, total, 0.5, 1.0, 65.0, "cpu")) == text


def test_time_left_is_told_only_when_it_is_more_than_a_guess():
    known = Progress("j", "people", 1, 2, 0.5, 1.0, 65.4, "cpu")
    assert left_text(known) == "1:05 left"
    assert left_text(Progress("j", "people", 1, 2, 0.0, 1.0, -1.0, "cpu")) == ""
    assert clock(3725) == "1:02:05"


def test_the_time_in_our_callbacks_is_counted_and_told(addon, worker, make_video):
    ticks.paces.clear()
    (item,) = add(addon, make_video("good"))
    until(lambda: item.state == "done")
    print(ticks.report_line())
    assert ticks.paces["tick"].calls > 0
    assert ticks.paces["tick"].slowest >= ticks.paces["tick"].mean > 0
    assert "tick" in ticks.report_line()
    assert "target 50 ms" in ticks.report_line()


def test_a_failing_tick_is_reported_and_ticks_go_on(addon, monkeypatch):
    monkeypatch.setattr(jobs, "poll", lambda: SimpleNamespace().nothing)
    watch._tick()
    assert jobs.problem.code == "internal.error"


def test_an_outcome_that_cannot_be_brought_in_does_not_stop_the_ticks(addon, worker, make_video, monkeypatch):
    (item,) = add(addon, make_video("good"))
    monkeypatch.setattr(landing, "scene_of", lambda asker: 1 / 0)
    until(lambda: item.state == "done")
    assert jobs.problem.code == "internal.error"
    assert item.job.folder.exists()
