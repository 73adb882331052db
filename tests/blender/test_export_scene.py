"""Exporting from the scene of a user: whose motion goes where, and that nothing there is changed by it."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import draw_panel  # noqa: E402
from exported import FbxTree, Motion, opened  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.export_properties import file_stems  # noqa: E402
from reel2rig.blender_addon.operators.export_motion import why_not  # noqa: E402
from reel2rig.blender_addon.panels.export import ExportPanel  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.export import rig as rig_module  # noqa: E402
from reel2rig.blender_addon.scene.export.alembic import NothingDeforms  # noqa: E402
from reel2rig.blender_addon.scene.export.formats import FORMATS  # noqa: E402
from reel2rig.blender_addon.scene.export.read_take import NothingPlays, UnevenScale  # noqa: E402
from reel2rig.blender_addon.scene.export.rig import export_rig  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container, new_action  # noqa: E402
from reel2rig.blender_addon.scene.layers import add_corrections  # noqa: E402
from reel2rig.blender_addon.scene.names import BONES  # noqa: E402
from reel2rig.bridge import output  # noqa: E402
from reel2rig.core.errors import OutputFolderMissing, UnknownFormat  # noqa: E402
from rigs import build_rig  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def people(addon, make_clip, make_job):
    """Two people, the second one active, a layer of corrections on the first, another scene, frame 9."""
    scene = addon
    scene.name = "My Shot"
    clips = [make_clip(frames=12), make_clip(frames=12, track="2", offset=1.0)]
    built = build_capture(scene, read_result(make_job(*clips)), BuildOptions(match_scene=True))
    first, second = (person.armature for person in built.people)
    add_corrections(first)
    bpy.data.scenes.new("Other Scene")
    bpy.context.view_layer.objects.active = second
    second.select_set(True)
    scene.frame_set(9)
    return [first, second]


def state(scene) -> dict:
    """All that a user could find changed, except for poses."""
    window = bpy.context.window
    return {
        "datablocks": {(type(thing).__name__, thing.name, thing.users) for thing in bpy.data.user_map()},
        "frame": (scene.frame_current, scene.frame_subframe, scene.frame_start, scene.frame_end),
        "rate": (scene.render.fps, scene.render.fps_base),
        "window": (window.scene.name, window.view_layer.name),
        "selection": [(thing.name, thing.select_get(), thing.hide_viewport) for thing in scene.objects],
        "active": (bpy.context.object.name, bpy.context.object.mode),
        "keys": {
            thing.name: (
                thing.animation_data.action.name if thing.animation_data.action else None,
                [strip.name for track in thing.animation_data.nla_tracks for strip in track.strips],
            )
            for thing in scene.objects
            if thing.animation_data
        },
        "curves": {
            action.name: [
                (curve.data_path, len(curve.keyframe_points)) for curve in curve_container(action).fcurves
            ]
            for action in bpy.data.actions
        },
        "unsaved": bpy.data.is_dirty,
    }


def save(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))


@pytest.mark.parametrize("file_format", [each.name for each in FORMATS])
def test_an_export_leaves_the_scene_and_the_saved_file_as_they_are(people, addon, tmp_path, file_format):
    save(tmp_path)
    before = state(addon)
    addon.reel2rig_export.format = file_format
    addon.reel2rig_export.folder = str(tmp_path / "out")
    (tmp_path / "out").mkdir()
    assert state(addon)["unsaved"] == before["unsaved"]
    before = state(addon)
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    assert state(addon) == before
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_second_blender_writes_for_a_user_whose_unkeyed_pose_stays(people, addon, tmp_path, monkeypatch):
    monkeypatch.setattr(rig_module, "_has_user", lambda: True)
    scene, person = addon, people[1]
    seen = Motion(scene, person, [1, 6, 12], BONES)
    scene.frame_set(9)
    person.pose.bones["Head"].rotation_quaternion = (0.0, 1.0, 0.0, 0.0)
    before = state(scene)
    addon.reel2rig_export.format = "fbx"
    addon.reel2rig_export.engine = "unreal"
    addon.reel2rig_export.folder = str(tmp_path)
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    assert state(scene) == before
    assert tuple(person.pose.bones["Head"].rotation_quaternion) == (0.0, 1.0, 0.0, 0.0)
    (path,) = tmp_path.glob("*.fbx")
    tree = FbxTree(path)
    assert (tree.kinds["Armature"], tree.kinds["Person 2 Body"]) == ("Null", "Mesh")
    back = opened(path, "fbx", 30)
    rig = next(thing for thing in back.objects if thing.type == "ARMATURE")
    moved = Motion(back, rig, [0, 5, 11], BONES)
    assert moved.metres_from(seen) < 1e-3
    assert moved.degrees_from(seen) < 0.1


def test_what_the_second_blender_refuses_reaches_the_user(people, addon, tmp_path, monkeypatch):
    monkeypatch.setattr(rig_module, "_has_user", lambda: True)
    with pytest.raises(OutputFolderMissing, match="does not exist"):
        export_rig(addon, people[0], tmp_path / "nowhere" / "x.glb", "glb")


def test_several_people_become_several_files_named_after_their_actions(people, addon, tmp_path):
    choice = addon.reel2rig_export
    choice.what, choice.format, choice.folder = "PEOPLE", "bvh", str(tmp_path)
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    written = sorted(path.name for path in tmp_path.glob("*.bvh"))
    assert written == ["Person 1 dance für zwei.bvh", "Person 2 dance für zwei.bvh"]


def test_selected_rigs_become_files_whose_names_any_system_takes(people, addon, tmp_path):
    rig = build_rig("mixamo")
    new_action(rig, 'a/b: "c"?')
    rig.pose.bones[0].keyframe_insert("location", frame=1)
    rig.pose.bones[0].keyframe_insert("location", frame=4)
    for thing in addon.objects:
        thing.select_set(thing in (rig, people[0]))
    bpy.context.view_layer.objects.active = rig
    choice = addon.reel2rig_export
    choice.what, choice.format, choice.folder = "SELECTED", "csv", str(tmp_path)
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    assert {path.name for path in tmp_path.glob("*.csv")} == {"a_b_ _c_.csv", "Person 1 dance für zwei.csv"}


def test_no_two_files_of_rigs_are_called_alike_whatever_the_rigs_are_called(people):
    rigs = [people[0].copy() for _ in range(4)]
    for rig, name in zip(rigs, ("A/B", "A:B", "a?b", "A*B"), strict=True):
        rig.name = name
    stems = file_stems(rigs)
    assert len({stem.casefold() for stem in stems}) == 4


def test_a_mesh_that_is_switched_off_stays_at_home(people, addon, tmp_path):
    next(thing for thing in people[0].children if thing.type == "MESH").hide_viewport = True
    next(thing for thing in people[1].children if thing.type == "MESH").hide_set(True)
    for person in people:
        export_rig(addon, person, tmp_path / "x.fbx", "fbx")
        assert "Mesh" not in FbxTree(tmp_path / "x.fbx").kinds.values()
    with pytest.raises(NothingDeforms):
        export_rig(addon, people[0], tmp_path / "x.abc", "abc")


def test_a_mesh_or_a_bone_stands_for_its_rig(people, addon, tmp_path):
    bpy.context.view_layer.objects.active = next(t for t in people[0].children if t.type == "MESH")
    addon.reel2rig_export.format, addon.reel2rig_export.folder = "npz", str(tmp_path)
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    assert [path.stem for path in tmp_path.glob("*.npz")] == ["Person 1 dance für zwei"]


def test_files_that_are_there_are_replaced_only_where_that_is_wanted(people, addon, tmp_path):
    choice = addon.reel2rig_export
    choice.format, choice.folder, choice.replace = "csv", str(tmp_path), False
    (tmp_path / "Person 2 dance für zwei.csv").write_text("mine")
    with pytest.raises(RuntimeError, match="exists already"):
        bpy.ops.reel2rig.export_motion()
    assert (tmp_path / "Person 2 dance für zwei.csv").read_text() == "mine"
    choice.replace = True
    assert bpy.ops.reel2rig.export_motion() == {"FINISHED"}
    assert (tmp_path / "Person 2 dance für zwei.csv").read_text() != "mine"


def test_the_button_says_why_nothing_can_be_exported(people, addon, tmp_path):
    choice = addon.reel2rig_export
    assert why_not(bpy.context) == "Choose a folder, or save the .blend first"
    choice.folder = str(tmp_path)
    assert why_not(bpy.context) == ""
    rig = build_rig("mixamo")
    bpy.context.view_layer.objects.active = rig
    assert why_not(bpy.context) == "mixamo plays no action yet"
    choice.format = "amass"
    assert "no captured person" in why_not(bpy.context)
    bpy.context.view_layer.objects.active = None
    assert why_not(bpy.context) == "Select a captured person or a rig"


def test_a_scene_range_can_be_chosen_over_the_whole_motion(people, addon, tmp_path):
    choice = addon.reel2rig_export
    choice.format, choice.range, choice.folder = "csv", "SCENE", str(tmp_path)
    addon.frame_start, addon.frame_end = 3, 6
    bpy.ops.reel2rig.export_motion()
    (path,) = tmp_path.glob("*.csv")
    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == ["0", "1", "2", "3"]


def test_what_cannot_be_read_or_written_is_refused_with_a_sentence(people, addon, tmp_path):
    rig = build_rig("mixamo")
    with pytest.raises(NothingPlays, match="Retarget"):
        export_rig(addon, rig, tmp_path / "x.fbx", "fbx")
    new_action(rig, "one")
    rig.pose.bones[0].keyframe_insert("location", frame=1)
    rig.scale = (1, 1, 2)
    bpy.context.view_layer.update()
    with pytest.raises(UnevenScale, match="apply its scale"):
        export_rig(addon, rig, tmp_path / "x.fbx", "fbx")
    with pytest.raises(UnknownFormat, match="choose one of"):
        export_rig(addon, people[0], tmp_path / "x.obj", "obj")


def test_panel_and_command_line_know_the_same_formats():
    assert {each.name for each in FORMATS} == set(output.FORMATS)
    assert {each.name for each in FORMATS if each.one_person} == set(output.PER_PERSON)
    assert {each.name: each.suffix for each in FORMATS if each.suffix != each.name} == output.SUFFIXES


def test_the_panel_shows_what_a_format_has_to_choose_and_what_the_files_will_be_called(people, addon):
    addon.reel2rig_export.what = "PEOPLE"
    shown = draw_panel(ExportPanel, bpy.context)
    assert "Person 1 dance für zwei.fbx" in shown.texts
    assert shown.all("prop", "engine")
    assert shown.all("prop", "animation_only")
    addon.reel2rig_export.format = "amass"
    shown = draw_panel(ExportPanel, bpy.context)
    assert "Person 2 dance für zwei.npz" in shown.texts
    assert not shown.all("prop", "engine")
    assert not shown.all("prop", "animation_only")


def test_a_linked_character_with_an_override_is_written_with_its_mesh(addon, tmp_path, monkeypatch):
    rig, home = build_rig("mixamo"), bpy.data.collections.new("Character")
    addon.collection.objects.unlink(rig)
    mesh = bpy.data.meshes.new("Coat")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
    coat = bpy.data.objects.new("Coat", mesh)
    coat.vertex_groups.new(name="mixamorig:Hips").add([0, 1, 2], 1.0, "REPLACE")
    coat.modifiers.new("Armature", "ARMATURE").object = rig
    coat.parent = rig
    for thing in (rig, coat):
        home.objects.link(thing)
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {home})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.collections = ["Character"]
    linked = wanted.collections[0]
    scene.collection.children.link(linked)
    linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    rig = next(t for t in scene.objects if t.type == "ARMATURE" and t.override_library)
    new_action(rig, "bow")
    for frame, x in ((1, 0.0), (5, 0.5)):
        rig.pose.bones["mixamorig:Spine"].rotation_quaternion.x = x
        rig.pose.bones["mixamorig:Spine"].keyframe_insert("rotation_quaternion", frame=frame)
    monkeypatch.setattr(rig_module, "_has_user", lambda: True)
    before = {thing.name_full for thing in bpy.data.user_map()}
    export_rig(scene, rig, tmp_path / "x.fbx", "fbx")
    assert {thing.name_full for thing in bpy.data.user_map()} == before
    assert {"Null", "Mesh", "LimbNode"} == set(FbxTree(tmp_path / "x.fbx").kinds.values())
