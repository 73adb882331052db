"""The People panel: its list, its buttons, and captures that are put right before they are imported."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.scene.kept_edits import edits_for  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.blender_addon.scene.people import chosen_people, people_in, skins_of  # noqa: E402
from reel2rig.blender_addon.waiting_people import (  # noqa: E402
    close_waiting,
    is_open,
    open_waiting,
    told,
    waiting_people,
)
from reel2rig.core.motion.tracks import TrackEdit, apply_edits  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def clips(make_clip):
    """Two people side by side and a third track that goes on where the second one was lost."""
    patchy = make_clip(frames=40, track="1", offset=-1.0)
    return [
        patchy.replace(valid=np.abs(np.arange(40) - 20) > 3),
        make_clip(frames=20, track="2", offset=1.0),
        make_clip(frames=15, first=25, track="3", offset=1.0),
    ]


@pytest.fixture
def job(clips, make_job):
    """The folder of a finished capture of them, with what a scan says of two of them."""
    folder = make_job(*clips)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    result["tracks"] = [{"id": 1, "confidence": 0.9}, {"id": 2, "confidence": "?"}]
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    (folder / "person-1.png").write_bytes(b"a picture")
    yield folder
    close_waiting(folder)


@pytest.fixture
def addon(tmp_path, monkeypatch, empty_scene):
    """The add-on registered in an empty file, with a home folder of its own."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    registration.register()
    bpy.ops.ed.undo_push(message="Start")
    yield empty_scene
    registration.unregister()


@pytest.fixture
def people(addon, job):
    """The armatures of the three, imported; Person 1 alone is selected."""
    bpy.ops.reel2rig.import_capture("EXEC_DEFAULT", True, filepath=str(job))
    armatures = people_in(bpy.data.collections["dance für zwei"])
    choose(armatures[0])
    return armatures


def choose(*people):
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing in people)
    bpy.context.view_layer.objects.active = people[0]


def names():
    return [person.name.split()[1] for person in people_in(bpy.data.collections["dance für zwei"])]


def test_merging_is_one_undo_step_that_brings_everybody_back(people):
    choose(people[1], people[2])
    before = unpack_clip(people[1])[0].root.copy()
    assert bpy.ops.reel2rig.merge_tracks("EXEC_DEFAULT", True) == {"FINISHED"}
    assert names() == ["1", "2"]
    bpy.ops.ed.undo()
    assert names() == ["1", "2", "3"]
    second = bpy.data.objects["Person 2 dance für zwei"]
    assert np.array_equal(unpack_clip(second)[0].root, before)
    assert len(skins_of(second)) == 1
    bpy.ops.ed.redo()
    assert names() == ["1", "2"]
    assert len(unpack_clip(bpy.data.objects["Person 2 dance für zwei"])[0]) == 40


def test_the_active_one_stays_in_a_merge(people):
    choose(people[2], people[1])
    bpy.ops.reel2rig.merge_tracks()
    assert names() == ["1", "3"]
    assert bpy.context.object.name.startswith("Person 3")


def test_splitting_happens_at_the_current_frame_or_the_one_given(people):
    bpy.context.scene.frame_set(11)
    bpy.ops.reel2rig.split_track()
    assert names() == ["1", "2", "3", "4"]
    assert unpack_clip(people[0])[0].frames[-1] == 9
    assert {person.name.split()[1] for person in bpy.context.selected_objects} == {"1", "4"}
    bpy.context.scene.frame_set(8)
    bpy.ops.reel2rig.split_track(frame=6)
    assert unpack_clip(people[0])[0].frames[-1] == 4


def test_swapping_works_while_posing_and_from_a_body(people):
    skin = skins_of(people[1])[0]
    choose(people[0], skin)
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(10)
    assert bpy.ops.reel2rig.swap_tracks() == {"FINISHED"}
    assert unpack_clip(people[0])[0].frames[-1] == 19
    choose(people[0], people[1])
    assert bpy.ops.reel2rig.swap_whole_tracks() == {"FINISHED"}
    assert unpack_clip(people[0])[0].frames[-1] == 39


def test_merging_leaves_pose_mode_by_itself(people):
    choose(people[1], people[2])
    bpy.ops.object.mode_set(mode="POSE")
    assert bpy.ops.reel2rig.merge_tracks() == {"FINISHED"}
    assert names() == ["1", "2"]


@pytest.mark.parametrize("name", ["merge_tracks", "swap_tracks", "swap_whole_tracks"])
def test_one_person_alone_is_neither_merged_nor_swapped(people, name):
    assert not getattr(bpy.ops.reel2rig, name).poll()
    choose(people[0], people[1])
    assert getattr(bpy.ops.reel2rig, name).poll()


def test_splitting_is_offered_only_within_the_motion(people):
    choose(people[2])  # seen on scene frames 26 to 40
    offered = []
    for frame in (1, 26, 27, 40, 41):
        bpy.context.scene.frame_set(frame)
        offered.append(bpy.ops.reel2rig.split_track.poll())
    assert offered == [False, False, True, True, False]


def test_what_cannot_be_merged_is_told_with_its_code(people):
    choose(people[0], people[1])
    with pytest.raises(RuntimeError, match=r"2\.\d m apart.*\[tracks.two_people\]"):
        bpy.ops.reel2rig.merge_tracks()


def test_the_list_follows_the_viewport_and_the_viewport_the_list(people):
    home = bpy.data.collections["dance für zwei"]
    assert home.all_objects[home.reel2rig_person] == people[0]
    home.reel2rig_person = home.all_objects.find(people[2].name)
    assert bpy.context.object == people[2]
    assert list(bpy.context.selected_objects) == [people[2]]
    bpy.ops.reel2rig.toggle_person(person=people[1].name)
    assert chosen_people(bpy.context) == [people[1], people[2]]
    bpy.ops.reel2rig.toggle_person(person=people[1].name)
    assert chosen_people(bpy.context) == [people[2]]


def test_selecting_all_selects_people_only_and_no_hidden_ones(people):
    bpy.ops.reel2rig.show_person(person=people[1].name)
    assert skins_of(people[1])[0].hide_get()
    bpy.ops.reel2rig.select_people()
    assert list(bpy.context.selected_objects) == [people[0], people[2]]
    bpy.ops.reel2rig.show_person(person=people[1].name)
    assert not people[1].hide_get()


def test_a_waiting_capture_lists_its_people_as_they_were_seen(job, clips):
    open_waiting(job)
    first, second, third = waiting_people(job, ())
    assert [person.name for person in (first, second, third)] == ["Person 1", "Person 2", "Person 3"]
    assert len(first.seen) == 33
    assert (first.confidence, second.confidence) == (0.9, 0.0)
    assert first.thumbnail.endswith("person-1.png")
    assert third.thumbnail == ""
    close_waiting(job)
    assert not is_open(job)


@pytest.mark.parametrize(
    "edits",
    [
        [TrackEdit("merge", ("2", "3")), TrackEdit("split", ("1",), 12), TrackEdit("swap", ("1", "2"), 6)],
        [TrackEdit("swap", ("3", "1")), TrackEdit("split", ("3",), 30), TrackEdit("merge", ("4", "2"))],
    ],
)
def test_the_list_before_import_is_the_one_after_it(job, clips, edits):
    open_waiting(job)
    wanted = apply_edits(clips, edits)
    found = waiting_people(job, edits)
    assert [person.track for person in found] == [clip.track for clip in wanted]
    for person, clip in zip(found, wanted, strict=True):
        assert person.seen.tolist() == clip.frames[clip.valid].tolist()


def test_edits_before_import_are_undo_steps_and_come_in_with_the_capture(addon, job):
    bpy.ops.reel2rig.show_waiting(filepath=str(job))
    bpy.ops.reel2rig.merge_waiting("EXEC_DEFAULT", True, filepath=str(job), first="2", second="3")
    bpy.ops.reel2rig.split_waiting("EXEC_DEFAULT", True, filepath=str(job), first="1", frame=12)
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert [told(edit) for edit in edits_for(scene, job)] == ["2 goes on as 3"]
    bpy.ops.reel2rig.swap_waiting("EXEC_DEFAULT", True, filepath=str(job), first="1", second="2", whole=True)
    assert edits_for(scene, job)[-1] == TrackEdit("swap", ("1", "2"))
    bpy.ops.reel2rig.take_back_waiting("EXEC_DEFAULT", True, filepath=str(job))
    bpy.ops.reel2rig.import_capture("EXEC_DEFAULT", True, filepath=str(job))
    assert names() == ["1", "2"]
    assert edits_for(bpy.context.scene, job) == ()
    bpy.ops.ed.undo()
    assert [edit.kind for edit in edits_for(bpy.context.scene, job)] == ["merge"]


def test_an_edit_that_cannot_be_done_is_refused_at_once(addon, job):
    bpy.ops.reel2rig.show_waiting(filepath=str(job))
    with pytest.raises(RuntimeError, match=r"\[tracks.two_people\]"):
        bpy.ops.reel2rig.merge_waiting(filepath=str(job), first="1", second="2")
    assert edits_for(bpy.context.scene, job) == ()


def test_the_file_of_one_person_comes_in_whatever_was_put_right(addon, job):
    bpy.ops.reel2rig.show_waiting(filepath=str(job))
    bpy.ops.reel2rig.merge_waiting(filepath=str(job), first="2", second="3")
    bpy.ops.reel2rig.import_capture(filepath=str(job / "result-1.npz"))
    assert [thing.type for thing in bpy.context.scene.objects].count("ARMATURE") == 1
