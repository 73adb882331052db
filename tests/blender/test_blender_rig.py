"""The rig behaves as an animator expects: mirror tools, one bending axis, names, tidy datablocks."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Quaternion  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.armature import rest_axes, rest_heads  # noqa: E402
from reel2rig.blender_addon.scene.bone_axes import rest_bones  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.blender_addon.scene.rig_motion import bone_motion  # noqa: E402
from reel2rig.core.motion.rotations import quaternion_from_rotvec  # noqa: E402
from reel2rig.core.motion.skeletons import JOINT_INDEX, mirrored_joints  # noqa: E402

pytestmark = pytest.mark.blender
BONES_ONLY = BuildOptions(skin=False)


@pytest.fixture
def person(empty_scene, make_clip, make_job):
    return build_capture(empty_scene, read_result(make_job(make_clip(frames=12))), BONES_ONLY).people[0]


def test_pasting_a_pose_flipped_gives_its_mirror_image(empty_scene, person):
    armature = person.armature
    bpy.context.view_layer.objects.active = armature
    empty_scene.frame_set(7)
    before = np.array([bone.matrix.translation for bone in pose_bones(armature)])
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="SELECT")
    bpy.ops.pose.copy()
    armature.animation_data.action = None
    bpy.ops.pose.paste(flipped=True)
    bpy.context.view_layer.update()
    after = np.array([bone.matrix.translation for bone in pose_bones(armature)])
    mirror = before[list(mirrored_joints())] * [-1, 1, 1]
    bpy.ops.object.mode_set(mode="OBJECT")
    assert np.abs(before - after).max() > 0.05
    # The free body is symmetric to a fraction of a millimetre, so the mirrored pose is as well.
    assert np.abs(after - mirror).max() < 2e-3


def pose_bones(armature):
    return [armature.pose.bones[name] for name in BONES]


@pytest.mark.parametrize(
    ("joint", "smpl_axis"),
    [("L_Elbow", (0, -1, 0)), ("R_Elbow", (0, 1, 0)), ("L_Knee", (1, 0, 0)), ("R_Knee", (1, 0, 0))],
)
def test_every_elbow_and_knee_closes_by_a_positive_turn_about_local_x(
    empty_scene, person, make_clip, joint, smpl_axis
):
    clip = make_clip(frames=1)
    bend = np.zeros((1, 24, 3))
    bend[0, JOINT_INDEX[joint]] = np.array(smpl_axis) * 1.2
    armature = person.armature
    clip = clip.replace(rotations=quaternion_from_rotvec(bend))
    rotations, _ = bone_motion(clip, rest_axes(armature), rest_heads(armature)[0], 1.0)
    axis, angle = Quaternion(rotations[0, JOINT_INDEX[joint]]).to_axis_angle()
    assert angle == pytest.approx(1.2, abs=1e-4)
    assert axis.x > 0.98


def test_bone_axes_are_mirror_images_even_on_a_lopsided_body(body):
    joints = body.joints(np.zeros(10)) + np.random.default_rng(0).normal(0, 0.01, (24, 3))
    axes = rest_bones(joints, np.zeros(3)).axes
    mirror = np.diag([-1.0, 1.0, 1.0])
    # A turn about X keeps its sign in a mirror that flips X; turns about Y and Z change theirs.
    expected = mirror @ axes[list(mirrored_joints())] @ np.diag([-1.0, 1.0, 1.0])
    assert np.abs(expected - axes).max() < 1e-9
    assert np.allclose(np.linalg.det(axes), 1.0)


def test_limbs_point_along_local_y(person):
    bones = person.armature.data.bones
    for upper, lower in (("Thigh", "Shin"), ("Shin", "Foot"), ("UpperArm", "Forearm"), ("Forearm", "Hand")):
        for side in "LR":
            reach = bones[f"{lower}.{side}"].head_local - bones[f"{upper}.{side}"].head_local
            assert reach.normalized().dot(bones[f"{upper}.{side}"].matrix_local.col[1].to_3d()) > 0.999


def test_the_action_survives_being_unassigned(person):
    assert person.action.use_fake_user
    assert "Person 1" in person.action.name
    assert person.armature.animation_data.action == person.action
    assert all(bone.rotation_mode == "QUATERNION" for bone in person.armature.pose.bones)


def test_only_pelvis_travels_and_no_other_bone_has_location_keys(person):
    from reel2rig.blender_addon.scene.fcurves import curve_container

    curves = [c for c in curve_container(person.action).fcurves if c.data_path.startswith("pose.bones")]
    paths = {curve.data_path for curve in curves}
    assert {path for path in paths if path.endswith("location")} == {'pose.bones["Pelvis"].location'}
    assert len(paths) == 25
    assert {curve.group.name for curve in curves} == set(BONES)


def test_keyed_quaternions_never_jump_sign(empty_scene, make_clip, make_job):
    result = read_result(make_job(make_clip(frames=150)))  # two full turns of the pelvis
    armature = build_capture(empty_scene, result, BONES_ONLY).people[0].armature
    from reel2rig.blender_addon.scene.fcurves import curve_container

    curves = curve_container(armature.animation_data.action).fcurves
    path = 'pose.bones["Pelvis"].rotation_quaternion'
    keys = np.array([[k.co[1] for k in curves.find(path, index=i).keyframe_points] for i in range(4)])
    assert np.abs(np.diff(keys, axis=1)).max() < 0.1
