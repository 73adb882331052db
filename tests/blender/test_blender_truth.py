"""What Blender evaluates is what the motion file says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space  # noqa: E402

pytestmark = pytest.mark.blender


def at(scene, frame: float):
    whole = int(np.floor(frame))
    scene.frame_set(whole, subframe=float(frame - whole))
    return bpy.context.evaluated_depsgraph_get()


def bone_heads(armature, depsgraph) -> np.ndarray:
    pose = armature.evaluated_get(depsgraph).pose
    return np.array([armature.matrix_world @ pose.bones[name].head for name in BONES])


def mesh_vertices(skin, depsgraph) -> np.ndarray:
    mesh = skin.evaluated_get(depsgraph).to_mesh()
    out = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", out)
    skin.evaluated_get(depsgraph).to_mesh_clear()
    return out.reshape(-1, 3)


@pytest.mark.parametrize("fps", [Fraction(30000, 1001), Fraction(60)], ids=["29.97", "60"])
def test_bones_and_mesh_follow_the_motion_file_on_every_frame(empty_scene, make_clip, make_job, body, fps):
    clip = make_clip(frames=45, fps=fps, scale=1.07)
    built = build_capture(empty_scene, read_result(make_job(clip)))
    person = built.people[0]
    truth = to_space(clip, "blender")
    assert empty_scene.render.fps / empty_scene.render.fps_base == pytest.approx(float(fps), rel=1e-6)
    for index, frame in enumerate(built.placing.scene_frames(clip.frames)):
        depsgraph = at(empty_scene, frame)
        assert np.abs(bone_heads(person.armature, depsgraph) - truth.joints[index]).max() < 1e-3
        if index % 11 == 0:
            one = slice(index, index + 1)
            vertices = body.posed_vertices(clip.rotations[one], clip.root[one], clip.betas, clip.body_scale)[
                0
            ]
            found = mesh_vertices(person.skin, depsgraph)
            assert np.abs(found - vertices @ YUP_TO_BLENDER.T).max() < 2e-3


def test_a_60_fps_clip_keeps_its_time_in_a_24_fps_scene_with_content(empty_scene, make_clip, make_job):
    empty_scene.collection.objects.link(bpy.data.objects.new("Mine", None))
    empty_scene.render.fps, empty_scene.frame_start, empty_scene.frame_end = 24, 5, 77
    clip = make_clip(frames=121, fps=Fraction(60))
    built = build_capture(empty_scene, read_result(make_job(clip)), BuildOptions(skin=False))
    assert not built.matched_scene
    assert tuple(built.people[0].action.frame_range) == pytest.approx((5, 5 + 2 * 24), abs=1e-3)
    truth = to_space(clip, "blender").joints
    # Scene frame 5 + 8 is 1/3 s, which is the video's frame 20.
    assert np.abs(bone_heads(built.people[0].armature, at(empty_scene, 13)) - truth[20]).max() < 1e-3
    assert (empty_scene.render.fps, empty_scene.frame_start, empty_scene.frame_end) == (24, 5, 77)
    assert empty_scene.camera is None


@pytest.mark.parametrize("start", [None, 0, 1001])
def test_the_first_captured_frame_lands_on_the_chosen_scene_frame_after_trimming(
    empty_scene, make_clip, make_job, start
):
    early, late = make_clip(frames=20, first=30), make_clip(frames=8, first=42, track="2", offset=1.0)
    result = read_result(make_job(early, late, trim=(30, 50)))
    built = build_capture(empty_scene, result, BuildOptions(frame_start=start, skin=False))
    first = 1 if start is None else start
    assert built.people[0].action.frame_range[0] == first
    assert built.people[1].action.frame_range[0] == first + 12
    assert (empty_scene.frame_start, empty_scene.frame_end) == (first, first + 19)


def test_at_unit_scale_one_hundredth_a_metre_is_a_hundred_units(empty_scene, make_clip, make_job, body):
    empty_scene.unit_settings.scale_length = 0.01
    clip = make_clip(frames=3)
    built = build_capture(empty_scene, read_result(make_job(clip)))
    person, depsgraph = built.people[0], at(empty_scene, 2)
    assert (
        np.abs(bone_heads(person.armature, depsgraph) / 100 - to_space(clip, "blender").joints[1]).max()
        < 1e-3
    )
    vertices = body.posed_vertices(clip.rotations[1:2], clip.root[1:2], clip.betas, 1.0)[0]
    assert np.abs(mesh_vertices(person.skin, depsgraph) / 100 - vertices @ YUP_TO_BLENDER.T).max() < 2e-3


def test_the_rest_pose_stands_on_the_floor_under_an_identity_transform(empty_scene, make_clip, make_job):
    person = build_capture(empty_scene, read_result(make_job(make_clip(frames=2)))).people[0]
    assert person.armature.matrix_world == person.armature.matrix_world.Identity(4)
    person.armature.data.pose_position = "REST"
    bpy.context.view_layer.update()
    vertices = mesh_vertices(person.skin, bpy.context.evaluated_depsgraph_get())
    assert vertices[:, 2].min() == pytest.approx(0.0, abs=1e-4)
    root, pelvis = (person.armature.data.bones[name] for name in ("root", "Pelvis"))
    assert tuple(root.head_local) == (0.0, 0.0, 0.0)
    assert pelvis.parent == root
    assert pelvis.head_local.xy.length < 1e-6
    assert [key.value for key in person.skin.data.shape_keys.key_blocks][1:] == pytest.approx(
        read_betas(person), abs=1e-6
    )


def read_betas(person) -> list[float]:
    from reel2rig.blender_addon.scene.packed import unpack_clip

    return unpack_clip(person.armature)[0].betas.tolist()
