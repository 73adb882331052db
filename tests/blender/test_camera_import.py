"""A moving camera given to a capture: people land in its world, it is keyed, and the overlay stays true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Matrix  # noqa: E402
from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, BuiltCapture, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.camera_import import (  # noqa: E402
    CannotTrackCamera,
    NotSolved,
    give_camera_track,
    track_of_camera,
    track_of_solve,
)
from reel2rig.blender_addon.scene.camera_tracks import TRACK, key_camera, track_of  # noqa: E402
from reel2rig.blender_addon.scene.match import match_scene  # noqa: E402
from reel2rig.blender_addon.scene.rederive import rederive  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import keep_cleanup  # noqa: E402
from reel2rig.core.motion.camera_track import CameraTrack, from_poses  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.files.camera_json import camera_track_text  # noqa: E402
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix  # noqa: E402

pytestmark = pytest.mark.blender
SIZE = (1280, 720)
FRAMES = 40


@pytest.fixture
def addon(empty_scene) -> Iterator[Any]:
    """The registered add-on in an empty scene, which it yields."""
    registration.register()
    yield empty_scene
    registration.unregister()
    jobs.problem = None


@pytest.fixture
def built(addon, make_clip, make_job) -> BuiltCapture:
    capture = build_capture(addon, read_result(make_job(make_clip(frames=FRAMES))), BuildOptions(skin=False))
    bpy.context.view_layer.objects.active = capture.people[0].armature
    return capture


@pytest.fixture
def track() -> CameraTrack:
    """A camera that flies past, turns and zooms; z-up metres."""
    seconds = np.arange(FRAMES) / 30
    looks = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    turns = quaternion_to_matrix(quaternion_from_rotvec(np.outer(seconds, [0.02, 0.05, 0.2]))) @ looks
    positions = np.array([0.5, -5.0, 1.7]) + np.outer(seconds, [0.8, 0.3, 0.1])
    focal = np.hypot(*SIZE) * (1 + 0.1 * seconds)
    return from_poses(turns, positions, focal, Fraction(30), *SIZE)


def pixels(built: BuiltCapture, frame: int) -> np.ndarray:
    """(joints, 2) where the heads of all bones but the root are seen, pixels."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    camera = built.camera.evaluated_get(graph)
    person = built.people[0].armature.evaluated_get(graph)
    seen = [
        world_to_camera_view(scene, camera, person.matrix_world @ b.head)[:2] for b in person.pose.bones[1:]
    ]
    return np.array(seen) * SIZE


def camera_at(built: BuiltCapture, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    return np.array(built.camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world)


def test_the_person_keeps_its_pixels_and_the_camera_follows_the_track(built, track):
    steady = from_poses(
        track.rotation.transpose(0, 2, 1), track.positions, np.full(FRAMES, np.hypot(*SIZE)), track.fps, *SIZE
    )
    before = [pixels(built, frame) for frame in (1, 17, 40)]
    give_camera_track(bpy.context.scene, built.collection, steady, scale=1.0, level=False)
    for frame, expected in zip((1, 17, 40), before, strict=True):
        assert np.abs(pixels(built, frame) - expected).max() < 0.02
        pose = camera_at(built, frame)
        assert np.allclose(pose[:3, 3], steady.positions[frame - 1], atol=1e-5)
        assert np.allclose(-pose[:3, 2], steady.rotation[frame - 1, 2], atol=1e-5)  # looks along its own -Z


def test_clean_up_and_placement_keep_the_moving_camera(built, track):
    scene, home, person = bpy.context.scene, built.collection, built.people[0].armature
    give_camera_track(scene, home, track, scale=1.0, level=False)
    before = [pixels(built, frame) for frame in (1, 25)]
    keep_cleanup(person, Cleanup(rotation_mode="XYZ"))
    rederive(scene, person)
    home.reel2rig_put.heading = 1.0
    home.reel2rig_put.start = (1.0, 2.0)
    for frame, expected in zip((1, 25), before, strict=True):
        assert np.abs(pixels(built, frame) - expected).max() < 0.02
    turned = quaternion_to_matrix(quaternion_from_rotvec([0, 0, 1.0])) @ track.positions[24] + [1, 2, 0]
    assert np.allclose(camera_at(built, 25)[:3, 3], turned, atol=1e-4)


def test_a_zoom_is_keyed_on_the_lens(built, track):
    give_camera_track(bpy.context.scene, built.collection, track, scale=1.0)
    for frame in (1, 30):
        bpy.context.scene.frame_set(frame)
        lens = built.camera.data.evaluated_get(bpy.context.evaluated_depsgraph_get()).lens
        assert lens == pytest.approx(track.focal_px[frame - 1] * 36 / 1280, rel=1e-5)


def test_removing_the_track_brings_the_still_camera_back(built, track):
    before, stood = pixels(built, 20), np.array(built.camera.matrix_world)
    give_camera_track(bpy.context.scene, built.collection, track)
    assert track_of(built.collection) is not None
    actions = len(bpy.data.actions)
    assert bpy.ops.reel2rig.remove_camera_track() == {"FINISHED"}
    assert TRACK not in built.collection
    assert len(bpy.data.actions) == actions - 1
    assert np.abs(pixels(built, 20) - before).max() < 1e-3
    assert np.allclose(camera_at(built, 35), stood, atol=1e-6)
    assert not bpy.ops.reel2rig.remove_camera_track.poll()


def test_a_file_is_imported_by_its_operator(built, track, tmp_path):
    path = tmp_path / "kamera.json"
    path.write_text(camera_track_text(track), encoding="utf-8")
    built.collection.reel2rig_track.known_scale = True
    built.collection.reel2rig_track.level = False
    assert bpy.ops.reel2rig.import_camera_track(filepath=str(path)) == {"FINISHED"}
    assert np.allclose(camera_at(built, 9)[:3, 3], track.positions[8], atol=1e-5)


def test_a_refused_file_changes_nothing(built, track, tmp_path):
    data = json.loads(camera_track_text(track))
    data |= {"matrices": data["matrices"][:20], "focal_px": 1000}
    path = tmp_path / "short.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    stood = np.array(built.camera.matrix_world)
    with pytest.raises(RuntimeError, match=r"covers the video frames 0 to 19.*track\.frames_missing"):
        bpy.ops.reel2rig.import_camera_track(filepath=str(path))
    assert TRACK not in built.collection
    assert np.array_equal(camera_at(built, 20), stood)


@pytest.mark.parametrize("scene_fps", [30, 24])
def test_any_animated_camera_of_the_file_can_be_the_one_that_filmed(
    addon, make_clip, make_job, track, scene_fps
):
    addon.collection.objects.link(bpy.data.objects.new("Mine", None))  # so that the scene keeps its rate
    addon.render.fps, (addon.render.resolution_x, addon.render.resolution_y) = scene_fps, SIZE
    built = build_capture(addon, read_result(make_job(make_clip(frames=FRAMES))), BuildOptions(skin=False))
    bpy.context.view_layer.objects.active = built.people[0].armature
    mine = bpy.data.objects.new("Tracked", bpy.data.cameras.new("Tracked"))
    parent = bpy.data.objects.new("Orientation", None)
    for thing in (mine, parent):
        addon.collection.objects.link(thing)
    mine.parent, parent.matrix_world = parent, Matrix.Translation((0.0, 0.0, 1.0))
    key_camera(mine, track, built.placing.scene_frames(track.frames), 1.0)
    built.collection.reel2rig_track.camera = mine
    addon.frame_set(7)
    found = track_of_camera(addon, built.collection, mine)
    assert addon.frame_current == 7
    assert np.allclose(found.positions, track.positions + np.array([0, 0, 1]), atol=1e-4)
    assert np.allclose(found.rotation, track.rotation, atol=1e-5)
    assert np.allclose(found.focal_px, track.focal_px, rtol=1e-5)
    built.collection.reel2rig_track.level = False
    built.collection.reel2rig_track.known_scale = True
    assert bpy.ops.reel2rig.use_animated_camera() == {"FINISHED"}
    assert np.allclose(track_of(built.collection).positions, found.positions, atol=1e-6)


def test_a_camera_that_cannot_have_filmed_is_refused(built):
    other = bpy.data.objects.new("Other", bpy.data.cameras.new("Other"))
    bpy.context.scene.collection.objects.link(other)
    other.data.shift_x = 0.2
    with pytest.raises(CannotTrackCamera, match="shifted"):
        track_of_camera(bpy.context.scene, built.collection, other)
    other.data.type = "ORTHO"
    with pytest.raises(CannotTrackCamera, match="perspective"):
        track_of_camera(bpy.context.scene, built.collection, other)
    built.collection.reel2rig_track.camera = built.camera
    assert not bpy.ops.reel2rig.use_animated_camera.poll()


def test_a_clip_without_a_solution_is_refused(built, tmp_path):
    image = bpy.data.images.new("frame", 64, 48)
    image.filepath_raw, image.file_format = str(tmp_path / "frame.png"), "PNG"
    image.save()
    clip = bpy.data.movieclips.load(str(tmp_path / "frame.png"))
    with pytest.raises(NotSolved, match="Movie Clip Editor"):
        track_of_solve(built.collection, clip)


def test_the_camera_that_blender_solved_is_found_as_it_moved(built, track, tmp_path):
    steady = from_poses(
        track.rotation.transpose(0, 2, 1), track.positions, np.full(FRAMES, 1400.0), track.fps, *SIZE
    )
    clip = solved_clip(tmp_path, steady)
    found = track_of_solve(built.collection, clip)
    assert np.array_equal(found.frames, np.arange(FRAMES))
    assert np.allclose(found.focal_px, 1400.0)
    # A solution has its own place, axes and size.
    turn = steady.rotation[0].T @ found.rotation[0]
    way, solved = (one.positions - one.positions[0] for one in (steady, found))
    size = np.linalg.norm(way[-1]) / np.linalg.norm(solved[-1])
    assert np.allclose(solved @ turn.T * size, way, atol=1e-3)
    assert np.allclose(found.rotation @ turn.T, steady.rotation, atol=1e-4)
    built.collection.reel2rig_track.clip = clip
    assert bpy.ops.reel2rig.use_solved_clip() == {"FINISHED"}
    assert track_of(built.collection) is not None


def solved_clip(folder: Path, track: CameraTrack) -> Any:
    """A movie clip in which perfectly tracked points are solved by Blender itself."""
    cv2 = pytest.importorskip("cv2")
    for frame in range(len(track)):
        cv2.imwrite(str(folder / f"{frame:03d}.png"), np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    clip = bpy.data.movieclips.load(str(folder / "000.png"))
    tracking = clip.tracking
    tracking.camera.units = "PIXELS"
    tracking.camera.focal_length_pixels = float(track.focal_px[0])
    points = np.random.default_rng(0).uniform((-2, 1, 0), (4, 7, 3), (60, 3))
    seen = np.array([camera.project(points) for camera in track.cameras()]) / SIZE
    for number in np.flatnonzero(np.all((seen > 0) & (seen < 1), axis=(0, 2))):
        marker = tracking.tracks.new(name=f"Point {number}", frame=1).markers
        for frame, (across, down) in enumerate(seen[:, number]):
            marker.insert_frame(frame + 1, co=(across, 1.0 - down))
    tracking.objects[0].keyframe_a, tracking.objects[0].keyframe_b = 1, len(track) - 5
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "CLIP_EDITOR"
    area.spaces.active.clip = clip
    with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
        bpy.ops.clip.solve_camera()
    return clip


def test_the_moving_camera_keeps_time_when_the_scene_takes_the_rate_of_the_video(
    addon, make_clip, make_job, track
):
    addon.collection.objects.link(bpy.data.objects.new("Mine", None))
    addon.render.fps = 24
    built = build_capture(addon, read_result(make_job(make_clip(frames=FRAMES))), BuildOptions(skin=False))
    give_camera_track(addon, built.collection, track, scale=1.0, level=False)
    match_scene(addon, built.collection)
    assert np.allclose(camera_at(built, 31)[:3, 3], track.positions[30], atol=1e-5)


def test_at_unit_scale_one_hundredth_the_way_is_a_hundred_times_as_many_units(
    addon, make_clip, make_job, track
):
    addon.unit_settings.scale_length = 0.01
    built = build_capture(addon, read_result(make_job(make_clip(frames=FRAMES))), BuildOptions(skin=False))
    give_camera_track(addon, built.collection, track, scale=1.0, level=False)
    assert np.allclose(camera_at(built, 5)[:3, 3], 100 * track.positions[4], atol=1e-2)
