"""Camera & Floor: people and camera move as one, by sliders and buttons, and the footage keeps time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from drawn_layout import draw_panel  # noqa: E402
from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.capture_result import Footage, read_result  # noqa: E402
from reel2rig.blender_addon.live import live  # noqa: E402
from reel2rig.blender_addon.panels import camera as panels  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, BuiltCapture, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.camera import build_camera, show_footage  # noqa: E402
from reel2rig.blender_addon.scene.placing import Placing  # noqa: E402
from reel2rig.blender_addon.scene.rederive import rederive  # noqa: E402
from reel2rig.blender_addon.scene.sole import lowest_sole  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import PLACEMENT, keep_cleanup, placement_of  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402

pytestmark = pytest.mark.blender
SIZE = (1280, 720)


@pytest.fixture
def addon(empty_scene) -> Iterator[Any]:
    """The registered add-on in an empty scene, which it yields."""
    registration.register()
    yield empty_scene
    registration.unregister()


@pytest.fixture
def built(addon, make_clip, make_job) -> BuiltCapture:
    """A capture of two people, of whom the first is active."""
    result = read_result(make_job(make_clip(), make_clip(track="2", offset=0.8)))
    capture = build_capture(addon, result, BuildOptions(skin=False))
    bpy.context.view_layer.objects.active = capture.people[0].armature
    return capture


def pixels(built: BuiltCapture, frame: int) -> np.ndarray:
    """(people, joints, 2) where the heads of all bones but the root are seen, pixels."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    camera = built.camera.evaluated_get(graph)
    people = [person.armature.evaluated_get(graph) for person in built.people]
    seen = [
        [
            world_to_camera_view(scene, camera, person.matrix_world @ bone.head)[:2]
            for bone in person.pose.bones[1:]
        ]
        for person in people
    ]
    return np.array(seen) * SIZE


def test_every_slider_moves_people_and_camera_as_one(built):
    put, before = built.collection.reel2rig_put, [pixels(built, frame) for frame in (1, 20)]
    stood = built.camera.location.copy()
    for name, value in (("height", 0.4), ("tilt", (0.05, -0.1)), ("heading", 1.2), ("start", (2.0, -1.0))):
        setattr(put, name, value)
        assert np.allclose(getattr(put, name), value)
        for frame, expected in zip((1, 20), before, strict=True):
            assert np.abs(pixels(built, frame) - expected).max() < 0.01
        assert (built.camera.location - stood).length > 0.1
        stood = built.camera.location.copy()
    assert json.loads(built.collection[PLACEMENT])["start"] == [2.0, -1.0]


def test_another_focal_length_moves_people_away_and_keeps_the_camera_object(built):
    before, data = pixels(built, 20), built.camera.data
    frames = tuple(built.people[0].action.frame_range)
    built.collection.reel2rig_put.focal_mm = 80.0
    assert built.camera.data == data
    assert data.lens == pytest.approx(80.0)
    assert np.abs(pixels(built, 20)[:, 0] - before[:, 0]).max() < 0.01
    assert placement_of(built.collection).focal_px == pytest.approx(80.0 * 1280 / 36)
    assert tuple(built.people[0].action.frame_range) == frames


def test_lengths_are_in_the_units_of_the_scene(addon, make_clip, make_job):
    addon.unit_settings.scale_length = 0.01
    built = build_capture(addon, read_result(make_job(make_clip())), BuildOptions(skin=False))
    stood = built.camera.location.copy()
    built.collection.reel2rig_put.height = 30.0
    assert placement_of(built.collection).height == pytest.approx(0.3)
    assert built.camera.location.z - stood.z == pytest.approx(30.0, abs=1e-3)
    assert built.collection.reel2rig_put.height == pytest.approx(30.0)


def test_reset_brings_everything_back(built):
    before, stood = pixels(built, 20), built.camera.matrix_world.copy()
    lens = built.camera.data.lens
    built.collection.reel2rig_put.focal_mm = 60.0
    built.collection.reel2rig_put.heading = 2.0
    assert bpy.ops.reel2rig.reset_placement() == {"FINISHED"}
    assert PLACEMENT not in built.collection
    assert np.abs(pixels(built, 20) - before).max() < 1e-3
    assert np.allclose(built.camera.matrix_world, stood, atol=1e-6)
    assert built.camera.data.lens == pytest.approx(lens)
    assert not bpy.ops.reel2rig.reset_placement.poll()


def test_the_first_person_begins_at_the_cursor(built):
    bpy.context.scene.cursor.location = (3.0, -2.0, 7.0)
    height = built.camera.location.z
    assert bpy.ops.reel2rig.start_at_cursor() == {"FINISHED"}
    assert placement_of(built.collection).start == pytest.approx((3.0, -2.0))
    assert built.camera.location.z == pytest.approx(height)


def test_the_floor_is_set_by_the_foot_that_is_selected(built):
    person, scene = built.people[0].armature, bpy.context.scene
    assert not bpy.ops.reel2rig.floor_from_foot.poll()
    bpy.ops.object.mode_set(mode="POSE")
    person.data.bones.active = person.data.bones["Thigh.L"]
    assert not bpy.ops.reel2rig.floor_from_foot.poll()
    person.data.bones.active = person.data.bones["Toe.R"]
    scene.frame_set(30)
    assert abs(lowest_sole(person, "R")) > 0.01
    assert bpy.ops.reel2rig.floor_from_foot() == {"FINISHED"}
    scene.frame_set(30)
    assert lowest_sole(person, "R") == pytest.approx(0.0, abs=1e-4)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_a_placement_that_cannot_be_read_is_said_and_reset(built):
    built.collection[PLACEMENT] = "{broken"
    built.collection.reel2rig_put.height = 0.5
    assert built.collection[PLACEMENT] == "{broken"
    assert bpy.ops.reel2rig.reset_placement() == {"FINISHED"}
    assert PLACEMENT not in built.collection


def drawn(panel: Any) -> str:
    """What a panel draws in a 3D viewport."""
    return " ".join(draw_panel(panel).lines)


def test_a_focal_length_that_nobody_gave_is_called_assumed(addon, make_clip, make_job):
    job = make_job(make_clip())
    record = json.loads((job / "result.json").read_text(encoding="utf-8"))
    for focal, assumed in ((None, True), (1500.0, False)):
        record["settings"] = {"person": "all", "focal_px": focal}
        (job / "result.json").write_text(json.dumps(record), encoding="utf-8")
        built = build_capture(addon, read_result(job), BuildOptions(skin=False))
        bpy.context.view_layer.objects.active = built.people[0].armature
        assert ("Assumed" in drawn(panels.LensPanel)) == assumed
    text = drawn(panels.LensPanel)
    assert f"{math.hypot(*SIZE):.0f} px" in text
    assert "43.3 mm" in text  # the diagonal of the picture is the diagonal of the full frame


def test_the_panels_draw_what_they_offer(built):
    assert "[Look Through Camera]" in drawn(panels.CameraPanel)
    text = drawn(panels.PlacementPanel)
    assert all(
        name in text for name in ("<height>", "<tilt>", "<heading>", "<start>", "[Start at 3D Cursor]")
    )
    bpy.context.view_layer.objects.active = built.camera
    assert built.collection.name in drawn(panels.CameraPanel)


def test_an_overlay_that_no_longer_applies_is_said(built):
    person = built.people[0].armature
    assert "coincide" not in drawn(panels.CameraPanel)
    keep_cleanup(person, Cleanup(mirror=True))
    rederive(bpy.context.scene, person)
    assert "coincide" in drawn(panels.CameraPanel)


def test_what_goes_wrong_while_a_slider_moves_is_shown(built):
    text = built.people[1].armature["reel2rig_clip"]
    text.from_string(text.lines[0].body + "\nnothing\n")
    built.collection.reel2rig_put.heading = 0.5
    assert "import the capture again" in drawn(panels.CameraPanel)
    live.problem = None


@pytest.mark.parametrize(("fps", "scene_fps"), [(30, 30), (60, 24), (25, 30), (Fraction(30000, 1001), 24)])
@pytest.mark.parametrize("trim", [(0, 40), (7, 33)])
def test_at_every_frame_the_footage_shows_the_video_frame_whose_pose_is_due(
    empty_scene, make_clip, tmp_path, fps, scene_fps, trim
):
    video = make_video(tmp_path / "clip.mp4", 40, 25)
    empty_scene.render.fps = scene_fps
    step = scene_fps / float(fps)
    footage = Footage(video, 64, 48, Fraction(fps), 40, trim)
    placing = Placing(11, trim[0], 1.0 if step == 1 else step)
    camera = build_camera(empty_scene.collection, "Camera", make_clip(frames=3).camera)
    show_footage(camera, empty_scene, footage, placing)
    keys = placing.scene_frames(np.arange(*trim))
    for frame in range(11, int(keys[-1]) + 1):
        empty_scene.frame_set(frame)
        due = trim[0] + np.flatnonzero(keys <= frame + 1e-6)[-1]
        assert shown_frame(camera, frame) == due, frame


def make_video(path: Path, frames: int, fps: int) -> Path:
    cv2 = pytest.importorskip("cv2")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (64, 48))
    for index in range(frames):
        writer.write(np.full((48, 64, 3), 6 * index, np.uint8))
    writer.release()
    return path


def shown_frame(camera: Any, frame: int) -> int:
    """The video frame, counted from 0, that Blender shows behind a camera."""
    picture = camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.background_images[0]
    if picture.source == "MOVIE_CLIP":
        return frame - picture.clip.frame_start + picture.clip.frame_offset
    return frame - picture.image_user.frame_start + picture.image_user.frame_offset
