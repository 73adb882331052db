"""Another shape in the panel: the motion comes along, hand work stays, and undo takes all of it back."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.body_shape import Shape, height_of, set_shape, shape_of  # noqa: E402
from reel2rig.blender_addon.scene.build import build_capture  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.blender_addon.scene.people import skins_of  # noqa: E402
from reel2rig.blender_addon.scene.reshaping import reshape_person  # noqa: E402

pytestmark = pytest.mark.blender

TALL = Shape((2.0, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 1.1)


@pytest.fixture
def scene(empty_scene):
    registration.register()
    yield empty_scene
    registration.unregister()


@pytest.fixture
def person(scene, make_clip, make_job):
    return build_capture(scene, read_result(make_job(make_clip(frames=8)))).people[0].armature


def lowest(person, frame: int) -> float:
    """Height of the lowest vertex of the mesh in a frame."""
    bpy.context.scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = skins_of(person)[0].evaluated_get(graph).to_mesh()
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return float(points[2::3].min())


def turns(action) -> dict:
    """Values of all rotation curves."""
    return {
        (curve.data_path, curve.array_index): [point.co[1] for point in curve.keyframe_points]
        for curve in curve_container(action).fcurves
        if "rotation" in curve.data_path
    }


def test_the_feet_stay_at_their_height_and_the_poses_stay_the_same(scene, person):
    before = [lowest(person, frame) for frame in (1, 4, 8)]
    poses, action = turns(capture_action(person)), capture_action(person)
    reshape_person(scene, person, TALL)
    assert capture_action(person) == action
    np.testing.assert_allclose([lowest(person, frame) for frame in (1, 4, 8)], before, atol=0.02)
    again = turns(action)
    for path, values in poses.items():
        np.testing.assert_allclose(again[path], values, atol=2e-6)


def test_keys_edited_by_hand_stay_and_only_the_pelvis_follows_the_legs(scene, person):
    action = capture_action(person)
    curve = next(c for c in curve_container(action).fcurves if "Forearm.L" in c.data_path)
    curve.keyframe_points[3].co[1] += 0.25
    edited, before = turns(action), [lowest(person, frame) for frame in (1, 4, 8)]
    reshape_person(scene, person, TALL)
    assert capture_action(person) == action
    assert turns(action) == edited
    np.testing.assert_allclose([lowest(person, frame) for frame in (1, 4, 8)], before, atol=0.02)


def test_the_sliders_show_and_set_the_shape_in_scene_units(scene, make_clip, make_job):
    scene.unit_settings.scale_length = 0.01
    person = build_capture(scene, read_result(make_job(make_clip(frames=3)))).people[0].armature
    sliders, captured = person.reel2rig_shape_sliders, unpack_clip(person)[0]
    assert sliders.height == pytest.approx(100 * height_of(person))
    assert list(sliders.betas) == pytest.approx(list(captured.betas))
    sliders.height = 170.0
    assert height_of(person) == pytest.approx(1.7)
    sliders.betas[3] = 2.5
    assert shape_of(person, captured).betas[3] == 2.5
    assert bpy.ops.reel2rig.reset_shape() == {"FINISHED"}
    assert shape_of(person, captured) == Shape.of(captured)


def test_the_mesh_goes_and_comes_back_in_the_present_shape(scene, person):
    set_shape(person, TALL, 1.0)
    bpy.context.view_layer.objects.active = person
    meshes = len(bpy.data.meshes)
    assert not bpy.ops.reel2rig.add_body_mesh.poll()
    assert bpy.ops.reel2rig.remove_body_mesh() == {"FINISHED"}
    assert skins_of(person) == []
    assert len(bpy.data.meshes) == meshes - 1
    assert not bpy.ops.reel2rig.remove_body_mesh.poll()
    assert bpy.ops.reel2rig.add_body_mesh() == {"FINISHED"}
    values = [key.value for key in skins_of(person)[0].data.shape_keys.key_blocks[1:]]
    np.testing.assert_allclose(values, TALL.betas, atol=1e-6)


def test_the_body_of_the_next_capture_is_checked_with_a_sentence(scene, tmp_path):
    choice = scene.reel2rig_body
    assert choice.setting() == "free"
    assert not bpy.ops.reel2rig.check_body_file.poll()
    choice.kind = "female"
    with pytest.raises(RuntimeError, match=r"No folder with your SMPL files is chosen.*body.file_unchosen"):
        bpy.ops.reel2rig.check_body_file()
    choice.folder = str(tmp_path)
    with pytest.raises(RuntimeError, match=r"put SMPL_FEMALE.pkl there.*\[body.file_missing\]"):
        bpy.ops.reel2rig.check_body_file()
    (tmp_path / "SMPL_FEMALE.pkl").write_bytes(b"not a pickle")
    with pytest.raises(RuntimeError, match=r"SMPL_FEMALE.pkl.*\[body.file_corrupt\]"):
        bpy.ops.reel2rig.check_body_file()
