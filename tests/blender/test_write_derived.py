"""A cleaned-up motion lands in its action: exact, in place, and beside whatever the user put there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from posed import WRISTS_AND_TOES, heads, own_turns, poses  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.action import write_derived  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import (  # noqa: E402
    CONFIDENCE_GROUP,
    CONFIDENCES,
    CONTACTS,
    GAP_MARKER,
    GROUP,
    NOT_SEEN,
    SEEN_MARKER,
    read_contacts,
)
from reel2rig.blender_addon.scene.fcurves import curve_container, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.core.motion.cleanup.derive import derive  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.keys.euler import EULER_ORDERS, quaternion_from_euler  # noqa: E402
from reel2rig.core.motion.rotations import quaternion_to_matrix, rotation_angle  # noqa: E402
from reel2rig.core.motion.spaces import to_space  # noqa: E402

pytestmark = pytest.mark.blender
COUNT = 40
FRAMES = 1 + np.arange(COUNT)


@pytest.fixture
def clip(make_clip):
    return make_clip(frames=COUNT)


@pytest.fixture
def person(empty_scene, clip, make_job):
    result = read_result(make_job(clip))
    return build_capture(empty_scene, result, BuildOptions(skin=False)).people[0].armature


def derived_of(clip, cleanup=None, **changes):
    derived = derive(to_space(clip, "blender"), cleanup or Cleanup())
    return dataclasses.replace(derived, **changes)


def write(person, derived, cleanup=None):
    write_derived(person, capture_action(person), derived, cleanup or Cleanup(), lambda s: 1 + 30 * s)


def curves_of(person):
    curves = curve_container(capture_action(person)).fcurves
    return {(curve.data_path, curve.array_index): curve for curve in curves}


def keys(curve):
    return [tuple(key.co) for key in curve.keyframe_points]


def test_writing_the_capture_again_changes_no_key(person, clip):
    before = {where: keys(curve) for where, curve in curves_of(person).items()}
    write(person, derived_of(clip))
    assert {where: keys(curve) for where, curve in curves_of(person).items()} == before


def test_the_action_and_its_slot_stay_the_same(person, clip):
    action = capture_action(person)
    slots = [slot.handle for slot in getattr(action, "slots", ())]
    write(person, derived_of(clip, Cleanup(smoothing=3.0)), Cleanup(smoothing=3.0))
    assert capture_action(person) == action == person.animation_data.action
    assert [slot.handle for slot in getattr(action, "slots", ())] == slots


def test_what_the_user_keyed_elsewhere_and_modifiers_stay(person, clip):
    container = curve_container(capture_action(person))
    theirs = write_curve(container, 'pose.bones["Hand.L"].scale', 0, "Hand.L", [1, 20], [1, 2])
    write_curve(container, "location", 2, "Object", [1, 20], [0, 5])
    head = curves_of(person)['pose.bones["Head"].rotation_quaternion', 1]
    head.modifiers.new("NOISE")
    write(person, derived_of(clip, Cleanup(smoothing=3.0)))
    assert keys(curves_of(person)["location", 2]) == [(1, 0), (20, 5)]
    assert keys(theirs) == [(1, 1), (20, 2)]
    head = curves_of(person)['pose.bones["Head"].rotation_quaternion', 1]
    assert [modifier.type for modifier in head.modifiers] == ["NOISE"]


@pytest.mark.parametrize("heading", [False, True])
def test_the_body_is_where_it_was_when_the_root_bone_carries_it(empty_scene, person, clip, heading):
    before = poses(empty_scene, person, FRAMES, BONES)
    cleanup = Cleanup(travel="root", heading_on_root=heading)
    write(person, derived_of(clip, cleanup), cleanup)
    after = poses(empty_scene, person, FRAMES, (*BONES, "root"))
    assert np.abs(after[:, :24] - before).max() < 2e-5
    assert np.ptp(after[:, 24, :2, 3], axis=0).max() > 0.1
    assert (np.abs(after[:, 24, :3, :3] - np.eye(3)).max() > 0.1) == heading


def test_a_root_bone_that_carries_no_more_goes_back_to_rest(empty_scene, person, clip):
    before = poses(empty_scene, person, FRAMES, BONES)
    cleanup = Cleanup(travel="root", heading_on_root=True)
    write(person, derived_of(clip, cleanup), cleanup)
    empty_scene.frame_set(30)
    write(person, derived_of(clip))
    assert not any("root" in path for path, _ in curves_of(person))
    assert np.allclose(person.pose.bones["root"].matrix_basis, np.eye(4))
    assert np.abs(poses(empty_scene, person, FRAMES, BONES) - before).max() < 1e-6


def test_a_root_bone_that_the_user_posed_without_keys_is_let_be(person, clip):
    person.pose.bones["root"].location = (1, 2, 3)
    write(person, derived_of(clip))
    assert tuple(person.pose.bones["root"].location) == (1, 2, 3)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_keys_are_the_same_motion_and_never_flip(empty_scene, person, clip, order):
    before = poses(empty_scene, person, FRAMES, BONES)
    cleanup = Cleanup(rotation_mode=order)
    write(person, derived_of(clip, cleanup), cleanup)
    assert np.abs(poses(empty_scene, person, FRAMES, BONES) - before).max() < 1e-5
    paths = {path for path, _ in curves_of(person)}
    assert not any(path.endswith("rotation_quaternion") for path in paths)
    assert {person.pose.bones[bone].rotation_mode for bone in BONES} == {order}
    values = np.array([keys(c) for (p, _), c in curves_of(person).items() if p.endswith("rotation_euler")])
    assert values.shape == (72, COUNT, 2)
    assert np.abs(np.diff(values[..., 1], axis=1)).max() < 1.0


def test_quaternions_come_back_after_euler_angles(empty_scene, person, clip):
    before = {where: keys(curve) for where, curve in curves_of(person).items()}
    write(person, derived_of(clip), Cleanup(rotation_mode="YXZ"))
    write(person, derived_of(clip))
    assert {where: keys(curve) for where, curve in curves_of(person).items()} == before
    assert person.pose.bones["Head"].rotation_mode == "QUATERNION"


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_the_orders_mean_what_they_mean_in_blender(order):
    from mathutils import Euler

    angles = np.random.default_rng(3).uniform(-4, 4, (50, 3))
    theirs = np.array([Euler(triple, order).to_matrix() for triple in angles])
    assert np.abs(quaternion_to_matrix(quaternion_from_euler(angles, order)) - theirs).max() < 1e-6


def gap(first, end):
    held = np.zeros(COUNT, bool)
    held[first:end] = True
    return held


@pytest.mark.parametrize("reduce", [False, True])
def test_a_gap_has_no_keys_and_holds_the_pose(empty_scene, person, clip, reduce):
    held = gap(10, 20)
    write(person, derived_of(clip, held=held), Cleanup(reduce=reduce))
    bones = [curve for (path, _), curve in curves_of(person).items() if path.startswith("pose")]
    in_gap = set(FRAMES[held])
    assert not any(frame in in_gap for curve in bones for frame, _ in keys(curve))
    shown = poses(empty_scene, person, FRAMES, BONES)
    assert np.array_equal(shown[10:20], np.repeat(shown[9:10], 10, axis=0))
    assert np.abs(shown[20] - shown[9]).max() > 0.01


def test_a_gap_is_marked_and_the_marks_go_when_it_is_bridged(person, clip):
    action = capture_action(person)
    action.pose_markers.new("Jump").frame = 5
    write(person, derived_of(clip, held=gap(10, 20)))
    assert {(m.name, m.frame) for m in action.pose_markers} == {
        ("Jump", 5), (GAP_MARKER, 11), (SEEN_MARKER, 21),
    }  # fmt: skip
    assert keys(curves_of(person)[f'["{NOT_SEEN}"]', 0]) == [(1, 0), (11, 1), (21, 0)]
    write(person, derived_of(clip))
    assert [m.name for m in action.pose_markers] == ["Jump"]
    assert (f'["{NOT_SEEN}"]', 0) not in curves_of(person)
    assert NOT_SEEN not in person


def test_a_person_who_was_never_seen_has_one_pose(person, clip):
    write(person, derived_of(clip, held=np.ones(COUNT, bool)))
    assert all(len(keys(c)) == 1 for (p, _), c in curves_of(person).items() if p.startswith("pose"))


def steps():
    on = np.zeros((COUNT, 2), bool)
    on[5:12, 0] = on[9:30, 1] = True
    return on


def test_contacts_are_steps_with_a_key_at_each_change(empty_scene, person, clip):
    write(person, derived_of(clip, contacts=steps()))
    left = curves_of(person)[f'["{CONTACTS[0]}"]', 0]
    assert left.group.name == GROUP
    assert keys(left) == [(1, 0), (6, 1), (13, 0)]
    assert {key.interpolation for key in left.keyframe_points} == {"CONSTANT"}
    empty_scene.frame_set(12)
    assert person[CONTACTS[0]] == 1
    empty_scene.frame_set(13)
    assert person[CONTACTS[0]] == 0
    about = person.id_properties_ui(CONTACTS[0]).as_dict()
    assert (about["min"], about["max"]) == (0, 1)
    assert "left foot" in about["description"]


def test_contacts_read_back_as_the_user_left_them(person, clip):
    write(person, derived_of(clip, contacts=steps()))
    action = capture_action(person)
    assert np.array_equal(read_contacts(action, FRAMES), steps())
    curve = curves_of(person)[f'["{CONTACTS[0]}"]', 0]
    curve.keyframe_points[2].co[0] = 20  # the foot leaves the floor later
    expected = steps()
    expected[5:19, 0] = True
    assert np.array_equal(read_contacts(action, FRAMES), expected)
    for name in CONTACTS:
        curve_container(action).fcurves.remove(curves_of(person)[f'["{name}"]', 0])
    assert read_contacts(action, FRAMES) is None


def test_confidence_follows_the_numbers_with_few_keys_and_is_locked(person, clip):
    sure = np.clip(0.5 + 0.5 * np.sin(np.arange(COUNT) / 8.0), 0, 1)
    write(person, derived_of(clip, confidence=np.stack([sure, 0 * sure + 1], axis=-1)))
    left, right = (curves_of(person)[f'["{name}"]', 0] for name in CONFIDENCES)
    shown = np.array([left.evaluate(frame) for frame in FRAMES])
    assert np.abs(shown - sure).max() <= 0.05 + 1e-6
    assert len(keys(left)) < COUNT / 2
    assert len(keys(right)) == 2
    assert left.lock
    assert left.group.name == CONFIDENCE_GROUP


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
@pytest.mark.parametrize("travel", ["pelvis", "root"])
def test_reduced_keys_stay_within_both_bounds_as_blender_draws_them(empty_scene, person, clip, mode, travel):
    cleanup = Cleanup(rotation_mode=mode, travel=travel, heading_on_root=travel == "root")
    derived = derived_of(clip, cleanup, contacts=steps())
    bones = (*BONES, "root")
    write(person, derived, cleanup)
    dense = {where: len(keys(curve)) for where, curve in curves_of(person).items()}
    turns, places = (
        own_turns(empty_scene, person, FRAMES, bones),
        heads(empty_scene, person, FRAMES, WRISTS_AND_TOES),
    )
    write(person, derived, dataclasses.replace(cleanup, reduce=True))
    angles = np.degrees(rotation_angle(own_turns(empty_scene, person, FRAMES, bones), turns))
    off = np.linalg.norm(heads(empty_scene, person, FRAMES, WRISTS_AND_TOES) - places, axis=-1)
    assert angles.max() <= 1.0
    assert off.max() <= 0.010
    poses_kept = {where: keys(c) for where, c in curves_of(person).items() if where[0].startswith("pose")}
    assert sum(map(len, poses_kept.values())) < 0.5 * sum(dense[where] for where in poses_kept)
    for bone in BONES:
        shared = {
            tuple(f for f, _ in k)
            for (p, _), k in poses_kept.items()
            if p.startswith(f'pose.bones["{bone}"]')
        }
        assert len(shared) == 1
        assert {1, 6, 10, 13, 31, COUNT} <= set(next(iter(shared)))  # contacts change on these


def test_reduced_curves_are_smooth_and_their_handles_stay_put_when_blender_lays_them_anew(person, clip):
    write(person, derived_of(clip), Cleanup(reduce=True))
    curve = curves_of(person)['pose.bones["Thigh.L"].rotation_quaternion', 1]
    assert {key.interpolation for key in curve.keyframe_points} == {"BEZIER"}
    assert {key.handle_left_type for key in curve.keyframe_points} == {"ALIGNED"}
    before = np.array([(*key.handle_left, *key.handle_right) for key in curve.keyframe_points])
    curve.update()
    after = np.array([(*key.handle_left, *key.handle_right) for key in curve.keyframe_points])
    assert np.abs(after - before).max() < 1e-5


def test_no_key_is_left_selected(person, clip):
    for cleanup in (Cleanup(), Cleanup(reduce=True)):
        write(person, derived_of(clip), cleanup)
        points = [key for curve in curves_of(person).values() for key in curve.keyframe_points]
        assert not any(
            key.select_control_point or key.select_left_handle or key.select_right_handle for key in points
        )


def test_taking_reduction_back_gives_the_exact_keys_again(person, clip):
    before = {where: keys(curve) for where, curve in curves_of(person).items()}
    write(person, derived_of(clip), Cleanup(reduce=True))
    write(person, derived_of(clip))
    assert {where: keys(curve) for where, curve in curves_of(person).items()} == before
    curve = curves_of(person)['pose.bones["Head"].rotation_quaternion', 0]
    assert {key.interpolation for key in curve.keyframe_points} == {"LINEAR"}
    assert {key.handle_left_type for key in curve.keyframe_points} == {"AUTO_CLAMPED"}
