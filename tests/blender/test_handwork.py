"""Hand work on captured keys is noticed, and nothing else is taken for it."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.action import write_derived  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.contact_curves import CONTACTS  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container, make_action, write_curve  # noqa: E402
from reel2rig.blender_addon.scene.handwork import is_edited  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action  # noqa: E402
from reel2rig.core.motion.cleanup.derive import derive  # noqa: E402
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.spaces import to_space  # noqa: E402

pytestmark = pytest.mark.blender
ELBOW = 'pose.bones["Forearm.L"].rotation_quaternion'


@pytest.fixture(params=[False, True], ids=["dense", "reduced"])
def person(request, empty_scene, make_clip, make_job):
    clip = make_clip(frames=20)
    armature = (
        build_capture(empty_scene, read_result(make_job(clip)), BuildOptions(skin=False)).people[0].armature
    )
    cleanup = Cleanup(reduce=request.param)
    derived = derive(to_space(clip, "blender"), cleanup)
    write_derived(armature, capture_action(armature), derived, cleanup, lambda s: 1 + 30 * s)
    return armature


def curve(person, path=ELBOW, index=1):
    return curve_container(capture_action(person)).fcurves.find(path, index=index)


def move_key(person):
    curve(person).keyframe_points[1].co[0] += 0.5


def change_value(person):
    curve(person).keyframe_points[1].co[1] += 1e-5


def add_key(person):
    curve(person).keyframe_points.insert(2.25, curve(person).evaluate(2.25))


def delete_key(person):
    points = curve(person).keyframe_points
    points.remove(points[1])


def change_interpolation(person):
    curve(person).keyframe_points[1].interpolation = "ELASTIC"


def change_kind_of_handle(person):
    curve(person).keyframe_points[1].handle_left_type = "VECTOR"


def move_handle(person):
    curve(person).keyframe_points[1].interpolation = "BEZIER"
    curve(person).keyframe_points[1].handle_right[1] += 0.1


def delete_curve(person):
    curve_container(capture_action(person)).fcurves.remove(curve(person))


def key_the_root_bone(person):
    path = 'pose.bones["root"].location'
    write_curve(curve_container(capture_action(person)), path, 0, "root", [1, 20], [0, 1])


@pytest.mark.parametrize(
    "edit",
    [move_key, change_value, add_key, delete_key, change_interpolation, change_kind_of_handle, move_handle,
     delete_curve, key_the_root_bone],
)  # fmt: skip
def test_every_edit_of_a_captured_curve_is_noticed(person, edit):
    assert not is_edited(capture_action(person))
    edit(person)
    assert is_edited(capture_action(person))


def move_a_contact(person):
    curve(person, f'["{CONTACTS[0]}"]', 0).keyframe_points.insert(5, 1)


def key_something_else(person):
    container = curve_container(capture_action(person))
    write_curve(container, 'pose.bones["Hand.L"].scale', 0, "Hand.L", [1, 20], [1, 2])


def rename(person):
    capture_action(person).name = "Walk, take 3"
    person.name = "Hero"


def select_and_colour(person):
    curve(person).select = True
    curve(person).keyframe_points[0].select_control_point = True
    curve(person).color_mode = "CUSTOM"
    curve(person).mute = True


def lay_handles_anew(person):
    for each in curve_container(capture_action(person)).fcurves:
        each.update()


def play(person):
    for frame in range(1, 20):
        bpy.context.scene.frame_set(frame)


@pytest.mark.parametrize(
    "change", [move_a_contact, key_something_else, rename, select_and_colour, lay_handles_anew, play]
)
def test_what_is_no_hand_work_is_not_taken_for_it(person, change):
    change(person)
    assert not is_edited(capture_action(person))


def test_saving_and_opening_the_file_is_not_hand_work(person, tmp_path):
    name = person.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "take.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "take.blend"))
    assert not is_edited(capture_action(bpy.data.objects[name]))
    change_value(bpy.data.objects[name])
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "take.blend"))
    assert is_edited(capture_action(bpy.data.objects[name]))


def test_undoing_hand_work_leaves_none_and_redoing_brings_it_back(person):
    name = person.name
    bpy.context.preferences.edit.use_global_undo = True
    bpy.ops.ed.undo_push(message="captured")
    move_key(person)
    bpy.ops.ed.undo_push(message="edited")
    bpy.ops.ed.undo()
    assert not is_edited(capture_action(bpy.data.objects[name]))
    bpy.ops.ed.redo()
    assert is_edited(capture_action(bpy.data.objects[name]))


def test_a_copy_of_an_untouched_action_is_untouched_and_one_never_written_is_not_ours(person):
    copy = capture_action(person).copy()
    assert not is_edited(copy)
    theirs = make_action(person, "theirs")
    write_curve(curve_container(theirs), ELBOW, 1, "Forearm.L", [1, 2], [0, 1])
    assert is_edited(theirs)
