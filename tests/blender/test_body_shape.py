"""Shape and size after the capture: joints, mesh and floor contact move together; keys stay valid."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.armature import rest_axes, rest_heads  # noqa: E402
from reel2rig.blender_addon.scene.body_shape import (  # noqa: E402
    PROPERTY,
    Shape,
    ShapeCorrupt,
    add_skin,
    height_of,
    in_shape,
    set_shape,
    shape_of,
)
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.blender_addon.scene.people import skins_of  # noqa: E402
from reel2rig.blender_addon.scene.skin import SkinChanged  # noqa: E402
from reel2rig.core.motion.reshape import reshape_clip  # noqa: E402
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space  # noqa: E402

pytestmark = pytest.mark.blender

TALL = Shape((2.0, -1.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 1.05)


@pytest.fixture
def person(empty_scene, make_clip, make_job):
    built = build_capture(empty_scene, read_result(make_job(make_clip(frames=6))))
    return built.people[0].armature


def vertices_of(skin) -> np.ndarray:
    """(V, 3) as Blender shows them, world space."""
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = skin.evaluated_get(graph).to_mesh()
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)


def at_rest(person) -> np.ndarray:
    person.data.pose_position = "REST"
    bpy.context.view_layer.update()
    points = vertices_of(skins_of(person)[0])
    person.data.pose_position = "POSE"
    return points


def test_joints_and_mesh_are_those_of_the_chosen_body_and_it_stands_on_the_floor(person, body):
    set_shape(person, TALL, 1.0)
    wanted = TALL.scale * body.shaped_vertices(TALL.betas) @ YUP_TO_BLENDER.T
    joints = TALL.scale * body.joints(TALL.betas) @ YUP_TO_BLENDER.T
    mesh, heads = at_rest(person), rest_heads(person)
    assert mesh[:, 2].min() == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(mesh - heads[0], wanted - joints[0], atol=2e-5)
    np.testing.assert_allclose(heads - heads[0], joints - joints[0], atol=1e-5)
    assert height_of(person) == pytest.approx(float(np.ptp(mesh[:, 2])), abs=1e-4)


def test_the_axes_of_the_bones_stay_so_that_what_is_keyed_still_means_the_same(person):
    before, heads = rest_axes(person), rest_heads(person)
    set_shape(person, TALL, 1.0)
    assert np.abs(rest_heads(person) - heads).max() > 0.05
    np.testing.assert_allclose(rest_axes(person), before, atol=2e-6)


def test_a_hundred_changes_and_a_reset_lead_back_to_the_captured_body(person):
    heads, mesh = rest_heads(person), at_rest(person)
    axes = rest_axes(person)
    for step in range(100):
        set_shape(person, Shape((step / 40.0, *TALL.betas[1:]), 0.9 + step / 500), 1.0)
    set_shape(person, None, 1.0)
    captured, _ = unpack_clip(person)
    assert shape_of(person, captured) == Shape.of(captured)
    np.testing.assert_allclose(rest_heads(person), heads, atol=2e-6)
    np.testing.assert_allclose(rest_axes(person), axes, atol=2e-6)
    np.testing.assert_allclose(at_rest(person), mesh, atol=5e-6)


def test_the_shape_is_unchanged_after_saving_and_opening(person, tmp_path):
    set_shape(person, TALL, 1.0)
    heads, mesh, name = rest_heads(person), at_rest(person), person.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shape.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shape.blend"))
    again = bpy.data.objects[name]
    np.testing.assert_array_equal(rest_heads(again), heads)
    np.testing.assert_array_equal(at_rest(again), mesh)
    captured, _ = unpack_clip(again)
    assert shape_of(again, captured) == TALL


def test_feet_keep_their_height_above_the_floor_in_every_frame(make_clip, body):
    clip = to_space(make_clip(frames=30), "blender")
    shaped = reshape_clip(clip, body, TALL.betas, TALL.scale)
    lowest = [
        body.posed_vertices(one.rotations, one.root, one.betas, one.body_scale)[:, body.foot_vertices, 2].min(
            axis=1
        )
        for one in (clip, shaped)
    ]
    np.testing.assert_allclose(lowest[1], lowest[0], atol=2e-3)
    np.testing.assert_array_equal(shaped.rotations, clip.rotations)
    np.testing.assert_array_equal(shaped.root[:, :2], clip.root[:, :2])
    assert np.abs(shaped.root[:, 2] - clip.root[:, 2]).max() > 0.05


def test_without_a_choice_the_clip_is_handed_through_untouched(person, make_clip):
    clip = to_space(make_clip(frames=6), "blender")
    assert in_shape(person, clip) is clip
    set_shape(person, TALL, 1.0)
    assert in_shape(person, clip).body_scale == TALL.scale


def test_at_unit_scale_a_hundredth_a_person_is_measured_in_hundreds_of_units(
    empty_scene, make_clip, make_job
):
    empty_scene.unit_settings.scale_length = 0.01
    built = build_capture(empty_scene, read_result(make_job(make_clip(frames=3))))
    person = built.people[0].armature
    set_shape(person, TALL, 100.0)
    units = float(np.ptp(at_rest(person)[:, 2]))
    assert units == pytest.approx(100.0 * height_of(person), rel=1e-4)
    assert 150 < units < 230


def test_a_skeleton_gets_its_body_mesh_later(empty_scene, make_clip, make_job):
    folder = make_job(make_clip(frames=3))
    bare = build_capture(empty_scene, read_result(folder), BuildOptions(skin=False)).people[0].armature
    whole = build_capture(empty_scene, read_result(folder)).people[0].armature
    assert skins_of(bare) == []
    skin = add_skin(bare, 1.0)
    assert skins_of(bare) == [skin]
    relative = [at_rest(one) - rest_heads(one)[0] for one in (bare, whole)]
    np.testing.assert_allclose(*relative, atol=1e-5)


def test_an_edited_mesh_is_not_overwritten(person):
    skin = skins_of(person)[0]
    skin.shape_key_remove(skin.data.shape_keys.key_blocks["Shape 3"])
    heads = rest_heads(person)
    with pytest.raises(SkinChanged, match="was edited"):
        set_shape(person, TALL, 1.0)
    np.testing.assert_array_equal(rest_heads(person), heads)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"betas": [1], "scale": 1}', '{"betas": [0,0,0,0,0,0,0,0,0,0], "scale": 0}']
)
def test_a_damaged_shape_is_refused_with_a_sentence(person, text):
    captured, _ = unpack_clip(person)
    person[PROPERTY] = text
    with pytest.raises(ShapeCorrupt, match="Reset Shape"):
        shape_of(person, captured)
