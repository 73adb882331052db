"""A capture among the user's own things: what is built, what is left alone, what travels in the file."""

from __future__ import annotations

import bz2
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Vector  # noqa: E402
from reel2rig.blender_addon.capture_result import ResultCorrupt, ResultMissing, read_result  # noqa: E402
from reel2rig.blender_addon.scene import build as build_module  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.packed import (  # noqa: E402
    PackedClipCorrupt,
    PackedClipMissing,
    unpack_clip,
)

pytestmark = pytest.mark.blender
BONES_ONLY = BuildOptions(skin=False)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (641, 479)], ids=["landscape", "portrait", "odd"])
def test_the_blender_camera_projects_as_the_solved_camera_does(empty_scene, make_clip, make_job, size):
    clip = make_clip(frames=3, size=size)
    built = build_capture(empty_scene, read_result(make_job(clip)), BONES_ONLY)
    assert empty_scene.camera == built.camera
    assert (empty_scene.render.resolution_x, empty_scene.render.resolution_y) == size
    points = np.random.default_rng(1).uniform((-0.8, 0.2, -0.8), (0.8, 1.8, 0.8), (50, 3))
    expected = clip.camera.project(points)
    for point, pixel in zip(points, expected, strict=True):
        seen = world_to_camera_view(empty_scene, built.camera, Vector((point[0], -point[2], point[1])))
        found = np.array([seen.x * size[0], (1 - seen.y) * size[1]])
        assert np.abs(found - pixel).max() < 0.01


def test_a_scene_with_content_keeps_its_own_settings_and_camera(empty_scene, make_clip, make_job):
    scene = empty_scene
    mine = bpy.data.objects.new("My Camera", bpy.data.cameras.new("My Camera"))
    scene.collection.objects.link(mine)
    scene.camera = mine
    scene.render.resolution_x, scene.render.resolution_y, scene.render.fps = 800, 600, 25
    scene.unit_settings.system = "IMPERIAL"
    bpy.context.view_layer.objects.active = mine
    build_capture(scene, read_result(make_job(make_clip(frames=3))), BONES_ONLY)
    assert scene.camera == mine
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.render.fps) == (800, 600, 25)
    assert scene.unit_settings.system == "IMPERIAL"
    assert bpy.context.view_layer.objects.active == mine
    assert [s.name for s in bpy.data.scenes] == [scene.name]


def test_blenders_startup_scene_counts_as_the_users_only_once_something_was_made(make_clip, make_job):
    result = read_result(make_job(make_clip(frames=3, fps=Fraction(50))))
    bpy.ops.wm.read_factory_settings(use_empty=False)
    assert build_capture(bpy.context.scene, result, BONES_ONLY).matched_scene
    assert bpy.context.scene.render.fps == 50
    assert not bpy.context.scene.objects["Cube"].visible_get()  # it would stand around the person
    bpy.ops.wm.read_factory_settings(use_empty=False)
    bpy.context.scene.objects["Cube"].modifiers.new("Bevel", "BEVEL")
    assert not build_capture(bpy.context.scene, result, BONES_ONLY).matched_scene
    assert bpy.context.scene.render.fps == 24
    assert bpy.context.scene.objects["Cube"].visible_get()


def test_several_people_share_one_collection_with_a_child_each(empty_scene, make_clip, make_job):
    clips = [make_clip(frames=4, track=str(n), offset=float(n)) for n in (1, 2, 3)]
    built = build_capture(empty_scene, read_result(make_job(*clips)))
    assert built.collection.name == "dance für zwei"
    assert [child.name[:8] for child in built.collection.children] == ["Person 1", "Person 2", "Person 3"]
    assert len({person.action for person in built.people}) == 3
    assert all(set(p.collection.objects) == {p.armature, p.skin} for p in built.people)
    assert list(built.collection.objects) == [built.camera]


def test_a_failing_build_leaves_nothing_behind(empty_scene, make_clip, make_job, monkeypatch):
    result = read_result(make_job(make_clip(frames=3)))
    before = set(bpy.data.user_map())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build_module, "pack_clip", full)
    with pytest.raises(OSError, match="No space"):
        build_capture(empty_scene, result)
    assert set(bpy.data.user_map()) == before


def test_the_raw_clip_travels_inside_the_blend(empty_scene, make_clip, make_job, tmp_path):
    clip = make_clip(frames=30, fps=Fraction(30000, 1001))
    name = build_capture(empty_scene, read_result(make_job(clip)), BONES_ONLY).people[0].armature.name
    blend = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True)
    for file in (tmp_path / "job").iterdir():
        file.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    found, about = unpack_clip(bpy.data.objects[name])
    assert np.array_equal(found.rotations, clip.rotations)
    assert np.array_equal(found.root, clip.root)
    assert found.fps == clip.fps
    assert found.space == "world_yup"
    assert about["settings"] == {"person": "all"}


def test_appending_the_armature_brings_its_clip(empty_scene, make_clip, make_job, tmp_path):
    name = (
        build_capture(empty_scene, read_result(make_job(make_clip(frames=3))), BONES_ONLY)
        .people[0]
        .armature.name
    )
    blend = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(blend)) as (_, into):
        into.objects = [name]
    assert len(unpack_clip(bpy.data.objects[name])[0]) == 3


def test_a_changed_or_missing_packed_clip_is_refused_with_a_sentence(empty_scene, make_clip, make_job):
    armature = (
        build_capture(empty_scene, read_result(make_job(make_clip(frames=3))), BONES_ONLY).people[0].armature
    )
    text = armature["reel2rig_clip"]
    whole = text.as_string()
    text.from_string(whole[:-400])
    with pytest.raises(PackedClipCorrupt, match="import the capture again"):
        unpack_clip(armature)
    text.from_string("print('mine now')")
    with pytest.raises(PackedClipCorrupt):
        unpack_clip(armature)
    del armature["reel2rig_clip"]
    with pytest.raises(PackedClipMissing):
        unpack_clip(armature)


def test_a_job_folder_without_a_readable_capture_is_refused(tmp_path, make_job, make_clip):
    with pytest.raises(ResultMissing, match=r"result\.json"):
        read_result(tmp_path)
    folder = make_job(make_clip(frames=2))
    (folder / "result.json").write_bytes(bz2.compress(b"not json"))
    with pytest.raises(ResultCorrupt, match="capture the video again"):
        read_result(folder)


def test_a_single_motion_file_opens_without_a_job_folder(empty_scene, make_clip, make_job):
    folder = make_job(make_clip(frames=9, first=100, fps=Fraction(25)))
    built = build_capture(empty_scene, read_result(folder / "result-1.npz"))
    assert tuple(built.people[0].action.frame_range) == (1, 9)
    assert empty_scene.render.fps == 25
    assert built.camera is not None


def make_video(path: Path, frames: int, fps: int, size: tuple[int, int] = (64, 48)) -> Path:
    """A tiny video whose frame k has grey level 8 k."""
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
    for index in range(frames):
        writer.write(np.full((size[1], size[0], 3), 8 * index, np.uint8))
    writer.release()
    return path


def test_the_footage_starts_with_the_body_and_its_path_becomes_relative_on_saving(
    empty_scene, make_clip, make_job, tmp_path
):
    video = make_video(tmp_path / "tänzer clip.mp4", 25, 30)
    job = make_job(make_clip(frames=10, first=5), video=video)
    built = build_capture(empty_scene, read_result(job), BuildOptions(frame_start=1001, skin=False))
    camera = built.camera.data
    picture = camera.background_images[0]
    assert camera.show_background_images
    assert (picture.source, picture.display_depth, picture.frame_method) == ("MOVIE_CLIP", "BACK", "FIT")
    # Source frame 5 is the movie's sixth picture; Blender shows picture (scene frame - frame_start + 1).
    assert 1001 - picture.clip.frame_start + 1 == 6
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert picture.clip.filepath == "//tänzer clip.mp4"
    assert tuple(picture.clip.size) == (64, 48)


def test_in_a_scene_of_another_rate_the_footage_keeps_time_with_the_body(
    empty_scene, make_clip, make_job, tmp_path
):
    video = make_video(tmp_path / "clip.mp4", 30, 60)
    empty_scene.collection.objects.link(bpy.data.objects.new("Mine", None))
    empty_scene.render.fps = 24
    job = make_job(make_clip(frames=25, first=4, fps=Fraction(60)), video=video)
    built = build_capture(empty_scene, read_result(job), BONES_ONLY)
    for frame in (1, 3, 5, 9):
        empty_scene.frame_set(frame)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        user = built.camera.evaluated_get(depsgraph).data.background_images[0].image_user
        shown = frame - user.frame_start + 1 + user.frame_offset  # counted from 1
        assert shown - 1 == 4 + int((frame - 1) * 60 / 24)


def test_a_built_scene_saved_twice_holds_one_of_everything(empty_scene, make_clip, make_job, tmp_path):
    build_capture(empty_scene, read_result(make_job(make_clip(frames=3))))
    counts = [len(bpy.data.actions), len(bpy.data.texts), len(bpy.data.meshes), len(bpy.data.armatures)]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert [
        len(bpy.data.actions),
        len(bpy.data.texts),
        len(bpy.data.meshes),
        len(bpy.data.armatures),
    ] == counts
    assert counts == [1, 1, 1, 1]
