"""What is read of a source: everything that the animator sees, from whatever moves it."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix, Quaternion  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container, new_action, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.layers import add_corrections  # noqa: E402
from reel2rig.blender_addon.scene.rederive import rederive  # noqa: E402
from reel2rig.blender_addon.scene.rigs.plain_pose import is_plain  # noqa: E402
from reel2rig.blender_addon.scene.rigs.played import MotionTooLong, NoMotion  # noqa: E402
from reel2rig.blender_addon.scene.rigs.playing import NotPosed  # noqa: E402
from reel2rig.blender_addon.scene.rigs.read_rig import NoArmature, UnevenScale  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import SameRig, retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import (  # noqa: E402
    PROPERTY,
    NotRecognised,
    keep_rig_map,
    rig_map_of,
    seen_map_of,
)
from reel2rig.blender_addon.scene.rigs.source_motion import source_motion  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import keep_cleanup  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.retarget.options import RetargetOptions  # noqa: E402
from reel2rig.core.motion.rotations import quaternion_to_matrix, rotation_angle  # noqa: E402
from retargeting import angles, captured_person, limb_directions, lively_walk, seen  # noqa: E402
from rigify_rig import append_rigify  # noqa: E402
from rigs import MIXAMO_OBJECT, build_rig  # noqa: E402

pytestmark = pytest.mark.blender
COUNT = 60


@pytest.fixture
def person(empty_scene):
    return captured_person(empty_scene, lively_walk())


def read(scene, armature):
    return source_motion(scene, armature, rig_map_of(armature))


def worst(scene, armature, motion) -> tuple[float, float]:
    """How far a motion that was read is from what the scene shows: of axes, and of heads in metres."""
    shown = seen(scene, armature, motion.frames)
    rest = motion.skeleton
    axes = [
        np.abs(quaternion_to_matrix(turn) @ rest.axes[rest.index[bone]] - shown.axes[bone]).max()
        for bone, turn in motion.turns.items()
    ]
    return max(axes), max(np.abs(head - shown.heads[bone]).max() for bone, head in motion.heads.items())


def assert_read_as_seen(scene, armature):
    motion = read(scene, armature)
    axes, heads = worst(scene, armature, motion)
    assert (axes < 1e-4, heads < 1e-4) == (True, True), (axes, heads)
    return motion


def test_one_action_is_read_from_its_curves_exactly_as_blender_shows_it(empty_scene, person):
    person.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.5, 4, "X") @ Matrix.Scale(0.7, 4)
    bpy.context.view_layer.update()
    assert is_plain(person)
    motion = assert_read_as_seen(empty_scene, person)
    assert np.array_equal(motion.frames, np.arange(1, COUNT + 1))
    assert motion.contacts.any(axis=0).all()
    assert not motion.held.any()


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "ZXY"])
def test_both_ways_of_reading_agree_in_every_rotation_mode(empty_scene, person, mode):
    rig = build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT)
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    retarget_rig(empty_scene, person, rig)
    assert is_plain(rig)
    plain = assert_read_as_seen(empty_scene, rig)
    rig.pose.bones["mixamorig:LeftHandIndex1"].constraints.new("LIMIT_SCALE")
    assert not is_plain(rig)
    evaluated = assert_read_as_seen(empty_scene, rig)
    for bone in plain.turns:
        assert rotation_angle(plain.turns[bone], evaluated.turns[bone]).max() < 1e-3


def test_keys_edited_by_hand_are_seen(empty_scene, person):
    curve = curve_container(person.animation_data.action).fcurves.find(
        'pose.bones["Head"].rotation_quaternion', index=1
    )
    before = read(empty_scene, person).turns["Head"]
    curve.keyframe_points[29].co[1] += 0.3
    curve.keyframe_points[29].interpolation = "BEZIER"
    curve.update()
    after = assert_read_as_seen(empty_scene, person)
    changed = np.abs(after.turns["Head"] - before).max(axis=1) > 1e-3
    assert np.array_equal(np.flatnonzero(changed), [29])


def test_corrections_on_top_are_seen_and_clean_up_below_them(empty_scene, make_clip, make_job):
    result = read_result(make_job(make_clip(frames=30)))
    person = build_capture(empty_scene, result, BuildOptions(skin=False)).people[0].armature
    keep_cleanup(person, Cleanup(smoothing=3.0, mirror=True, travel="root", heading_on_root=True))
    rederive(empty_scene, person)
    below = assert_read_as_seen(empty_scene, person)
    add_corrections(person)
    bone = person.pose.bones["UpperArm.L"]
    empty_scene.frame_set(12)
    bone.rotation_quaternion = bone.rotation_quaternion @ Quaternion((0, 0, 1), 0.6)
    bone.keyframe_insert("rotation_quaternion", frame=12)
    assert not is_plain(person)
    above = assert_read_as_seen(empty_scene, person)
    assert np.array_equal(above.frames, below.frames)
    assert np.array_equal(above.contacts, below.contacts)
    assert np.abs(above.turns["UpperArm.L"] - below.turns["UpperArm.L"]).max() > 0.2
    assert np.abs(above.turns["Head"] - below.turns["Head"]).max() < 1e-4
    rig = build_rig("mixamo")
    action = retarget_rig(empty_scene, person, rig).action
    assert action.name == f"{person.name} on mixamo"


def test_contacts_that_were_moved_in_the_dope_sheet_count(empty_scene, person):
    curve = curve_container(person.animation_data.action).fcurves.find('["contact_L"]')
    for key in curve.keyframe_points:
        key.co[1] = 1.0
    assert read(empty_scene, person).contacts[:, 0].all()


@pytest.mark.parametrize(("start", "step"), [(10.6, 0.8), (-7.25, 1.0), (3.0, 2.0)])
def test_fractions_of_frames_are_kept(empty_scene, start, step):
    clip = lively_walk(1.0)
    frames = start + step * np.arange(len(clip))
    person = captured_person(empty_scene, clip, frames)
    motion = assert_read_as_seen(empty_scene, person)
    assert np.abs(motion.frames - frames).max() < 1e-3
    rig = build_rig("mixamo")
    result = retarget_rig(empty_scene, person, rig)
    assert result.frames == pytest.approx((frames[0], frames[-1]), abs=1e-3)


def test_reduced_keys_are_read_on_every_frame(empty_scene, make_clip, make_job):
    result = read_result(make_job(make_clip(frames=30)))
    person = build_capture(empty_scene, result, BuildOptions(skin=False)).people[0].armature
    keep_cleanup(person, Cleanup(reduce=True, reduce_degrees=3.0))
    rederive(empty_scene, person)
    motion = assert_read_as_seen(empty_scene, person)
    assert np.array_equal(motion.frames, np.arange(1, 31))


def test_strips_constraints_and_a_moving_parent_are_seen(empty_scene, person):
    data = person.animation_data
    action = data.action
    strip = data.nla_tracks.new().strips.new("walk", 21, action)
    data.action = None
    parent = bpy.data.objects.new("Lift", None)
    empty_scene.collection.objects.link(parent)
    lift = new_action(parent, "Lift")
    write_curve(curve_container(lift), "location", 2, "Lift", [1, 100], [0.0, 5.0])
    person.parent = parent
    turn = person.pose.bones["Head"].constraints.new("COPY_ROTATION")
    turn.target, turn.subtarget = person, "Hand.L"
    empty_scene.frame_set(40)
    motion = assert_read_as_seen(empty_scene, person)
    assert (motion.frames[0], motion.frames[-1], len(motion.frames)) == (21, strip.frame_end, COUNT)
    assert empty_scene.frame_current == 40


def test_an_armature_that_only_constraints_move_is_read_over_the_scenes_range(empty_scene, person):
    follower = captured_person(empty_scene, lively_walk(), name="Follower")
    follower.animation_data_clear()
    for bone in follower.pose.bones:
        copy = bone.constraints.new("COPY_TRANSFORMS")
        copy.target, copy.subtarget = person, bone.name
    empty_scene.frame_start, empty_scene.frame_end = 5, 24
    motion = assert_read_as_seen(empty_scene, follower)
    assert np.array_equal(motion.frames, np.arange(5, 25))
    assert motion.contacts is None or not motion.contacts.any()


def test_a_hidden_source_in_a_collection_that_is_switched_off_is_read_alike(empty_scene, person):
    before = read(empty_scene, person)
    away = bpy.data.collections.new("Away")
    empty_scene.collection.children.link(away)
    away.objects.link(person)
    empty_scene.collection.objects.unlink(person)
    person.hide_viewport = True
    bpy.context.view_layer.layer_collection.children["Away"].exclude = True
    person.pose.bones["Head"].constraints.new("LIMIT_SCALE")
    after = read(empty_scene, person)
    assert person.hide_viewport
    for bone in before.turns:
        assert rotation_angle(before.turns[bone], after.turns[bone]).max() < 1e-3


def test_a_motion_goes_on_from_rig_to_rig(empty_scene, person):
    options = RetargetOptions(feet=False)
    mixamo = build_rig("mixamo", pose="A", rolls="odd", matrix=MIXAMO_OBJECT)
    unreal = build_rig("unreal", rolls="odd")
    retarget_rig(empty_scene, person, mixamo, options=options)
    result = retarget_rig(empty_scene, mixamo, unreal, options=options)
    assert result.action.name == "mixamo on unreal"
    frames = np.arange(1, 60, 4)
    first = limb_directions(seen(empty_scene, person, frames), rig_map_of(person))
    last = limb_directions(seen(empty_scene, unreal, frames), rig_map_of(unreal))
    for role in first:
        assert angles(first[role], last[role]).max() < 2.0, role


@pytest.mark.parametrize("controls", ["fk", "ik"])
def test_a_rig_with_fk_and_ik_is_read_by_the_bones_that_both_move(empty_scene, person, controls):
    rigify, mixamo = append_rigify(empty_scene), build_rig("mixamo", rolls="odd")
    retarget_rig(empty_scene, person, rigify, options=RetargetOptions(controls=controls))
    retarget_rig(empty_scene, rigify, mixamo, options=RetargetOptions(feet=False))
    frames = np.arange(1, 60, 6)
    first = limb_directions(seen(empty_scene, rigify, frames), seen_map_of(rigify))
    last = limb_directions(seen(empty_scene, mixamo, frames), rig_map_of(mixamo))
    for role in first:
        assert np.ptp(first[role], axis=0).max() > 0.1
        assert angles(first[role], last[role]).max() < 2.0, role


def test_a_rig_of_unknown_names_goes_by_the_map_that_is_kept_with_it(empty_scene, person):
    rig = build_rig("mixamo", prefix="")
    rig_map = rig_map_of(rig)
    renamed = {bone.name: f"b{number}" for number, bone in enumerate(rig.data.bones)}
    for bone in rig.data.bones:
        bone.name = renamed[bone.name]
    with pytest.raises(NotRecognised, match="mixamo"):
        retarget_rig(empty_scene, person, rig)
    bones = {role: tuple(renamed[bone] for bone in row) for role, row in rig_map.bones.items()}
    keep_rig_map(rig, type(rig_map)("Mine", bones))
    assert rig_map_of(rig).name == "Mine"
    assert retarget_rig(empty_scene, person, rig).notes == ()
    del rig[PROPERTY]
    with pytest.raises(NotRecognised):
        rig_map_of(rig)


def test_what_cannot_be_done_is_refused_with_a_sentence(empty_scene, person):
    rig = build_rig("mixamo")
    with pytest.raises(SameRig, match="itself"):
        retarget_rig(empty_scene, person, person)
    with pytest.raises(NoMotion, match="no animation"):
        retarget_rig(empty_scene, rig, person)
    rig.scale = (1.0, 1.0, 2.0)
    with pytest.raises(UnevenScale, match="unevenly"):
        retarget_rig(empty_scene, person, rig)
    rig.scale = (-1.0, 1.0, 1.0)
    with pytest.raises(UnevenScale, match="mirrored"):
        retarget_rig(empty_scene, person, rig)
    rig.scale = (1.0, 1.0, 1.0)
    rig.data.pose_position = "REST"
    with pytest.raises(NotPosed, match="rest position"):
        retarget_rig(empty_scene, person, rig)
    rig.data.pose_position = "POSE"
    for data in (None, bpy.data.meshes.new("Body"), bpy.data.armatures.new("Boneless")):
        chosen = bpy.data.objects.new("Chosen", data)
        for pair in ((chosen, rig), (person, chosen)):
            with pytest.raises(NoArmature, match="Chosen"):
                retarget_rig(empty_scene, *pair)
    curve = curve_container(person.animation_data.action).fcurves[0]
    curve.keyframe_points.insert(900_000, 0.0)
    with pytest.raises(MotionTooLong, match="900000"):
        retarget_rig(empty_scene, person, rig)
    assert rig.animation_data is None
