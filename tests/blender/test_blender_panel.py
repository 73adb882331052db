"""The add-on inside Blender: registering, the state line, the operators' blocking path, and errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.jobs import Item, jobs  # noqa: E402
from reel2rig.blender_addon.landing import asker_of  # noqa: E402
from reel2rig.blender_addon.preferences import home  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import cleanup_of  # noqa: E402
from reel2rig.bridge.home import Home  # noqa: E402

pytestmark = pytest.mark.blender


def test_registering_twice_over_leaves_nothing_behind(empty_scene):
    def known() -> set[str]:
        names = {name for name in dir(bpy.types) if "reel2rig" in name.lower()}
        return names | {name for name in dir(bpy.types.Scene) if "reel2rig" in name}

    before = known()
    for _ in range(2):
        registration.register()
        assert "REEL2RIG_PT_capture" in known()
        assert hasattr(bpy.types.Scene, "reel2rig")
        registration.unregister()
    assert known() == before
    assert not [f for f in bpy.app.handlers.load_post if "reel2rig" in f.__module__]


def test_without_an_environment_the_state_line_says_absent_and_capturing_is_refused(addon, tmp_path):
    assert jobs.state_line(home()) == "Absent"
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"x")
    addon.reel2rig.video = str(video)
    with pytest.raises(RuntimeError, match=r"press Install.*\[worker.environment_missing\]"):
        bpy.ops.reel2rig.capture()
    assert jobs.problem.code == "worker.environment_missing"
    assert not jobs.capturing


@pytest.mark.parametrize(
    ("video", "said"), [("", "No video is chosen"), ("/nowhere/x.mp4", "There is no video")]
)
def test_a_missing_video_is_refused_before_anything_starts(addon, video, said):
    addon.reel2rig.video = video
    with pytest.raises(RuntimeError, match=rf"{said}.*\[video.not_found\]"):
        bpy.ops.reel2rig.capture()
    assert jobs.session is None


def test_an_unfinished_installation_is_called_broken(addon):
    Home.find().environment.mkdir(parents=True)
    jobs.look_again()
    assert jobs.state_line(home()) == "Broken (The installation of the worker's environment did not finish)"


def test_a_capture_builds_the_people_with_the_choices_of_the_panel(addon, worker, tmp_path):
    video = tmp_path / "meine Aufnahme.mp4"
    video.write_bytes(b"x")
    chosen = addon.reel2rig
    chosen.video, chosen.person, chosen.trim, chosen.trim_start, chosen.trim_end = (
        str(video),
        "all",
        True,
        3,
        9,
    )
    chosen.use_height, chosen.height, chosen.skin = True, 1.8, False
    chosen.choose_start, chosen.start_frame = True, 1001
    assert jobs.state_line(home()) == "Ready on cpu"
    assert bpy.ops.reel2rig.capture() == {"FINISHED"}
    (request,) = worker.requests()
    assert Path(request["video"]) == video
    assert request["settings"] == {
        "person": "all", "max_people": 4, "smoothing": 0.0, "device": "auto",
        "start": "3", "end": "10", "height_m": 1.8,
    }  # fmt: skip
    armatures = [thing for thing in addon.objects if thing.type == "ARMATURE"]
    assert len(armatures) == 2
    assert {cleanup_of(person).smoothing for person in armatures} == {2.0}
    assert not [thing for thing in addon.objects if thing.type == "MESH"]
    assert addon.frame_start == 1001
    assert jobs.finished.now(home()) == ()
    assert jobs.state_line(home()) == "Ready on cpu"
    assert jobs.session.pid is not None  # the worker stays warm


def test_what_the_worker_refuses_is_shown_with_its_code(addon, worker, tmp_path):
    video = tmp_path / "nobody.mp4"
    video.write_bytes(b"x")
    addon.reel2rig.video = str(video)
    with pytest.raises(RuntimeError, match=r"No person was found. \[people.none_found\]"):
        bpy.ops.reel2rig.capture()
    assert jobs.state_line(home()) == "Ready on cpu"
    assert "people.none_found" in jobs.problem.report()
    assert "Blender" in jobs.problem.report()


def test_a_worker_that_dies_shows_as_stopped_and_why_and_the_next_capture_works(addon, worker, tmp_path):
    video, good = tmp_path / "dies.mp4", tmp_path / "clip.mp4"
    video.write_bytes(b"x")
    good.write_bytes(b"x")
    addon.reel2rig.video = str(video)
    with pytest.raises(RuntimeError, match=r"killed"):
        bpy.ops.reel2rig.capture()
    assert jobs.state_line(home()).startswith("Stopped (In mid-job the worker was killed")
    addon.reel2rig.video = str(good)
    assert bpy.ops.reel2rig.capture() == {"FINISHED"}


def test_progress_is_told_with_stage_frames_and_time_left(addon, worker, tmp_path):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"x")
    item = Item(home(), video, {"person": "longest"}, asker_of(addon))
    jobs.add(item)
    assert jobs.state_line(home()).startswith("Busy")
    while not item.over:
        jobs.poll()
    assert jobs.progress_text() == "landmarks 2/2, 0:05 left"
    assert jobs.progress_factor() == 1.0
    assert item.state == "landing"
    assert [entry.folder for entry in jobs.finished.now(home())] == [item.job.folder]
    jobs.landed(item)


def test_importing_a_job_folder_or_a_motion_file_is_one_operator(addon, make_clip, make_job):
    folder = make_job(make_clip(frames=3))
    assert bpy.ops.reel2rig.import_capture(filepath=str(folder / "result.json")) == {"FINISHED"}
    assert bpy.ops.reel2rig.import_capture(filepath=str(folder / "result-1.npz")) == {"FINISHED"}
    assert len([thing for thing in addon.objects if thing.type == "ARMATURE"]) == 2
    with pytest.raises(RuntimeError, match=r"\[result.missing\]"):
        bpy.ops.reel2rig.import_capture(filepath=str(folder.parent))


def test_match_scene_moves_keys_to_the_rate_of_the_video(addon, make_clip, make_job):
    mine = bpy.data.objects.new("Mine", None)
    addon.collection.objects.link(mine)
    addon.render.fps, addon.frame_start = 24, 10
    folder = make_job(make_clip(frames=31, first=5))
    bpy.ops.reel2rig.import_capture(filepath=str(folder))
    action = next(a for a in bpy.data.actions)
    assert tuple(action.frame_range) == pytest.approx((10, 34))
    assert bpy.ops.reel2rig.match_scene() == {"FINISHED"}
    assert (addon.render.fps, addon.frame_start, addon.frame_end) == (30, 10, 40)
    assert tuple(action.frame_range) == pytest.approx((10, 40))
    assert addon.camera.type == "CAMERA"
    assert bpy.ops.reel2rig.match_scene() == {"FINISHED"}  # pressing it again changes nothing
    assert tuple(action.frame_range) == pytest.approx((10, 40))


def test_match_scene_without_a_capture_says_so(addon):
    with pytest.raises(RuntimeError, match=r"\[scene.no_capture\]"):
        bpy.ops.reel2rig.match_scene()


def test_nothing_is_downloaded_while_blender_is_offline(addon):
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match=r"\[setup.offline\]"):
        bpy.ops.reel2rig.install_worker()
    assert jobs.install is None
    assert not Home.find().root.exists()


def test_a_proxy_outlives_its_job_folder(addon, make_clip, make_job, tmp_path):
    folder = make_job(make_clip(frames=3))
    (folder / "proxy.mp4").write_bytes(b"not really a video")
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    (folder / "result.json").write_text(json.dumps(record | {"proxy": "proxy.mp4"}), encoding="utf-8")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.context.scene.reel2rig.skin = False
    for _ in range(2):
        bpy.ops.reel2rig.import_capture(filepath=str(folder))
    shutil.rmtree(folder)
    assert {clip.filepath for clip in bpy.data.movieclips} == {"//dance für zwei upright.mp4"}
    assert (tmp_path / "dance für zwei upright.mp4").read_bytes() == b"not really a video"
