"""What game engines find in the raw tree of an .fbx file, and that the motion in it is what was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from exported import FbxTree, Motion, opened, skin_points  # noqa: E402
from mathutils import Matrix, Quaternion  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.armature import edit_bones  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.export.engines import IK_BONES  # noqa: E402
from reel2rig.blender_addon.scene.export.options import BadExport, ExportOptions  # noqa: E402
from reel2rig.blender_addon.scene.export.rig import export_rig  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import new_action  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from rigify_rig import append_rigify  # noqa: E402
from rigs import MIXAMO_OBJECT, build_rig, shipped_map  # noqa: E402

pytestmark = pytest.mark.blender
COUNT, FIRST = 15, 31
SHOWN = (0, 6, COUNT - 1)
ENGINES = ("unreal", "unity")


@pytest.fixture
def person(empty_scene, make_clip, make_job):
    """A person who stands away from the origin, beside an action and strips that are none of theirs."""
    result = read_result(make_job(make_clip(frames=COUNT)))
    person = build_capture(empty_scene, result, BuildOptions(frame_start=FIRST)).people[0].armature
    with edit_bones(person) as bones:
        control = bones.new("control")
        control.head, control.tail, control.use_deform = (0, 0, 1), (0, 0, 1.2), False
        control.parent = bones["Spine3"]
    person.matrix_world = Matrix.Translation((3.0, 1.0, 0.0)) @ Matrix.Rotation(1.1, 4, "Z")
    other = bpy.data.objects.new("Other", None)
    empty_scene.collection.objects.link(other)
    new_action(other, "unrelated")
    bpy.context.view_layer.update()
    return person


def exported(scene, rig, tmp_path: Path, engine: str, **options) -> Path:
    path = tmp_path / f"{engine}.fbx"
    export_rig(scene, rig, path, "fbx", ExportOptions(engine=engine, **options))
    return path


def tree_of(scene, rig, tmp_path: Path, engine: str, **options) -> FbxTree:
    return FbxTree(exported(scene, rig, tmp_path, engine, **options))


def in_own_space(world: np.ndarray, motion: Motion) -> Motion:
    """A motion as the character itself sees it, the place and turn of its object, `world`, taken away."""
    turn = world[:3, :3] / np.cbrt(np.linalg.det(world[:3, :3]))
    motion.heads = (motion.heads - world[:3, 3]) @ turn
    motion.rest = (motion.rest - world[:3, 3]) @ turn
    motion.turns = turn.T @ motion.turns @ turn
    return motion


@pytest.mark.parametrize("engine", ENGINES)
def test_one_take_has_a_key_on_every_frame_from_zero_and_nothing_else(empty_scene, person, tmp_path, engine):
    tree = tree_of(empty_scene, person, tmp_path, engine)
    assert tree.stacks == [person.animation_data.action.name]
    assert len(tree.layers) == 1
    times = tree.key_times()
    assert len(times) >= 3 * len(BONES)
    assert all(np.abs(curve - np.arange(COUNT) / 30).max() < 1e-9 for curve in times)


@pytest.mark.parametrize("engine", ENGINES)
def test_only_root_and_deforming_bones_are_in_the_file(empty_scene, person, tmp_path, engine):
    tree = tree_of(empty_scene, person, tmp_path, engine)
    limbs = {name for name, kind in tree.kinds.items() if kind == "LimbNode"}
    assert limbs - {name for name, *_ in IK_BONES} == {"root", *BONES}
    assert [kind for kind in tree.kinds.values() if kind not in ("LimbNode", "Mesh")] == ["Null"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_mesh_comes_along_in_one_shape_or_not_at_all(empty_scene, person, tmp_path, engine):
    tree = tree_of(empty_scene, person, tmp_path, engine)
    assert tree.kinds["Person 1 Body"] == "Mesh"
    assert tree.shapes == []
    assert "Mesh" not in tree_of(empty_scene, person, tmp_path, engine, animation_only=True).kinds.values()


def test_unreal_gets_centimetres_and_no_node_above_root_but_the_one_it_skips(empty_scene, person, tmp_path):
    tree = tree_of(empty_scene, person, tmp_path, "unreal")
    assert tree.setting("UnitScaleFactor") == 1.0
    assert (tree.parent("root"), tree.parent("Armature"), tree.kinds["Armature"]) == ("Armature", "", "Null")
    place, turn, scale = tree.transform("Armature")
    assert np.abs(np.stack([place, turn, scale - 1])).max() == 0
    assert [name for name in tree.kinds if tree.parent(name) == "Armature"] == ["root"]
    head = person.data.bones["Pelvis"].head_local
    assert np.linalg.norm(tree.transform("Spine1")[0]) == pytest.approx(
        100 * (person.data.bones["Spine1"].head_local - head).length, rel=1e-4
    )


def test_unreals_ik_bones_hang_from_root_and_follow_feet_and_hands(empty_scene, person, tmp_path):
    path = exported(empty_scene, person, tmp_path, "unreal")
    tree = FbxTree(path)
    assert all(tree.parent(name) == parent for name, parent, *_ in IK_BONES)
    scene = opened(path, "fbx", 30)
    rig = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    pairs = [(name, leader) for name, *_, leader in IK_BONES if leader != "root"]
    followers = Motion(scene, rig, SHOWN, [name for name, _ in pairs])
    leaders = Motion(scene, rig, SHOWN, [leader for _, leader in pairs])
    assert followers.metres_from(leaders) < 1e-4
    assert followers.degrees_from(leaders) < 0.05


def test_ik_bones_that_an_unreal_skeleton_has_follow_though_nothing_keys_them(empty_scene, tmp_path):
    rig = build_rig("unreal")
    new_action(rig, "swing")
    for frame, angle in ((1, 0.0), (COUNT, 0.9)):
        for name in ("thigh_l", "upperarm_r"):
            bone = rig.pose.bones[name]
            bone.rotation_mode = "QUATERNION"
            bone.rotation_quaternion = Quaternion((1, 0, 0), angle)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    for name, *_ in IK_BONES:
        if name in rig.data.bones:
            rig.data.bones[name].use_deform = False
    path = exported(empty_scene, rig, tmp_path, "unreal")
    scene = opened(path, "fbx", 30)
    back = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    helpers = Motion(scene, back, SHOWN, ["ik_foot_l", "ik_hand_r"])
    leaders = Motion(scene, back, SHOWN, ["foot_l", "hand_r"])
    assert np.ptp(leaders.turns, axis=0).max(axis=(-1, -2)).min() > 0.3
    assert helpers.degrees_from(leaders) < 0.05
    # On this body they do not lie on foot and hand, and keep their distance.
    apart = np.linalg.norm(helpers.heads - leaders.heads, axis=-1)
    assert np.ptp(apart, axis=0).max() < 1e-4


def test_unity_gets_nodes_that_are_neither_scaled_nor_turned(empty_scene, person, tmp_path):
    tree = tree_of(empty_scene, person, tmp_path, "unity")
    assert tree.setting("UpAxis") == 1
    assert tree.setting("UnitScaleFactor") == 100.0
    for name in (person.name, "Person 1 Body", "root"):
        place, turn, scale = tree.transform(name)
        assert np.abs(place).max() == 0
        assert np.abs(turn).max() < 1e-4
        assert np.abs(scale - 1).max() == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engines_file_moves_bones_and_skin_as_the_scene_does(empty_scene, person, tmp_path, engine):
    frames = [FIRST + frame for frame in SHOWN]
    world = np.array(person.matrix_world)
    seen = in_own_space(world, Motion(empty_scene, person, frames, BONES))
    skin = next(thing for thing in person.children if thing.type == "MESH")
    wanted = (skin_points(empty_scene, skin, FIRST + 6) - world[:3, 3]) @ world[:3, :3]
    scene = opened(exported(empty_scene, person, tmp_path, engine), "fbx", 30)
    rig = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    back = Motion(scene, rig, SHOWN, BONES)
    assert np.abs(back.rest - seen.rest).max() < 1e-3
    assert back.metres_from(seen) < 1e-3
    assert back.degrees_from(seen) < 0.1
    mesh = next(thing for thing in scene.objects if thing.type == "MESH")
    assert np.abs(skin_points(scene, mesh, 6) - wanted).max() < 1e-3


@pytest.mark.parametrize("engine", ["none", *ENGINES])
def test_a_mixamo_rig_of_a_hundredth_size_comes_out_upright_and_in_metres(empty_scene, tmp_path, engine):
    there = Matrix.Translation((-2.0, 4.0, 0.0)) @ Matrix.Rotation(0.7, 4, "Z")
    rig = build_rig("mixamo", matrix=MIXAMO_OBJECT)
    rig.matrix_world = there @ rig.matrix_world
    empty_scene.view_layers[0].update()
    new_action(rig, "wave")
    bone = rig.pose.bones["mixamorig:LeftArm"]
    for frame, angle in ((1, 0.0), (COUNT, 1.2)):
        bone.rotation_quaternion = Quaternion((0, 0, 1), angle)
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    names = [bone.name for bone in rig.data.bones]
    seen = Motion(empty_scene, rig, [1 + frame for frame in SHOWN], names)
    if engine != "none":
        # An engine gets the character in its own axes, upright.
        seen = in_own_space(np.array(there), seen)
    path = exported(empty_scene, rig, tmp_path, engine, from_zero=True)
    tree = FbxTree(path)
    assert all(np.abs(tree.transform(name)[2] - 1).max() < 1e-4 for name in tree.kinds)
    scene = opened(path, "fbx", 30)
    back = Motion(scene, next(t for t in scene.objects if t.type == "ARMATURE"), SHOWN, names)
    assert back.metres_from(seen) < 1e-3
    assert back.degrees_from(seen) < 0.1


LIMBS = ("upper_arm_parent.L", "upper_arm_parent.R", "thigh_parent.L", "thigh_parent.R")


def swaying_rigify(scene, ik_fk: float):
    """Rigify's human with the torso moved far to the side, its limbs held back by IK (0) or not (1)."""
    rig = append_rigify(scene)
    for limb in LIMBS:
        rig.pose.bones[limb]["IK_FK"] = ik_fk
    new_action(rig, "sway")
    bone = rig.pose.bones["torso"]
    for frame, x in ((1, 0.0), (COUNT, 0.3)):
        bone.location.x = x
        bone.keyframe_insert("location", frame=frame)
    return rig, [bone.name for bone in rig.data.bones if bone.use_deform]


def test_a_control_rig_leaves_its_controls_at_home_and_keeps_one_chain_of_bones(empty_scene, tmp_path):
    rig, wanted = swaying_rigify(empty_scene, ik_fk=1.0)
    seen = Motion(empty_scene, rig, [1 + frame for frame in SHOWN], wanted)
    path = exported(empty_scene, rig, tmp_path, "unreal", animation_only=True)
    tree = FbxTree(path)
    assert {name for name, kind in tree.kinds.items() if kind == "LimbNode"} == {"root", *wanted}
    assert tree.parent("DEF-upper_arm.L") == "DEF-shoulder.L"
    assert tree.parent("DEF-thigh.R") == "DEF-spine"
    scene = opened(path, "fbx", 24)
    back = Motion(scene, next(t for t in scene.objects if t.type == "ARMATURE"), SHOWN, wanted)
    assert back.metres_from(seen) < 1e-3
    assert back.degrees_from(seen) < 0.1


def test_stretched_limbs_put_joints_where_they_are_and_scale_no_bone(empty_scene, tmp_path):
    rig, wanted = swaying_rigify(empty_scene, ik_fk=0.0)
    seen = Motion(empty_scene, rig, [1 + frame for frame in SHOWN], wanted)
    export_rig(empty_scene, rig, tmp_path / "x.glb", "glb", ExportOptions(from_zero=True))
    assert max(rig.pose.bones[bone].length / rig.data.bones[bone].length for bone in wanted) > 1.05
    scene = opened(tmp_path / "x.glb", "glb", 24)
    rig = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    back = Motion(scene, rig, SHOWN, wanted)
    assert back.metres_from(seen) < 1e-3
    assert np.abs(np.array([bone.scale for bone in rig.pose.bones]) - 1).max() < 1e-4


@pytest.mark.parametrize(
    "options", [{"engine": "godot"}, {"frames": (3, 1)}, {"animation_only": 1}, {"frames": (0.5, 2)}]
)
def test_choices_that_make_no_sense_are_refused(options):
    with pytest.raises(BadExport):
        ExportOptions(**options)


def test_an_engine_takes_fbx_only(empty_scene, person, tmp_path):
    with pytest.raises(BadExport, match="choose FBX"):
        export_rig(empty_scene, person, tmp_path / "x.glb", "glb", ExportOptions(engine="unity"))
    assert not list(tmp_path.glob("*.glb"))


def test_a_person_put_onto_unreals_skeleton_leaves_as_unreal_wants_it(empty_scene, person, tmp_path):
    rig = build_rig("unreal")
    retarget_rig(empty_scene, person, rig)
    names = [bone for role in shipped_map("unreal").bones.values() for bone in role]
    seen = Motion(empty_scene, rig, [FIRST + frame for frame in SHOWN], names)
    path = exported(empty_scene, rig, tmp_path, "unreal")
    tree = FbxTree(path)
    assert (tree.parent("root"), tree.parent("pelvis")) == ("Armature", "root")
    assert {name for name, *_ in IK_BONES} <= set(tree.kinds)
    scene = opened(path, "fbx", 30)
    back = Motion(scene, next(t for t in scene.objects if t.type == "ARMATURE"), SHOWN, names)
    assert back.metres_from(seen) < 1e-3
    assert back.degrees_from(seen) < 0.1
