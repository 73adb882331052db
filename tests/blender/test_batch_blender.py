"""What a batch writes is what the panel makes: the same keys, on the same rig, and a library to browse."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest
from panel_worker import PanelWorker

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.headless import BadRequest, run_request  # noqa: E402
from reel2rig.blender_addon.importing import import_capture  # noqa: E402
from reel2rig.blender_addon.scene.action_library import CATALOGS  # noqa: E402
from reel2rig.blender_addon.scene.export.rig import export_rig  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import NotRecognised  # noqa: E402
from reel2rig.bridge.batch.blender import WarmBlender  # noqa: E402
from reel2rig.bridge.batch.choices import BatchChoices  # noqa: E402
from reel2rig.bridge.batch.library import make_library  # noqa: E402
from reel2rig.bridge.batch.plan import plan_batch  # noqa: E402
from reel2rig.bridge.batch.run_batch import run_batch  # noqa: E402
from reel2rig.bridge.batch.run_clip import ClipTools, run_clip  # noqa: E402
from reel2rig.bridge.client.session import Session  # noqa: E402
from reel2rig.bridge.headless_blender import BlenderProgram  # noqa: E402
from reel2rig.bridge.home import Home  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.files.npz import read_clip, write_clip  # noqa: E402
from reel2rig.core.pipeline.settings import CaptureSettings  # noqa: E402
from rigs import build_rig  # noqa: E402

pytestmark = pytest.mark.blender

SMOOTHING = 2.5


def keys_of(action):
    """(data path, index) -> (N, 2) frames and values, exactly as they are stored."""
    result = {}
    for curve in curve_container(action).fcurves:
        points = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", points)
        result[curve.data_path, curve.array_index] = points.reshape(-1, 2)
    return result


def assert_same_keys(found, expected):
    assert found.keys() == expected.keys()
    assert len(found) > 50
    for channel, points in expected.items():
        assert np.array_equal(found[channel], points), channel


class Batched:
    """Runs batches in a real Blender over a worker that hands out a prepared capture of two people."""

    def __init__(self, folder: Path, job: Path, video: Path) -> None:
        self.out, self.job, self.video = folder / "out", job, video
        self.worker = PanelWorker(folder, job)
        self.session = Session(sys.executable, Home.find(), command=self.worker.command)
        self.blender = WarmBlender(BlenderProgram(Path(sys.executable), module=True))

    def run(self, *inputs, resume=False, **choices):
        settings = CaptureSettings(person="all")
        given = {"formats": ("blend",), "settings": settings, "cleanup": Cleanup(smoothing=SMOOTHING)}
        plan = plan_batch(inputs or [self.video], self.out, BatchChoices(**(given | choices)))

        def run(tasks, on_outcome):
            for task in tasks:
                on_outcome(run_clip(task, ClipTools(self.session, self.blender)))

        def gather(library, tasks, outcomes):
            make_library(self.blender, library, tasks, outcomes)

        report = run_batch(plan, run, resume=resume, make_library=gather)
        assert report.error is None
        return report

    def done(self, *inputs, **choices):
        report = self.run(*inputs, **choices)
        assert [outcome.message for outcome in report.failed] == []
        return report


@pytest.fixture
def batched(addon, tmp_path, make_clip, make_job, make_video):
    job = make_job(
        make_clip(frames=24, first=3, source="dance.mp4"),
        make_clip(frames=15, first=9, track="2", offset=1.0, source="dance.mp4"),
    )
    (job / "asked.json").write_text(json.dumps({"smoothing": SMOOTHING}), encoding="utf-8")
    made = Batched(tmp_path, job, make_video("dance"))
    yield made
    made.blender.close()
    made.session.close()


@pytest.fixture
def hero(tmp_path):
    """A rig file as users have them: Mixamo's names, an action already there, another frame rate."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = build_rig("mixamo")
    rig.animation_data_create().action = bpy.data.actions.new("Idle")
    bpy.context.scene.render.fps = 30
    bpy.context.scene.frame_start = 11
    path = tmp_path / "hero ü.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def test_a_batch_keys_what_the_panel_keys(batched):
    built = import_capture(bpy.context.scene, batched.job)
    expected = {person.track: keys_of(capture_action(person.armature)) for person in built.people}
    report = batched.done()
    assert [Path(file).name for file in report.outcomes[0].files] == ["dance_p01.blend", "dance_p02.blend"]
    assert report.outcomes[0].frames == (1, 24)
    for track, file in zip(report.outcomes[0].people, report.outcomes[0].files, strict=True):
        bpy.ops.wm.open_mainfile(filepath=file)
        people = [thing for thing in bpy.context.scene.objects if thing.type == "ARMATURE"]
        assert_same_keys(keys_of(capture_action(people[0])), expected[track])
        assert len(people) == 1
    # The worker was asked for the raw capture: smoothing stays a setting that can be changed.
    assert [message["settings"]["smoothing"] for message in batched.worker.requests()] == [0.0]


def test_a_batch_writes_the_motion_that_the_panel_exports(batched, tmp_path):
    scene = bpy.context.scene
    built = import_capture(scene, batched.job)
    for person in built.people:
        export_rig(scene, person.armature, tmp_path / f"panel {person.track}.npz", "npz")
    report = batched.done(formats=("npz",))
    for track, file in zip(("1", "2"), report.outcomes[0].files, strict=True):
        ours, panels = read_clip(file), read_clip(tmp_path / f"panel {track}.npz")
        for name in ("rotations", "root", "betas", "rest_joints", "frames", "valid", "contacts"):
            assert np.array_equal(getattr(ours, name), getattr(panels, name)), name
        assert (ours.fps, ours.space, ours.track) == (panels.fps, panels.space, track)
        raw = read_clip(batched.job / f"result-{track}.npz")
        assert len(ours) == len(raw)
        assert not np.allclose(ours.rotations, raw.rotations, atol=1e-3)  # it is smoothed


def test_a_batch_keys_the_rig_as_the_panel_does_and_leaves_its_file_alone(batched, hero):
    before = hashlib.sha256(hero.read_bytes()).hexdigest(), hero.stat().st_mtime_ns
    bpy.ops.wm.open_mainfile(filepath=str(hero))
    scene, rig = bpy.context.scene, bpy.context.scene.objects["mixamo"]
    built = import_capture(scene, batched.job)
    expected = {
        person.track: keys_of(retarget_rig(scene, person.armature, rig).action) for person in built.people
    }
    report = batched.done(rig=hero, formats=("blend", "fbx"), library=hero.with_name("lib.blend"))
    assert (hashlib.sha256(hero.read_bytes()).hexdigest(), hero.stat().st_mtime_ns) == before
    blends = [file for file in report.outcomes[0].files if file.endswith(".blend")]
    for track, file in zip(("1", "2"), blends, strict=True):
        bpy.ops.wm.open_mainfile(filepath=file)
        played = bpy.context.scene.objects["mixamo"].animation_data.action
        assert played.name == f"dance_p0{track}"
        assert_same_keys(keys_of(played), expected[track])
        assert bpy.data.actions["Idle"].use_fake_user
        assert bpy.context.scene.frame_start == 11
        # The capture is there for a later look, behind a closed eye.
        seen = [thing.name for thing in bpy.context.scene.objects if thing.visible_get()]
        assert seen == ["mixamo"]
        assert len(bpy.context.scene.objects) > 1
    assert report.outcomes[0].frames == (11, 34)
    _check_library(hero.with_name("lib.blend"), expected)


def _check_library(library, expected):
    bpy.ops.wm.open_mainfile(filepath=str(library))
    text = library.with_name(CATALOGS).read_text(encoding="utf-8")
    catalogs = dict(
        line.split(":")[:2] for line in text.splitlines() if line.count(":") == 2 and line[0] != "#"
    )
    assert {action.name for action in bpy.data.actions} == {"dance_p01", "dance_p02"}
    for action in bpy.data.actions:
        about = action.asset_data
        assert catalogs[about.catalog_id] == "Captures/hero ü"
        assert {tag.name for tag in about.tags} == {"dance", action.name[-3:], "hero ü"}
        assert "dance.mp4" in about.description
        assert_same_keys(keys_of(action), expected[action.name[-1]])
    assert not bpy.data.objects


def test_a_library_grows_and_is_not_filled_twice(batched, hero, make_clip, tmp_path):
    library = tmp_path / "assets" / "moves.blend"
    library.parent.mkdir()
    (library.parent / CATALOGS).write_text("VERSION 1\n\n0-0:Mine:Mine\n", encoding="utf-8")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.data.actions.new("Mine").asset_mark()
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    write_clip(tmp_path / "walk.npz", make_clip(frames=9))
    batched.done(library=library)
    batched.done(batched.video, tmp_path / "walk.npz", library=library, resume=True)
    batched.done(rig=hero, library=library, resume=True)
    bpy.ops.wm.open_mainfile(filepath=str(library))
    assert {action.name: bool(action.asset_data) for action in bpy.data.actions} == {
        "Mine": True,
        "dance_p01": True,
        "dance_p02": True,
        "dance_p01.001": True,
        "dance_p02.001": True,
        "walk_p01": True,
    }
    text = (library.parent / CATALOGS).read_text(encoding="utf-8")
    catalogs = ("Mine", "Captures", "Captures/hero ü", "Captures/Captured Skeleton")
    assert [text.count(f":{name}:") for name in catalogs] == [1] * 4
    assert len(batched.worker.requests()) == 1  # one capture served all three


def test_another_rate_puts_the_keys_on_whole_frames(batched):
    assert batched.done(formats=("bvh", "glb")).outcomes[0].frames == (1, 24)
    report = batched.done(fps="24", frame_start=101, name="{clip}")
    assert report.outcomes[0].frames == (101, 120)
    bpy.ops.wm.open_mainfile(filepath=report.outcomes[0].files[0])
    scene = bpy.context.scene
    assert (scene.render.fps, scene.frame_start, scene.frame_end) == (24, 101, 120)
    people = [thing for thing in scene.objects if thing.type == "ARMATURE"]
    assert len(people) == 2
    frames = keys_of(capture_action(people[0]))['pose.bones["Pelvis"].location', 0][:, 0]
    assert np.array_equal(frames, np.round(frames))
    assert frames[0] == 101


def test_motion_files_need_no_capture_and_keep_their_arrays(batched, make_clip, tmp_path):
    clip = make_clip(frames=12)
    write_clip(tmp_path / "walk.npz", clip)
    report = batched.done(tmp_path / "walk.npz", formats=("npz",), cleanup=Cleanup())
    back = read_clip(report.outcomes[0].files[0])
    assert np.allclose(back.joints, clip.joints, atol=1e-4) or back.space != clip.space
    assert (report.captures, batched.worker.requests()) == (0, [])


def test_a_file_that_cannot_be_written_or_a_rig_that_is_none_fails_its_clip_alone(
    batched, tmp_path, make_video
):
    (batched.out / "dance_p01.fbx").mkdir(parents=True)
    other = make_video("other")
    report = batched.run(batched.video, other, formats=("fbx",))
    assert [(outcome.state, outcome.code) for outcome in report.outcomes] == [
        ("failed", "output.not_writable"),
        ("done", ""),
    ]
    assert batched.blender.started == 1  # a mistake of the user's costs no new Blender
    (tmp_path / "no rig.blend").write_bytes(b"not a blend")
    report = batched.run(rig=tmp_path / "no rig.blend", resume=True)
    assert [outcome.code for outcome in report.failed] == ["retarget.rig_file"]
    assert report.exit_code == 1


def test_a_rig_file_with_several_armatures_asks_for_a_name(batched, hero):
    bpy.ops.wm.open_mainfile(filepath=str(hero))
    build_rig("mixamo").name = "Villain"
    bpy.ops.wm.save_mainfile()
    report = batched.run(rig=hero)
    assert "Villain" in report.failed[0].message
    assert "--rig" in report.failed[0].message
    report = batched.done(rig=hero, armature="Villain", resume=True, formats=("bvh",))
    assert len(report.outcomes[0].files) == 2


def test_a_rig_is_looked_at_before_anybody_is_captured(hero, tmp_path):
    onto = {"rig": str(hero), "name": None, "map": None, "options": {}}
    assert run_request({"look_at": onto}) == {"ok": True, "rig": "mixamo", "map": "Mixamo", "tested": ANY}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.object.armature_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "stick.blend"))
    with pytest.raises(NotRecognised):
        run_request({"look_at": onto | {"rig": str(tmp_path / "stick.blend")}})
    with pytest.raises(BadRequest):
        run_request({"look_at": {"name": "rig"}})


def test_blender_is_started_afresh_after_so_many_clips_and_ends_with_the_batch(
    batched, make_video, make_clip
):
    batched.blender = WarmBlender(BlenderProgram(Path(sys.executable), module=True), clips=2)
    report = batched.done(*(make_video(f"clip {number}") for number in range(3)), formats=("bvh",))
    assert (len(report.outcomes), batched.blender.started) == (3, 2)
    batched.blender.close()
    assert batched.blender.pid is None
