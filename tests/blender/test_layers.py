"""Corrections on top of a capture: they add to it, whatever is done to the capture below them."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix, Quaternion  # noqa: E402
from posed import poses  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.action import write_derived  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import assign_action, curve_container, make_action, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.layers import (  # noqa: E402
    AlreadyLayered,
    NoCapture,
    OtherLayer,
    RotationModeInUse,
    add_corrections,
    capture_action,
    corrections_action,
)
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.core.motion.cleanup.derive import derive  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.spaces import to_space  # noqa: E402

pytestmark = pytest.mark.blender
COUNT = 30
EVERYWHERE = [-20, 0, 1, 2.5, 13, 29.75, 30, 31, 80]


@pytest.fixture
def clip(make_clip):
    return make_clip(frames=COUNT)


@pytest.fixture
def person(empty_scene, clip, make_job):
    result = read_result(make_job(clip))
    return build_capture(empty_scene, result, BuildOptions(skin=False)).people[0].armature


def rewrite(person, clip, cleanup, start=1.0, step=1.0):
    derived = derive(to_space(clip, "blender"), cleanup)
    write_derived(person, capture_action(person), derived, cleanup, lambda s: start + step * 30 * s)


@pytest.mark.parametrize(("start", "step"), [(1.0, 1.0), (10.6, 0.8), (-7.25, 1.0)])
def test_putting_a_layer_on_top_moves_nothing_inside_or_outside_the_capture(
    empty_scene, person, clip, start, step
):
    rewrite(person, clip, Cleanup(), start, step)
    frames = [*EVERYWHERE, start, start + step, start + 29 * step]
    before = poses(empty_scene, person, frames, BONES)
    add_corrections(person)
    assert np.abs(poses(empty_scene, person, frames, BONES) - before).max() < 2e-5


def test_the_capture_lies_on_a_strip_and_an_empty_combining_action_above_it(person):
    capture = capture_action(person)
    corrections = add_corrections(person)
    data = person.animation_data
    (strip,) = (strip for track in data.nla_tracks for strip in track.strips)
    assert strip.action == capture == capture_action(person)
    assert (strip.frame_start, strip.frame_end, strip.blend_type) == (1, COUNT, "REPLACE")
    assert corrections == data.action == corrections_action(person)
    assert corrections.name == f"{capture.name} corrections"
    assert not len(curve_container(corrections).fcurves)
    assert (data.action_blend_type, data.action_influence) == ("COMBINE", 1.0)


def correct(person, scene):
    """Turn the left upper arm by hand at three frames, as an animator does, keyed in Blender's own way."""
    bone = person.pose.bones["UpperArm.L"]
    for frame, angle in ((1, 0.0), (12, 0.6), (30, -0.6)):  # the key before goes on acting: it is taken back
        scene.frame_set(frame)
        bone.rotation_quaternion = bone.rotation_quaternion @ Quaternion((0, 0, 1), angle)
        assert bone.keyframe_insert("rotation_quaternion", frame=frame)


def test_a_key_on_top_adds_to_the_capture_and_shows_what_was_posed(empty_scene, person):
    before = poses(empty_scene, person, [1, 12, 30], ["UpperArm.L"])[:, 0]
    add_corrections(person)
    correct(person, empty_scene)
    after = poses(empty_scene, person, [1, 12, 30], ["UpperArm.L"])[:, 0]
    turn = np.array(Matrix.Rotation(0.6, 4, "Z"))
    assert np.abs(after - [before[0], before[1] @ turn, before[2]]).max() < 1e-5


CLEANUPS = [
    (Cleanup(smoothing=4.0), 1.0),
    (Cleanup(mirror=True), 1.0),
    (Cleanup(reduce=True), 1.0),
    (Cleanup(travel="root", heading_on_root=True), 1.0),
    (Cleanup(speed=0.5), 1.0),
    (Cleanup(speed=2.0), 1.0),
]


@pytest.mark.parametrize(("cleanup", "step"), CLEANUPS)
def test_corrections_act_on_top_of_whatever_the_capture_becomes(empty_scene, person, clip, cleanup, step):
    frames = [1, 7, 12, 21, 30, 55]
    add_corrections(person)
    correct(person, empty_scene)
    corrections = corrections_action(person)
    rewrite(person, clip, cleanup, step=step)
    corrected = poses(empty_scene, person, frames, BONES)
    deltas = [
        Quaternion([c.evaluate(f) for c in curve_container(corrections).fcurves]).normalized() for f in frames
    ]
    # The capture alone, by itself and without the NLA.
    alone = person.copy()
    empty_scene.collection.objects.link(alone)
    alone.animation_data_clear()
    assign_action(alone, capture_action(person))
    plain = poses(empty_scene, alone, frames, BONES)
    arm, forearm = BONES.index("UpperArm.L"), BONES.index("Forearm.L")
    for frame in range(len(frames)):
        turn = np.array(deltas[frame].to_matrix().to_4x4())
        assert np.abs(corrected[frame, arm] - plain[frame, arm] @ turn).max() < 3e-5
        below = plain[frame, arm] @ turn @ np.linalg.inv(plain[frame, arm]) @ plain[frame, forearm]
        assert np.abs(corrected[frame, forearm] - below).max() < 3e-5
    assert np.abs(corrected[2, arm] - plain[2, arm]).max() > 0.05
    # What the correction does not touch plays as the capture does.
    others = [index for index, bone in enumerate(BONES) if bone.endswith(".R") or bone == "Head"]
    assert np.abs(corrected[:, others] - plain[:, others]).max() < 3e-5


def test_a_rotation_mode_that_would_switch_corrections_off_is_refused(empty_scene, person, clip):
    add_corrections(person)
    correct(person, empty_scene)
    before = poses(empty_scene, person, EVERYWHERE, BONES)
    with pytest.raises(RotationModeInUse, match=r"turn UpperArm\.L in rotation mode QUATERNION"):
        rewrite(person, clip, Cleanup(rotation_mode="XYZ"))
    assert np.array_equal(poses(empty_scene, person, EVERYWHERE, BONES), before)
    empty_scene.frame_set(1)
    curves = curve_container(corrections_action(person)).fcurves
    for curve in list(curves):
        curves.remove(curve)
    rewrite(person, clip, Cleanup(rotation_mode="XYZ"))
    assert person.pose.bones["UpperArm.L"].rotation_mode == "XYZ"


def test_corrections_hold_while_the_capture_is_rewritten_in_its_tweaked_strip(empty_scene, person, clip):
    add_corrections(person)
    correct(person, empty_scene)
    strip = person.animation_data.nla_tracks[0].strips[0]
    person.animation_data.nla_tracks[0].select = strip.select = True
    person.animation_data.use_tweak_mode = True
    assert person.animation_data.action == capture_action(person)
    with pytest.raises(AlreadyLayered):
        add_corrections(person)
    rewrite(person, clip, Cleanup(speed=0.5))
    person.animation_data.use_tweak_mode = False
    tweaked = poses(empty_scene, person, EVERYWHERE, BONES)
    assert person.animation_data.action == corrections_action(person)
    rewrite(person, clip, Cleanup(speed=0.5))
    assert np.array_equal(poses(empty_scene, person, EVERYWHERE, BONES), tweaked)
    assert strip.frame_end == pytest.approx(59)


def test_a_duplicated_person_has_the_copied_capture_for_its_own(person):
    bpy.context.view_layer.objects.active = person
    person.select_set(True)
    bpy.context.preferences.edit.use_duplicate_action = True
    bpy.ops.object.duplicate()
    twin = bpy.context.object
    assert twin != person
    assert twin.animation_data.action != person.animation_data.action
    assert capture_action(twin) == twin.animation_data.action
    assert capture_action(person) == person.animation_data.action


def test_whoever_goes_back_to_an_earlier_capture_action_has_that_for_the_capture(person, clip):
    earlier = capture_action(person)
    derived = derive(to_space(clip, "blender"), Cleanup())
    write_derived(person, make_action(person, "smooth"), derived, Cleanup(), lambda s: 1 + 30 * s)
    assert capture_action(person) == earlier  # which is still the one that plays
    assign_action(person, bpy.data.actions["smooth"])
    assert capture_action(person).name == "smooth"
    assign_action(person, make_action(person, "Dance"))
    assert capture_action(person).name == "smooth"  # nothing of ours plays: what was written last


def test_pressing_twice_says_so_and_changes_nothing(person):
    corrections = add_corrections(person)
    with pytest.raises(AlreadyLayered, match="has a corrections layer already"):
        add_corrections(person)
    assert corrections_action(person) == corrections == person.animation_data.action
    assert sum(len(track.strips) for track in person.animation_data.nla_tracks) == 1


def test_corrections_that_were_taken_off_can_be_added_again_on_the_same_strip(person):
    add_corrections(person)
    person.animation_data.action = None
    assert corrections_action(person) is None
    add_corrections(person)
    assert sum(len(track.strips) for track in person.animation_data.nla_tracks) == 1


def test_corrections_pushed_down_stay_and_are_still_found(person):
    first = add_corrections(person)
    person.animation_data.action = None
    strip = person.animation_data.nla_tracks.new().strips.new(first.name, 1, first)
    strip.blend_type = "COMBINE"
    assert corrections_action(person) == first


def test_a_person_who_plays_something_else_is_refused_with_what_to_do(person):
    capture = capture_action(person)
    assign_action(person, make_action(person, "Dance"))
    with pytest.raises(NoCapture, match="assign its captured action first"):
        add_corrections(person)
    person.animation_data.nla_tracks.new().strips.new("capture", 1, capture)
    with pytest.raises(OtherLayer, match="push that down in the NLA Editor"):
        add_corrections(person)


def test_a_trimmed_strip_keeps_its_trimming_and_a_moved_one_its_place(person, clip):
    add_corrections(person)
    strip = person.animation_data.nla_tracks[0].strips[0]
    strip.frame_start_raw, strip.frame_end_raw = 101, 130
    rewrite(person, clip, Cleanup(speed=0.5))
    assert strip.frame_start == 101
    assert strip.frame_end == pytest.approx(101 + 58)
    strip.action_frame_start = 10
    shown = strip.action_frame_start, strip.action_frame_end
    rewrite(person, clip, Cleanup())
    assert (strip.action_frame_start, strip.action_frame_end) == shown


def test_layers_survive_a_save(person, tmp_path):
    name = person.name
    add_corrections(person)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "take.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "take.blend"))
    person = bpy.data.objects[name]
    assert capture_action(person).name == name
    assert corrections_action(person).name == f"{name} corrections"


def test_a_correction_that_writes_over_nothing_of_the_capture_is_no_hand_work(person, empty_scene):
    from reel2rig.blender_addon.scene.handwork import is_edited

    add_corrections(person)
    correct(person, empty_scene)
    write_curve(curve_container(corrections_action(person)), "location", 0, "Object", [1, 2], [0, 1])
    assert not is_edited(capture_action(person))
