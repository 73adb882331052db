"""Where a finished capture goes: to the scene that asked for it, or into a list that outlives Blender."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import landing, watch  # noqa: E402
from reel2rig.blender_addon.importing import import_capture  # noqa: E402
from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.jobs.finished import is_imported, read_all  # noqa: E402
from reel2rig.blender_addon.operators.capture import wish  # noqa: E402
from reel2rig.blender_addon.preferences import home  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.bridge.files import write_json  # noqa: E402
from reel2rig.bridge.jobs import clean_jobs, create_job  # noqa: E402
from reel2rig.core.motion.files.npz import read_clip, write_clip  # noqa: E402
from reel2rig.core.motion.smoothing import smooth_clip  # noqa: E402

pytestmark = pytest.mark.blender


def begin(scene, video):
    """A capture whose result is there and not in a scene yet, as it is between two ticks."""
    item = wish(scene, video=str(video))
    jobs.add(item)
    end = time.monotonic() + 20
    while not item.over and time.monotonic() < end:
        jobs.poll()
        time.sleep(0.02)
    assert item.state == "landing"
    return item


def armatures(scene):
    return [thing for thing in scene.objects if thing.type == "ARMATURE"]


def waiting():
    return [entry.folder for entry in jobs.finished.now(home())]


@pytest.fixture
def left_behind(addon, make_clip, make_job):
    """A finished capture that an earlier Blender left in the home folder."""
    job = create_job(home().jobs, "capture", "/films/dance für zwei.mp4", {})
    shutil.copytree(make_job(make_clip(frames=5)), job.folder, dirs_exist_ok=True)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_json(job.folder / "owner.json", {"pid": gone.pid})
    return job.folder


def test_a_capture_lands_in_the_scene_that_asked_whichever_is_shown(addon, worker, make_video):
    item = begin(addon, make_video("good"))
    bpy.context.window.scene = bpy.data.scenes.new("Other")
    addon.name = "Renamed"
    watch._tick()
    assert item.state == "done"
    assert len(armatures(addon)) == 2
    assert armatures(bpy.data.scenes["Other"]) == []
    assert waiting() == []


def test_landing_is_the_one_undo_step_of_an_operator(addon):
    for operator in (bpy.ops.reel2rig.import_capture, bpy.ops.reel2rig.list_people):
        assert "UNDO" in operator.bl_options
    for operator in (bpy.ops.reel2rig.capture, bpy.ops.reel2rig.find_people, bpy.ops.reel2rig.cancel_capture):
        assert "UNDO" not in operator.bl_options


def test_when_the_scene_is_gone_the_capture_waits(addon, worker, make_video):
    asking = bpy.data.scenes.new("Asking")
    item = begin(asking, make_video("good"))
    bpy.data.scenes.remove(asking)
    watch._tick()
    assert waiting() == [item.job.folder]
    assert "waits under Finished Captures" in jobs.message
    assert armatures(addon) == []


def test_when_another_file_is_open_the_capture_waits_even_if_a_scene_has_the_name(addon, worker, make_video):
    item = begin(addon, make_video("good"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert bpy.context.scene.name == "Scene"
    watch._tick()
    assert waiting() == [item.job.folder]
    assert armatures(bpy.context.scene) == []


def test_a_capture_waits_until_edit_mode_is_left(addon, worker, make_video):
    mesh = bpy.data.objects.new("Mine", bpy.data.meshes.new("Mine"))
    addon.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    item = begin(addon, make_video("good"))
    bpy.ops.object.mode_set(mode="EDIT")
    watch._tick()
    assert item.state == "landing"
    assert landing.what_holds_up() == "you are back in Object Mode"
    bpy.ops.object.mode_set(mode="OBJECT")
    watch._tick()
    assert item.state == "done"


def test_whoever_has_come_in_is_selected(addon, worker, make_video):
    other = bpy.data.objects.new("Mine", None)
    addon.collection.objects.link(other)
    other.select_set(True)
    begin(addon, make_video("good"))
    watch._tick()
    assert set(bpy.context.selected_objects) == set(armatures(addon))
    assert bpy.context.object in armatures(addon)


def test_what_another_session_left_is_listed_with_name_date_and_people(left_behind):
    (entry,) = read_all(home())
    assert (entry.folder, entry.video, entry.people) == (left_behind, "dance für zwei.mp4", 1)
    assert entry.date.startswith("Today ")
    os.utime(left_behind / "result.json", (0, 0))
    assert "Today" not in read_all(home())[0].date


def test_importing_takes_a_capture_off_the_list_for_good(addon, left_behind):
    assert bpy.ops.reel2rig.import_capture(filepath=str(left_behind)) == {"FINISHED"}
    assert waiting() == []
    assert len(armatures(addon)) == 1
    assert read_all(home()) == ()  # as another session would read it


def test_an_import_undone_puts_the_capture_back_on_the_list(addon, left_behind):
    bpy.ops.reel2rig.import_capture(filepath=str(left_behind))
    (collection,) = [one for one in bpy.data.collections if landing.MARK in one]
    collection[landing.MARK] = ""  # as if it were not there
    landing.follow_undo()
    assert waiting() == [left_behind]
    collection[landing.MARK] = left_behind.name
    landing.follow_undo()
    assert waiting() == []


def test_discarding_deletes_the_capture(addon, left_behind):
    assert bpy.ops.reel2rig.discard_capture(filepath=str(left_behind)) == {"FINISHED"}
    end = time.monotonic() + 10
    while left_behind.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not left_behind.exists()
    assert waiting() == []


def test_a_capture_that_cannot_be_imported_stays_on_the_list(addon, left_behind):
    (left_behind / "result-1.npz").write_bytes(b"damaged")
    with pytest.raises(RuntimeError):
        bpy.ops.reel2rig.import_capture(filepath=str(left_behind))
    assert waiting() == [left_behind]


def test_what_a_living_program_has_just_made_is_not_ours_to_list(left_behind):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        write_json(left_behind / "owner.json", {"pid": child.pid})
        assert read_all(home()) == ()
    finally:
        child.communicate(b"\n")


def test_old_ones_are_cleaned_up_imported_or_not(left_behind):
    then = time.time() - 30 * 86400
    os.utime(left_behind / "job.json", (then, then))
    assert clean_jobs(home().jobs) == [left_behind]
    assert read_all(home()) == ()


def test_a_motion_file_of_the_users_is_imported_without_leaving_a_mark(addon, make_clip, tmp_path):
    write_clip(tmp_path / "walk.npz", make_clip(frames=5))
    bpy.ops.reel2rig.import_capture(filepath=str(tmp_path / "walk.npz"))
    assert not is_imported(tmp_path)


def test_smoothing_in_blender_keys_what_the_worker_would_have_smoothed(addon, make_clip, make_job, tmp_path):
    def keys(folder):
        built = import_capture(addon, folder, BuildOptions(skin=False, camera=False))
        curves = curve_container(built.people[0].action).fcurves
        found = {}
        for curve in curves:
            if curve.data_path.startswith("pose.bones"):
                values = np.empty(2 * len(curve.keyframe_points))
                curve.keyframe_points.foreach_get("co", values)
                found[curve.data_path, curve.array_index] = values
        return found

    folder = make_job(make_clip(frames=40))
    raw = read_clip(folder / "result-1.npz")
    write_json(folder / "asked.json", {"smoothing": 2.5})
    ours = keys(folder)
    (folder / "asked.json").unlink()
    unsmoothed = keys(folder)
    write_clip(folder / "result-1.npz", smooth_clip(raw, 2.5))
    theirs = keys(folder)
    assert ours.keys() >= theirs.keys()
    worst = max(np.abs(ours[curve] - theirs[curve]).max() for curve in theirs)
    moved = max(np.abs(unsmoothed[curve] - theirs[curve]).max() for curve in theirs)
    assert worst < 1e-5 < 0.01 < moved


def test_track_edits_kept_for_a_waiting_capture_are_applied_on_import(addon, make_clip, make_job):
    from reel2rig.blender_addon.scene.kept_edits import keep_edits
    from reel2rig.core.motion.tracks import TrackEdit

    folder = make_job(make_clip(frames=8), make_clip(frames=8, track="2", offset=1.0))
    keep_edits(addon, folder, [TrackEdit("split", ("1",), 4)])
    built = import_capture(addon, folder, BuildOptions(skin=False))
    assert sorted(person.track for person in built.people) == ["1", "2", "3"]
    assert json.loads((folder / "result.json").read_text(encoding="utf-8"))["clips"] == [
        "result-1.npz",
        "result-2.npz",
    ]
