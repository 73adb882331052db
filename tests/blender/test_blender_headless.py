"""What leaves Blender without a window: files other programs open, pictures, and errors as sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import gui_blender
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import headless, headless_work  # noqa: E402
from reel2rig.blender_addon.headless import BadRequest, run_file, run_request  # noqa: E402
from reel2rig.blender_addon.scene.export import staging  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.blender_addon.scene.whole import is_whole  # noqa: E402
from reel2rig.core.errors import DiskFull, OutputFolderMissing, UnknownFormat  # noqa: E402
from reel2rig.core.motion.spaces import to_space  # noqa: E402

pytestmark = pytest.mark.blender


def export_to(tmp_path: Path, job: Path, suffix: str, **options) -> Path:
    out = tmp_path / f"wyjście ü.{suffix}"
    report = run_request({"job": str(job), "output": str(out), "format": suffix, "options": options})
    assert report["ok"]
    assert out.is_file()
    assert not [p for p in tmp_path.iterdir() if ".part" in p.name]
    return out


def imported_heads(scene_frame: float) -> list[dict[str, np.ndarray]]:
    """World bone heads by bone name of every armature in the file, at a frame."""
    whole = int(np.floor(scene_frame))
    bpy.context.scene.frame_set(whole, subframe=scene_frame - whole)
    armatures = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    # USD names allow no dots, so its writer puts underscores.
    return [
        {bone.name.replace("_", "."): np.array(thing.matrix_world @ bone.head) for bone in thing.pose.bones}
        for thing in armatures
    ]


def worst_distance(heads: dict[str, np.ndarray], truth: np.ndarray) -> float:
    return max(float(np.abs(heads[name] - truth[index]).max()) for index, name in enumerate(BONES))


IMPORT = {
    "glb": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    "fbx": lambda path: bpy.ops.import_scene.fbx(filepath=path, anim_offset=0.0),
    "bvh": lambda path: bpy.ops.import_anim.bvh(filepath=path, rotate_mode="QUATERNION"),
    "usdc": lambda path: bpy.ops.wm.usd_import(filepath=path),
    "blend": lambda path: bpy.ops.wm.open_mainfile(filepath=path),
}
# The scene frame that shows source frame 0 after importing into a new file at 30 fps.
FIRST = {"glb": 0, "fbx": 1, "bvh": 1, "usdc": 1, "blend": 1}


@pytest.mark.parametrize("suffix", ["blend", "glb", "fbx", "bvh", "usdc"])
def test_every_format_brings_the_motion_back(make_clip, make_job, tmp_path, suffix):
    clip = make_clip(frames=21)
    out = export_to(tmp_path, make_job(clip), suffix)
    truth = to_space(clip, "blender").joints
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    IMPORT[suffix](str(out))
    for frame in (0, 7, 20):
        heads = imported_heads(FIRST[suffix] + frame)
        assert len(heads) == 1
        assert worst_distance(heads[0], truth[frame]) < 2e-3


@pytest.mark.parametrize("suffix", ["glb", "fbx", "usdc"])
def test_people_who_enter_at_different_times_stay_in_time(make_clip, make_job, tmp_path, suffix):
    early = make_clip(frames=20, first=10, fps=Fraction(30))
    late = make_clip(frames=10, first=20, track="2", offset=1.0)
    out = export_to(tmp_path, make_job(early, late), suffix)
    truths = [to_space(clip, "blender").joints for clip in (early, late)]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    IMPORT[suffix](str(out))
    heads = imported_heads(FIRST[suffix] + 15)
    assert len(heads) == 2
    expected = [truths[0][15], truths[1][5]]
    for person in expected:
        assert min(np.abs(np.array([h[b] for b in BONES]) - person).max() for h in heads) < 2e-3


def test_a_file_for_several_people_is_refused_as_bvh_until_one_is_chosen(make_clip, make_job, tmp_path):
    job = make_job(make_clip(frames=2), make_clip(frames=2, track="2"))
    out = tmp_path / "x.bvh"
    with pytest.raises(staging.OnePersonOnly):
        run_request({"job": str(job), "output": str(out), "format": "bvh"})
    assert not out.exists()
    export_to(tmp_path, job, "bvh", tracks=["2"])


def test_the_side_and_the_camera_picture_show_the_body(make_clip, make_job, tmp_path):
    cv2 = pytest.importorskip("cv2")
    clip = make_clip(frames=12, first=30, size=(640, 360))
    pictures = {view: tmp_path / f"{view}.png" for view in ("camera", "side")}
    wanted = [{"frame": 35, "view": v, "output": str(p), "width": 320} for v, p in pictures.items()]
    report = run_request({"job": str(make_job(clip)), "output": None, "options": {"render": wanted}})
    assert report["renders"] == [str(p) for p in pictures.values()]
    image = cv2.imread(str(pictures["camera"]), cv2.IMREAD_UNCHANGED)
    assert image.shape == (180, 320, 4)
    body = image[..., 3] > 127
    assert not body[:, 0].any()
    pixels = clip.camera.project(clip.joints[5]) / 2
    inside = [body[int(y), int(x)] for x, y in pixels if 0 <= x < 320 and 0 <= y < 180]
    assert np.mean(inside) > 0.85
    side = cv2.imread(str(pictures["side"]), cv2.IMREAD_UNCHANGED)
    assert side.shape == (320, 320, 4)
    assert 0.02 < (side[..., 3] > 127).mean() < 0.6


def test_renders_leave_the_saved_scene_as_it_would_be_without_them(make_clip, make_job, tmp_path):
    job = make_job(make_clip(frames=5))
    wanted = [{"frame": 1, "view": "side", "output": str(tmp_path / "s.png"), "width": 64}]
    out = export_to(tmp_path, job, "blend", render=wanted)
    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.context.scene
    assert scene.render.engine != "BLENDER_WORKBENCH"
    assert (scene.render.resolution_x, scene.render.resolution_y) == (1280, 720)
    assert [thing.name for thing in scene.objects if "Side" in thing.name or "Floor" in thing.name] == []
    assert scene.camera.name == "Camera dance für zwei"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format": "obj"}, UnknownFormat),
        ({"output": "/nowhere/at/all/x.glb"}, OutputFolderMissing),
        ({"options": {"colour": "red"}}, BadRequest),
        ({"options": {"frame_start": "1"}}, BadRequest),
        ({"options": {"tracks": ["9"]}}, BadRequest),
        ({"options": {"render": [{"frame": 1}]}}, BadRequest),
        ({"job": 5}, BadRequest),
    ],
)
def test_a_bad_request_is_refused_with_a_sentence(make_clip, make_job, tmp_path, change, error):
    request = {"job": str(make_job(make_clip(frames=2))), "output": str(tmp_path / "x.glb"), "format": "glb"}
    with pytest.raises(error):
        run_request({**request, **change})
    assert not (tmp_path / "x.glb").exists()


def test_a_full_disk_leaves_the_old_file_and_no_half_of_a_new_one(make_clip, make_job, tmp_path, monkeypatch):
    out = tmp_path / "x.fbx"
    out.write_text("mine")

    def full(_, path):
        Path(path).write_text("half of it")
        raise RuntimeError("Error: Python: Traceback\nOSError: [Errno 28] No space left on device")

    monkeypatch.setitem(staging.WRITERS, "fbx", full)
    with pytest.raises(DiskFull, match="free some space"):
        run_request({"job": str(make_job(make_clip(frames=2))), "output": str(out), "format": "fbx"})
    assert out.read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {"job", "x.fbx"}


@pytest.mark.parametrize("suffix", ["glb", "usdc"])
def test_a_file_that_blender_cut_off_in_silence_is_never_handed_over(
    make_clip, make_job, tmp_path, monkeypatch, suffix
):
    whole = staging.WRITERS[suffix]

    def cut(built, path):
        whole(built, path)
        Path(path).write_bytes(Path(path).read_bytes()[:-5000])

    monkeypatch.setitem(staging.WRITERS, suffix, cut)
    out = tmp_path / f"x.{suffix}"
    report_of(tmp_path, {"job": str(make_job(make_clip(frames=2))), "output": str(out), "format": suffix}, 3)
    assert not out.exists()


def test_a_picture_is_whole_only_with_its_end(tmp_path):
    cv2 = pytest.importorskip("cv2")
    picture = tmp_path / "x.png"
    cv2.imwrite(str(picture), np.zeros((40, 40, 3), np.uint8))
    assert is_whole(picture)
    picture.write_bytes(picture.read_bytes()[:-1])
    assert not is_whole(picture)


def report_of(folder: Path, request: dict, exit_code: int) -> dict:
    path = folder / "request.json"
    path.write_text(json.dumps(request), encoding="utf-8")
    assert run_file(path) == exit_code
    return json.loads((folder / "request.report.json").read_text(encoding="utf-8"))


def test_errors_reach_the_report_with_code_and_exit_code(tmp_path):
    report = report_of(
        tmp_path, {"job": str(tmp_path), "output": str(tmp_path / "x.glb"), "format": "glb"}, 2
    )
    assert (report["ok"], report["code"]) == (False, "result.missing")
    report = report_of(tmp_path, {"job": str(tmp_path), "output": "x", "format": "obj"}, 3)
    assert report["code"] == "output.unknown_format"


def test_a_fault_of_the_program_is_reported_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(headless_work, "read_result", lambda _: 1 / 0)
    report = report_of(tmp_path, {"job": str(tmp_path)}, 1)
    assert report["code"] == "internal.error"
    assert "ZeroDivisionError" in report["details"]


@pytest.mark.parametrize("how", ["module", "script"])
def test_it_runs_as_a_child_process(make_clip, make_job, tmp_path, how):
    request = tmp_path / "Anfrage 1.json"
    out = tmp_path / "out.blend"
    job = make_job(make_clip(frames=3))
    request.write_text(json.dumps({"job": str(job), "output": str(out), "format": "blend"}), encoding="utf-8")
    module = ["-m", "reel2rig.blender_addon.headless", str(request)]
    # What `blender -b --python FILE -- REQUEST` does: the file is run as a bare script.
    bare = f"sys.argv = ['blender', '--', {str(request)!r}]; runpy.run_path({headless.__file__!r})"
    command = [sys.executable, *(module if how == "module" else ["-c", f"import runpy, sys; {bare}"])]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ), timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "Anfrage 1.report.json").read_text(encoding="utf-8"))["people"] == ["1"]
    assert out.stat().st_size > 10_000


def test_it_runs_inside_a_blender_program(make_clip, make_job, tmp_path):
    found = next(gui_blender.programs(), None)
    if found is None:
        pytest.skip(f"there is no Blender program: {gui_blender.HOW}")
    request = tmp_path / "request.json"
    job = make_job(make_clip(frames=3))
    request.write_text(json.dumps({"job": str(job), "output": str(tmp_path / "o.glb"), "format": "glb"}))
    command = [str(found[0]), "-b", "--factory-startup", "--python", headless.__file__, "--", str(request)]
    # bpy 5.2 sets variables behind Python's back, such as OCIO, which an older Blender cannot follow.
    done = subprocess.run(command, capture_output=True, timeout=120, env=dict(os.environ))
    assert done.returncode == 0
    assert (tmp_path / "o.glb").stat().st_size > 10_000
