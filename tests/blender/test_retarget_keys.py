"""What a retarget writes, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Quaternion  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import NOT_SEEN  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container, new_action, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import rig_map_of  # noqa: E402
from reel2rig.core.motion.retarget.options import BadRetarget, RetargetOptions  # noqa: E402
from retargeting import angles, captured_person, lively_walk, seen  # noqa: E402
from rigs import MIXAMO_OBJECT, build_rig  # noqa: E402

pytestmark = pytest.mark.blender

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
FRAMES = np.arange(1, 60, 4)
ARM = "mixamorig:LeftArm"
FOREARM = "mixamorig:LeftForeArm"
HIPS = "mixamorig:Hips"


@pytest.fixture
def person(empty_scene):
    return captured_person(empty_scene, lively_walk())


@pytest.fixture
def rig(person):
    return build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT)


def curves_of(action) -> dict[tuple[str, int], object]:
    return {(curve.data_path, curve.array_index): curve for curve in curve_container(action).fcurves}


def values(curve) -> np.ndarray:
    flat = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", flat)
    return flat.reshape(-1, 2)


def rest_bytes(armature) -> bytes:
    lengths = np.array([bone.length for bone in armature.data.bones], np.float32)
    matrices = np.array([bone.matrix_local for bone in armature.data.bones], np.float32)
    return lengths.tobytes() + matrices.tobytes()


def worst_apart(first, second) -> float:
    """Degrees between the axes of all bones."""
    return max(
        angles(np.swapaxes(first.axes[bone], 1, 2), np.swapaxes(second.axes[bone], 1, 2)).max()
        for bone in first.axes
    )


def test_one_new_named_action_with_a_fake_user_and_a_key_at_every_captured_frame(empty_scene, person, rig):
    before = set(bpy.data.actions)
    scenes = len(bpy.data.scenes)
    empty_scene.frame_set(17)
    result = retarget_rig(empty_scene, person, rig)
    assert set(bpy.data.actions) - before == {result.action}
    assert (result.action.name, result.action.use_fake_user) == ("Person on mixamo", True)
    assert rig.animation_data.action == result.action
    assert (empty_scene.frame_current, len(bpy.data.scenes)) == (17, scenes)
    for curve in curves_of(result.action).values():
        assert np.array_equal(values(curve)[:, 0], np.arange(1, 61))
    assert retarget_rig(empty_scene, person, rig, name="Walk Cycle").action.name == "Walk Cycle"


def test_the_rest_pose_and_everything_beside_the_action_stay_to_the_bit(empty_scene, person, rig):
    before = rest_bytes(rig), np.array(rig.matrix_basis).tobytes()
    modes = [bone.rotation_mode for bone in rig.pose.bones]
    rig.pose.bones["mixamorig:LeftHandIndex1"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    retarget_rig(empty_scene, person, rig)
    assert (rest_bytes(rig), np.array(rig.matrix_basis).tobytes()) == before
    assert [bone.rotation_mode for bone in rig.pose.bones] == modes
    empty_scene.frame_set(30)
    assert np.allclose(rig.pose.bones["mixamorig:LeftHandIndex1"].rotation_quaternion, (0.8, 0.6, 0, 0))


def test_bones_without_a_role_and_fingers_get_no_keys(empty_scene, person, rig):
    action = retarget_rig(empty_scene, person, rig).action
    keyed = {path.split('"')[1] for path, _ in curves_of(action)}
    rig_map = rig_map_of(rig)
    fingers = {bone for role, row in rig_map.bones.items() if role.endswith("Index") for bone in row}
    assert fingers
    assert not keyed & fingers
    assert keyed <= {bone for row in rig_map.bones.values() for bone in row}
    located = {path.split('"')[1] for path, _ in curves_of(action) if path.endswith("location")}
    assert located == {HIPS}


@pytest.fixture(scope="module")
def in_quaternions():
    """The walk on a rig in quaternions, and in each other mode."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    person = captured_person(scene, lively_walk())
    rigs = {}
    for mode in MODES:
        rig = rigs[mode] = build_rig("mixamo", rolls="odd")
        for bone in rig.pose.bones:
            bone.rotation_mode = mode
        retarget_rig(scene, person, rig)
    return scene, rigs


@pytest.mark.parametrize("mode", MODES[1:])
def test_every_rotation_mode_plays_the_same_without_jumps(in_quaternions, mode):
    scene, rigs = in_quaternions
    rig = rigs[mode]
    assert worst_apart(seen(scene, rig, FRAMES), seen(scene, rigs["QUATERNION"], FRAMES)) < 0.1
    name = "rotation_axis_angle" if mode == "AXIS_ANGLE" else "rotation_euler"
    curves = curves_of(rig.animation_data.action)
    assert {path.rpartition(".")[2] for path, _ in curves} == {name, "location"}
    assert all(bone.rotation_mode == mode for bone in rig.pose.bones)
    arm = [values(curve)[:, 1] for (path, _), curve in curves.items() if f'"{ARM}"' in path]
    assert max(np.abs(np.diff(column)).max() for column in arm) < 0.6
    # And between the keys, where a jump by whole turns would show; axes of small turns wander a little.
    half = np.arange(1.5, 59, 5)
    assert worst_apart(seen(scene, rig, half), seen(scene, rigs["QUATERNION"], half)) < 3.0


def test_locked_channels_get_no_keys_and_the_forearm_makes_up_for_the_upper_arm(empty_scene, person, rig):
    plain = build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT)
    retarget_rig(empty_scene, person, plain)
    arm, spine = rig.pose.bones[ARM], rig.pose.bones["mixamorig:Spine1"]
    arm.rotation_mode, arm.lock_rotation = "YXZ", (False, True, False)
    spine.lock_rotation = (True, True, True)
    rig.pose.bones[HIPS].lock_location = (True, False, False)
    result = retarget_rig(empty_scene, person, rig)
    curves = curves_of(result.action)
    path = f'pose.bones["{ARM}"].rotation_euler'
    assert [(path, part) in curves for part in range(3)] == [True, False, True]
    assert not [path for path, _ in curves if '"mixamorig:Spine1"' in path]
    assert [(f'pose.bones["{HIPS}"].location', part) in curves for part in range(3)] == [False, True, True]
    (note,) = [note for note in result.notes if note.startswith("Locked channels")]
    assert all(bone in note for bone in (ARM, "mixamorig:Spine1", HIPS))
    assert tuple(arm.lock_rotation) == (False, True, False)
    assert (arm.rotation_euler[1], *spine.rotation_quaternion) == (0.0, 1.0, 0.0, 0.0, 0.0)
    free, locked = seen(empty_scene, plain, FRAMES), seen(empty_scene, rig, FRAMES)
    assert angles(free.axes[ARM][..., 2], locked.axes[ARM][..., 2]).max() > 5.0
    assert angles(free.axes[FOREARM][..., 1], locked.axes[FOREARM][..., 1]).max() < 0.1
    assert angles(free.axes[FOREARM][..., 2], locked.axes[FOREARM][..., 2]).max() < 0.1


def test_quaternions_with_one_locked_axis_keep_its_angle(empty_scene, person, rig):
    arm = rig.pose.bones[ARM]
    arm.lock_rotation, arm.lock_rotations_4d = (False, True, False), False
    retarget_rig(empty_scene, person, rig)
    for frame in FRAMES:
        empty_scene.frame_set(int(frame))
        assert abs(arm.rotation_quaternion.to_euler("XYZ").y) < 1e-3


def test_the_root_bone_carries_the_way_across_the_floor(empty_scene, person):
    rigs = [build_rig("unreal", rolls="odd"), build_rig("unreal", rolls="odd")]
    for rig, carrier in zip(rigs, ("hips", "root"), strict=True):
        retarget_rig(empty_scene, person, rig, options=RetargetOptions(carrier=carrier))
    by_hips, by_root = (seen(empty_scene, rig, FRAMES) for rig in rigs)
    assert np.ptp(by_hips.heads["root"], axis=0).max() < 1e-6
    assert np.ptp(by_root.heads["root"][:, 1]) > 1.5
    assert np.ptp(by_root.heads["root"][:, 2]) < 1e-4
    assert np.abs(by_root.heads["pelvis"] - by_hips.heads["pelvis"]).max() < 1e-3
    for bone in (bone for bone in by_hips.axes if bone != "root" and not bone.startswith("ik_")):
        assert angles(by_root.axes[bone][..., 1], by_hips.axes[bone][..., 1]).max() < 0.1, bone


def test_what_was_played_before_is_kept_and_the_new_action_plays(empty_scene, person, rig):
    old = new_action(rig, "Idle")
    old.use_fake_user = False
    write_curve(curve_container(old), f'pose.bones["{ARM}"].location', 0, ARM, [1, 20], [0.0, 3.0])
    data = rig.animation_data
    strip = data.nla_tracks.new().strips.new("Idle", 1, old)
    data.nla_tracks[0].is_solo = True
    data.action_blend_type = "ADD"
    result = retarget_rig(empty_scene, person, rig)
    assert old.use_fake_user
    assert len(curve_container(old).fcurves) == 1
    assert strip.action == old
    assert any("NLA strips of mixamo are kept but switched off" in note for note in result.notes)
    alone = build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT)
    retarget_rig(empty_scene, person, alone)
    assert worst_apart(seen(empty_scene, rig, FRAMES), seen(empty_scene, alone, FRAMES)) < 0.1


def test_what_an_action_before_left_in_places_and_sizes_does_not_show(empty_scene, person, rig):
    """Imported files key place and size of every bone, and a new action would be played on top of that."""
    old = new_action(rig, "Stretch")
    for bone, name, value in ((ARM, "location", 30.0), (HIPS, "location", 50.0), (FOREARM, "scale", 1.5)):
        for part in range(3):
            path = f'pose.bones["{bone}"].{name}'
            write_curve(curve_container(old), path, part, bone, [1, 20], [1.0, value])
    rig.pose.bones["mixamorig:RightShoulder"].location = (0.0, 2.0, 0.0)  # by hand: stays
    empty_scene.frame_set(20)
    action = retarget_rig(empty_scene, person, rig).action
    assert not [path for path, _ in curves_of(action) if "RightShoulder" in path and "location" in path]
    alone = build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT)
    retarget_rig(empty_scene, person, alone)
    first, second = seen(empty_scene, rig, FRAMES), seen(empty_scene, alone, FRAMES)
    for bone in (HIPS, ARM, FOREARM, "mixamorig:LeftHand", "mixamorig:LeftFoot"):
        assert np.abs(first.heads[bone] - second.heads[bone]).max() < 1e-3, bone
    assert worst_apart(first, second) < 0.5
    assert tuple(rig.pose.bones["mixamorig:RightShoulder"].location) == (0.0, 2.0, 0.0)


def test_a_strip_that_is_being_tweaked_is_left_and_keeps_its_action(empty_scene, person, rig):
    old = new_action(rig, "Idle")
    write_curve(curve_container(old), f'pose.bones["{ARM}"].location', 0, ARM, [1, 20], [0.0, 3.0])
    data = rig.animation_data
    strip = data.nla_tracks.new().strips.new("Idle", 1, old)
    data.action = None
    data.nla_tracks[0].select = strip.select = True
    data.use_tweak_mode = True
    action = retarget_rig(empty_scene, person, rig).action
    assert data.action == action
    assert not data.use_tweak_mode
    assert strip.action == old


def test_constraints_and_drivers_stay_and_are_told(empty_scene, person, rig):
    hold = rig.pose.bones[FOREARM].constraints.new("LIMIT_ROTATION")
    hold.use_limit_x = hold.use_limit_y = hold.use_limit_z = True
    hold.owner_space = "LOCAL"
    driver = rig.driver_add('pose.bones["mixamorig:Head"].rotation_quaternion', 1).driver
    driver.expression = "0.25"
    result = retarget_rig(empty_scene, person, rig)
    assert (hold.mute, hold.influence, len(rig.pose.bones[FOREARM].constraints)) == (False, 1.0, 1)
    assert [curve.driver.expression for curve in rig.animation_data.drivers] == ["0.25"]
    assert any(f"{FOREARM}" in note and "Limit Rotation" in note for note in result.notes)
    assert "Channels with a driver were left as they are: mixamorig:Head." in result.notes
    assert ('pose.bones["mixamorig:Head"].rotation_quaternion', 1) not in curves_of(result.action)


def test_a_bone_hung_from_others_by_constraints_is_carried_by_them(empty_scene, person):
    """As generated rigs do it: the arm's control is nobody's child and follows the chest by a constraint."""
    plain, wired = (build_rig("mixamo", rolls="odd", prefix="") for _ in range(2))
    bpy.context.view_layer.objects.active = wired
    bpy.ops.object.mode_set(mode="EDIT")
    bones = wired.data.edit_bones
    socket = bones.new("Socket")
    shoulder = bones["LeftShoulder"]
    socket.head, socket.tail, socket.roll = shoulder.head, shoulder.tail, shoulder.roll
    shoulder.parent = socket
    bpy.ops.object.mode_set(mode="OBJECT")
    follow = wired.pose.bones["Socket"].constraints.new("CHILD_OF")
    follow.target, follow.subtarget = wired, "Spine2"
    follow.inverse_matrix = wired.data.bones["Spine2"].matrix_local.inverted()
    for rig in (plain, wired):
        assert retarget_rig(empty_scene, person, rig).notes == ()
    first, second = seen(empty_scene, plain, FRAMES), seen(empty_scene, wired, FRAMES)
    for bone in first.axes:
        assert angles(first.axes[bone][..., 1], second.axes[bone][..., 1]).max() < 0.1, bone
        assert np.abs(first.heads[bone] - second.heads[bone]).max() < 1e-3, bone


def test_bones_that_do_not_take_everything_from_their_parents_end_up_alike(empty_scene, person):
    plain, apart = build_rig("unreal", rolls="odd"), build_rig("unreal", rolls="odd")
    apart.data.bones["upperarm_l"].use_inherit_rotation = False
    apart.data.bones["pelvis"].use_local_location = False
    for rig in (plain, apart):
        assert retarget_rig(empty_scene, person, rig, options=RetargetOptions(carrier="root")).notes == ()
    first, second = seen(empty_scene, plain, FRAMES), seen(empty_scene, apart, FRAMES)
    for bone in ("pelvis", "upperarm_l", "lowerarm_l", "hand_l", "foot_r"):
        assert angles(first.axes[bone][..., 1], second.axes[bone][..., 1]).max() < 0.1, bone
        assert np.abs(first.heads[bone] - second.heads[bone]).max() < 1e-3, bone


def test_bones_between_that_are_posed_by_hand_are_made_up_for(empty_scene, person):
    posed = build_rig("mixamo", rolls="odd", prefix="")
    plain = build_rig("mixamo", rolls="odd", prefix="")
    rig_map = rig_map_of(plain)
    few = {role: row for role, row in rig_map.bones.items() if "Shoulder" not in role}
    less = type(rig_map)("No collars", few)
    posed.pose.bones["LeftShoulder"].rotation_quaternion = Quaternion((0.0, 0.0, 1.0), 0.2)
    for rig in (plain, posed):
        retarget_rig(empty_scene, person, rig, less)
    first, second = seen(empty_scene, plain, FRAMES), seen(empty_scene, posed, FRAMES)
    for bone in ("LeftArm", "LeftForeArm", "LeftHand"):
        assert angles(first.axes[bone][..., 1], second.axes[bone][..., 1]).max() < 0.1
        assert angles(first.axes[bone][..., 2], second.axes[bone][..., 2]).max() < 0.1


def test_gaps_get_no_keys_and_hold_the_pose_before(empty_scene):
    clip = lively_walk()
    valid = np.ones(len(clip), bool)
    valid[20:] = False
    valid[55:] = True
    person = captured_person(empty_scene, clip.replace(valid=valid))
    assert NOT_SEEN in person
    rig = build_rig("mixamo", matrix=MIXAMO_OBJECT)
    action = retarget_rig(empty_scene, person, rig).action
    curve = curves_of(action)[f'pose.bones["{HIPS}"].location', 0]
    assert np.array_equal(values(curve)[:, 0], [*range(1, 21), *range(56, 61)])
    assert curve.keyframe_points[19].interpolation == "CONSTANT"
    held = seen(empty_scene, rig, [20, 21, 40, 55])
    assert np.ptp(held.heads[HIPS], axis=0).max() == 0.0
    assert np.ptp(held.axes[ARM], axis=0).max() == 0.0


def test_undo_and_redo_take_all_of_it(empty_scene, person):
    build_rig("mixamo")
    bpy.ops.ed.undo_push(message="before")
    retarget_rig(empty_scene, person, bpy.data.objects["mixamo"])
    bpy.ops.ed.undo_push(message="Retarget")
    bpy.ops.ed.undo()
    assert "Person on mixamo" not in bpy.data.actions
    assert bpy.data.objects["mixamo"].animation_data is None
    assert len(bpy.data.scenes) == 1
    bpy.ops.ed.redo()
    assert bpy.data.objects["mixamo"].animation_data.action == bpy.data.actions["Person on mixamo"]


def test_where_it_fails_everything_is_as_before(empty_scene, person, rig, monkeypatch):
    from reel2rig.blender_addon.scene.rigs import retarget_rig as module

    old = new_action(rig, "Idle")
    rig.animation_data.nla_tracks.new().strips.new("Idle", 1, old)
    actions, scenes = len(bpy.data.actions), len(bpy.data.scenes)

    def fail(*_):
        raise OSError("made up")

    monkeypatch.setattr(module, "write_target", fail)
    with pytest.raises(OSError, match="made up"):
        retarget_rig(empty_scene, person, rig)
    data = rig.animation_data
    assert (data.action, data.use_nla) == (old, True)
    assert (len(bpy.data.actions), len(bpy.data.scenes)) == (actions, scenes)
    monkeypatch.undo()
    with pytest.raises(BadRetarget):
        retarget_rig(empty_scene, person, rig, options=RetargetOptions(carrier="root"))
    assert (data.action, len(bpy.data.actions)) == (old, actions)


def test_bones_may_be_called_anything(empty_scene, person, rig):
    odd = 'Arm "left" \\ ü'
    rig.data.bones[ARM].name = odd
    rig_map = rig_map_of(build_rig("mixamo"))
    bones = rig_map.bones | {"leftUpperArm": (odd,)}
    retarget_rig(empty_scene, person, rig, type(rig_map)("Odd", bones))
    assert np.ptp(seen(empty_scene, rig, FRAMES).axes[odd], axis=0).max() > 0.1


def test_the_scenes_unit_of_length_does_not_matter(empty_scene):
    rigs = []
    for length in (1.0, 0.01):
        empty_scene.unit_settings.scale_length = length
        person = captured_person(empty_scene, lively_walk(), name=f"Person {length}")
        person.scale = [1 / length] * 3 if length != 1.0 else (1.0, 1.0, 1.0)
        rig = build_rig("mixamo", prefix="")
        rig.scale = [1 / length] * 3
        bpy.context.view_layer.update()
        assert retarget_rig(empty_scene, person, rig).notes == ()
        rigs.append(seen(empty_scene, rig, FRAMES))
    assert np.abs(rigs[0].heads["Hips"] - rigs[1].heads["Hips"]).max() < 1e-4
