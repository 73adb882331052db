"""People in the scene are merged, split and swapped; what the user made of them stays."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.armature import rest_axes, rest_heads  # noqa: E402
from reel2rig.blender_addon.scene.build import build_capture  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.kept_edits import PROPERTY, edits_for, keep_edits  # noqa: E402
from reel2rig.blender_addon.scene.layers import capture_action  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.blender_addon.scene.people import people_in, skins_of  # noqa: E402
from reel2rig.blender_addon.scene.rederive import rederive  # noqa: E402
from reel2rig.blender_addon.scene.rig_motion import bone_motion  # noqa: E402
from reel2rig.blender_addon.scene.stored_settings import (  # noqa: E402
    cleanup_of,
    contacts_of,
    keep_cleanup,
    keep_contacts,
)
from reel2rig.blender_addon.scene.track_edits import (  # noqa: E402
    CaptureGone,
    merge_people,
    source_frame,
    split_person,
    swap_people,
)
from reel2rig.core.motion.cleanup.settings import Cleanup  # noqa: E402
from reel2rig.core.motion.track_parts import TrackNotSeen, TracksApart, TracksDiffer  # noqa: E402
from reel2rig.core.motion.tracks import BadTrackEdit, TrackEdit, apply_edits  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def three(empty_scene, make_clip, make_job):
    """A capture of two people side by side and a third track that goes on where the second one was lost."""
    clips = [
        make_clip(frames=40, track="1", offset=-1.0),
        make_clip(frames=20, track="2", offset=1.0),
        make_clip(frames=15, first=25, track="3", offset=1.0),
    ]
    built = build_capture(empty_scene, read_result(make_job(*clips)))
    return built.collection, [person.armature for person in built.people]


def pelvis_at(person, frame):
    bpy.context.scene.frame_set(frame)
    bpy.context.view_layer.update()
    evaluated = person.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world @ evaluated.pose.bones["Pelvis"].head)


def keyed(person):
    """(first, last) scene frame of the keys of a person's capture."""
    start, end = capture_action(person).curve_frame_range
    return round(start), round(end)


def test_merged_people_are_one_with_the_motion_of_both(three):
    home, (_, second, third) = three
    before = {frame: pelvis_at(second, frame) for frame in (1, 10, 20)}
    before |= {frame: pelvis_at(third, frame) for frame in (27, 40)}
    edited = merge_people(bpy.context.scene, second, third)
    assert edited.people == (second,)
    assert people_in(home) == [home.children[0].objects[0], second]
    assert keyed(second) == (1, 40)
    clip, _ = unpack_clip(second)
    assert clip.track == "2"
    assert clip.valid.sum() == 35
    for frame, place in before.items():
        # The mean body is a little higher.
        assert np.linalg.norm(pelvis_at(second, frame) - place) < 0.06
        assert np.allclose(pelvis_at(second, frame)[:2], place[:2], atol=1e-3)


def test_the_merged_body_mesh_and_bones_agree(three, body):
    _, (_, second, third) = three
    merge_people(bpy.context.scene, second, third)
    clip, _ = unpack_clip(second)
    heads = rest_heads(second)
    wanted = clip.rest_joints - clip.rest_joints[0]
    assert np.allclose(np.abs(heads - heads[0])[:, [0, 2]], np.abs(wanted)[:, [0, 1]], atol=1e-3)
    values = [skins_of(second)[0].data.shape_keys.key_blocks[f"Shape {n}"].value for n in range(1, 11)]
    assert np.allclose(values, clip.betas, atol=1e-5)


def test_nothing_of_the_one_who_was_merged_is_left_but_hand_made_actions(three):
    home, (_, second, third) = three
    mine = bpy.data.actions.new("My own")
    mine.use_fake_user = True
    counts = [
        len(getattr(bpy.data, kind)) for kind in ("armatures", "meshes", "materials", "texts", "actions")
    ]
    merge_people(bpy.context.scene, second, third)
    after = [
        len(getattr(bpy.data, kind)) for kind in ("armatures", "meshes", "materials", "texts", "actions")
    ]
    assert [b - a for a, b in zip(counts, after, strict=True)] == [-1, -1, -1, -1, -1]
    assert len(home.children) == 2
    assert mine.name in bpy.data.actions


def test_edited_keys_of_both_stay_in_their_actions(three):
    _, (_, second, third) = three
    kept = []
    for person in (second, third):
        action = capture_action(person)
        curve = next(c for c in curve_container(action).fcurves if "Head" in c.data_path)
        curve.keyframe_points[3].co[1] += 0.2
        kept.append((action, curve.keyframe_points[3].co[1]))
    edited = merge_people(bpy.context.scene, second, third)
    assert edited.rederived[0].is_new
    for action, value in kept:
        assert action.name in bpy.data.actions
        assert action.use_fake_user
        curve = next(c for c in curve_container(action).fcurves if "Head" in c.data_path)
        assert curve.keyframe_points[3].co[1] == value
    assert capture_action(second) not in [action for action, _ in kept]


def test_what_pointed_at_the_one_who_ends_points_at_the_one_who_stays(three):
    _, (_, second, third) = three
    hat = bpy.data.objects.new("Hat", None)
    bpy.context.scene.collection.objects.link(hat)
    hat.parent, hat.parent_type, hat.parent_bone = third, "BONE", "Head"
    target = bpy.data.objects.new("Follower", None)
    bpy.context.scene.collection.objects.link(target)
    constraint = target.constraints.new("COPY_LOCATION")
    constraint.target, constraint.subtarget = third, "Pelvis"
    merge_people(bpy.context.scene, second, third)
    assert hat.parent == second
    assert constraint.target == second
    assert [home.name for home in second.users_collection] == ["Person 2 dance für zwei"]


def test_split_people_share_body_clean_up_and_place(three):
    home, (first, _, _) = three
    first.location.x = 3.0
    keep_cleanup(first, Cleanup(smoothing=1.0))
    colour = skins_of(first)[0].data.materials[0]
    split_person(bpy.context.scene, first, 18)
    new = people_in(home)[-1]
    assert len(people_in(home)) == 4
    assert unpack_clip(new)[0].track == "4"
    assert keyed(first) == (1, 18)
    assert keyed(new) == (19, 40)
    assert cleanup_of(new) == Cleanup(smoothing=1.0)
    assert np.allclose(rest_heads(new), rest_heads(first), atol=1e-6)
    assert np.linalg.norm(pelvis_at(new, 19) - pelvis_at(first, 18)) < 0.1
    assert skins_of(first)[0].data.materials[0] == colour
    assert skins_of(new)[0].data.materials[0] != colour


def test_splitting_someone_without_a_mesh_builds_none(three):
    home, (first, _, _) = three
    bpy.data.objects.remove(skins_of(first)[0])
    split_person(bpy.context.scene, first, 18)
    assert skins_of(people_in(home)[-1]) == []


def test_swapped_people_exchange_motion_and_keep_body_and_objects(three, make_clip):
    _, (first, second, _) = three
    places = pelvis_at(first, 18), pelvis_at(second, 18)
    heads = rest_heads(first), rest_heads(second)
    swap_people(bpy.context.scene, first, second, 10)
    assert np.allclose(pelvis_at(first, 18)[:2], places[1][:2], atol=1e-3)
    assert np.allclose(pelvis_at(second, 18)[:2], places[0][:2], atol=1e-3)
    assert pelvis_at(first, 5)[0] < 0
    assert np.array_equal(rest_heads(first), heads[0])
    assert np.array_equal(rest_heads(second), heads[1])
    assert keyed(first)[1] == 20
    assert keyed(second)[1] == 40


def test_keys_are_those_of_the_edited_clip(three):
    _, (first, second, _) = three
    swap_people(bpy.context.scene, first, second)
    clip, _ = unpack_clip(first)
    rotations, _ = bone_motion(clip, rest_axes(first), rest_heads(first)[0], 1.0)
    path = 'pose.bones["Head"].rotation_quaternion'
    curves = [c for c in curve_container(capture_action(first)).fcurves if c.data_path == path]
    values = np.array([[key.co[1] for key in curve.keyframe_points] for curve in curves]).T
    assert np.allclose(values, rotations[:, 15], atol=1e-5)


def test_editing_before_and_after_import_is_the_same(three, make_clip):
    home, (_, second, third) = three
    raw = [unpack_clip(person)[0] for person in people_in(home)]
    wanted = apply_edits(raw, [TrackEdit("merge", ("2", "3")), TrackEdit("swap", ("1", "2"), 12)])
    merge_people(bpy.context.scene, second, third)
    swap_people(bpy.context.scene, people_in(home)[0], second, 12)
    for person, clip in zip(people_in(home), wanted, strict=True):
        kept, _ = unpack_clip(person)
        assert kept.track == clip.track
        assert np.array_equal(kept.frames, clip.frames)
        assert np.allclose(kept.root, clip.root, atol=1e-6)
        assert np.allclose(kept.rotations, clip.rotations, atol=1e-6)


def test_contacts_that_were_edited_go_with_the_motion(three):
    _, (first, second, _) = three
    clip, _ = unpack_clip(first)
    mine = np.zeros((40, 2), bool)
    mine[12:16, 0] = True
    keep_contacts(first, clip, mine)
    rederive(bpy.context.scene, first, take_contacts=False)
    swap_people(bpy.context.scene, first, second)
    assert contacts_of(second, clip) is None
    assert np.flatnonzero(unpack_clip(second)[0].contacts[:, 0]).tolist() == [12, 13, 14, 15]
    assert not unpack_clip(first)[0].contacts.any()


def test_a_scene_frame_tells_the_video_frame_that_is_shown(three):
    _, (first, _, _) = three
    assert [source_frame(first, frame) for frame in (1, 5, 5.4)] == [0, 4, 4]
    keep_cleanup(first, Cleanup(speed=2.0))
    assert source_frame(first, 5) == 8


def test_refusals_change_nothing(three):
    home, (first, second, third) = three
    before = {person.name: unpack_clip(person)[0].root.copy() for person in people_in(home)}
    count = len(bpy.data.user_map())
    with pytest.raises(TracksApart):
        merge_people(bpy.context.scene, first, second)
    with pytest.raises(TrackNotSeen):
        split_person(bpy.context.scene, third, 10)
    with pytest.raises(TrackNotSeen):
        swap_people(bpy.context.scene, second, third, 90)
    assert len(bpy.data.user_map()) == count
    for name, root in before.items():
        assert np.array_equal(unpack_clip(bpy.data.objects[name])[0].root, root)


def test_people_of_two_captures_stay_two(three, make_clip, make_job):
    _, (first, _, _) = three
    other = build_capture(bpy.context.scene, read_result(make_job(make_clip(frames=9)))).people[0].armature
    with pytest.raises(TracksDiffer, match="one capture"):
        swap_people(bpy.context.scene, first, other)


def test_someone_outside_the_capture_is_told_where_to_go(three):
    home, (first, second, _) = three
    home.children[0].objects.unlink(first)
    bpy.context.scene.collection.objects.link(first)
    with pytest.raises(CaptureGone, match="Outliner"):
        swap_people(bpy.context.scene, first, second)


def test_edits_are_kept_by_job_folder(empty_scene):
    edits = (TrackEdit("merge", ("1", "3")), TrackEdit("split", ("2",), 30))
    keep_edits(empty_scene, "/jobs/a1", edits)
    keep_edits(empty_scene, "/elsewhere/b2", edits[:1])
    assert edits_for(empty_scene, "/moved/a1") == edits
    assert edits_for(empty_scene, "b2") == edits[:1]
    assert edits_for(empty_scene, "c3") == ()
    keep_edits(empty_scene, "a1", ())
    keep_edits(empty_scene, "b2", ())
    assert PROPERTY not in empty_scene


def test_damaged_kept_edits_are_refused_with_a_sentence(empty_scene):
    empty_scene[PROPERTY] = "[1"
    with pytest.raises(BadTrackEdit, match="custom property"):
        edits_for(empty_scene, "a1")
