"""The Retarget panel: rigs are recognised when chosen, maps are edited, kept and shared, and buttons work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import DrawnLayout, draw_panel  # noqa: E402
from reel2rig.blender_addon import registration  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.operators.retarget import Retarget, RetargetPeople  # noqa: E402
from reel2rig.blender_addon.operators.rig_maps import RigMapMenu  # noqa: E402
from reel2rig.blender_addon.panels import retarget as panels  # noqa: E402
from reel2rig.blender_addon.panels import rig_map as map_panels  # noqa: E402
from reel2rig.blender_addon.rig_map_fields import PLACES, field_name, kept_map  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.fcurves import curve_container  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import PROPERTY  # noqa: E402
from reel2rig.core.motion.retarget.map_file import read_map  # noqa: E402
from reel2rig.core.motion.retarget.options import RetargetOptions  # noqa: E402
from reel2rig.core.motion.retarget.recognise import shipped_maps  # noqa: E402
from reel2rig.core.motion.retarget.rig_map import parse_map  # noqa: E402
from reel2rig.core.motion.retarget.roles import ROLES  # noqa: E402
from rigs import MIXAMO_OBJECT, build_rig  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def scene(tmp_path, monkeypatch, empty_scene, make_clip, make_job) -> Iterator[SimpleNamespace]:
    """Two captured people, the first one active, and a Mixamo rig that is chosen as the target."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path / "scripts"))
    registration.register()
    clips = [make_clip(frames=12, track=str(n), offset=float(n)) for n in (1, 2)]
    built = build_capture(empty_scene, read_result(make_job(*clips)), BuildOptions(skin=False))
    rig = build_rig("mixamo", matrix=MIXAMO_OBJECT)
    people = [person.armature for person in built.people]
    choose(people[0])
    choice = empty_scene.reel2rig_retarget
    choice.target = rig
    yield SimpleNamespace(scene=empty_scene, people=people, rig=rig, choice=choice)
    registration.unregister()


def choose(*things: Any) -> None:
    """Select objects and nothing else; the first one is active."""
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing in things)
    bpy.context.view_layer.objects.active = things[0]


def panel() -> DrawnLayout:
    return draw_panel(panels.RetargetPanel)


def curves(action: Any) -> dict[tuple[str, int], np.ndarray]:
    """All keys of an action."""
    found = {}
    for curve in curve_container(action).fcurves:
        keys = np.empty(2 * len(curve.keyframe_points))
        curve.keyframe_points.foreach_get("co", keys)
        found[curve.data_path, curve.array_index] = keys
    return found


# ---- choosing ----


def test_a_chosen_rig_is_recognised_and_its_map_is_kept_with_it_as_json(scene):
    assert "Mixamo" in panel().texts
    kept = parse_map(scene.rig[PROPERTY])
    assert kept.bones["leftLowerArm"] == ("mixamorig:LeftForeArm",)
    assert kept == kept_map(scene.rig)


def test_a_rig_that_lacks_one_bone_asks_for_that_bone_only(scene):
    rig = build_rig("mixamo")
    rig.data.bones["mixamorig:LeftLeg"].name = "wooden leg"
    scene.choice.target = rig
    assert kept_map(rig).missing() == ("leftLowerLeg",)


def test_a_mesh_that_a_script_chooses_is_no_rig(scene):
    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    scene.scene.collection.objects.link(mesh)
    scene.choice.target = mesh
    assert PROPERTY not in mesh
    assert Retarget.why_not(bpy.context) == "Choose the rig that gets the motion"


def test_a_map_without_a_real_file_says_so(scene):
    assert "Not tested on a real file" not in panel().texts
    scene.choice.target = build_rig("unreal")
    assert {"Unreal 5 Mannequin", "Not tested on a real file"} <= set(panel().texts)


def test_a_guessed_map_asks_to_be_looked_through(scene):
    scene.choice.target = build_rig("cmu")
    scene.choice.target.data.bones["LeftUpLeg"].name = "LeftThigh"
    scene.choice.target.data.bones["RightUpLeg"].name = "RightThigh"
    assert bpy.ops.reel2rig.recognise_rig() == {"FINISHED"}
    assert "Guessed from the bones' names" in panel().text
    assert kept_map(scene.choice.target).bones["leftUpperLeg"] == ("LeftThigh",)
    choose(scene.people[0])
    assert Retarget.why_not(bpy.context) == ""


def test_what_is_no_humanoid_gets_an_empty_map_that_names_what_is_needed(scene):
    armature = bpy.data.objects.new("Dog", bpy.data.armatures.new("Dog"))
    scene.scene.collection.objects.link(armature)
    scene.choice.target = armature
    assert "Choose bones in the bone map: Hips, Left Upper Arm, Right Upper Arm, ..." in panel().text
    assert Retarget.why_not(bpy.context) == "Map the bones of Dog first; 9 parts of the body have none yet"
    assert not panel().buttons["reel2rig.retarget"][1]


def test_the_button_says_what_is_missing(scene):
    assert Retarget.why_not(bpy.context) == ""
    scene.rig.reel2rig_rig_map_fields.leftUpperArm_0 = ""
    assert Retarget.why_not(bpy.context) == "Map a bone of mixamo to Left Upper Arm first"
    scene.choice.target = None
    assert Retarget.why_not(bpy.context) == "Choose the rig that gets the motion"
    scene.choice.target = scene.people[0]
    assert Retarget.why_not(bpy.context) == "Choose another rig to put the motion onto"
    scene.choice.target = scene.rig
    scene.rig.reel2rig_rig_map_fields.leftUpperArm_0 = "mixamorig:LeftArm"
    choose(scene.rig)
    assert Retarget.why_not(bpy.context).startswith("Select a captured person")
    choose(scene.rig, scene.people[1])  # as one selects for Blender's own transfers
    assert Retarget.why_not(bpy.context) == ""
    choose(scene.rig)
    bpy.data.objects.remove(scene.rig)
    assert Retarget.why_not(bpy.context).startswith("Select a captured person")


def test_a_rig_that_left_the_scene_is_no_target_any_more(scene):
    scene.scene.collection.objects.unlink(scene.rig)
    assert scene.choice.target == scene.rig
    assert Retarget.why_not(bpy.context) == "Choose the rig that gets the motion"


# ---- the map ----


def test_every_role_has_a_field_that_reads_and_writes_the_stored_text(scene):
    fields, kept = scene.rig.reel2rig_rig_map_fields, kept_map(scene.rig)
    for role in ROLES:
        told = [getattr(fields, field_name(role, place)) for place in range(PLACES[role])]
        assert [bone for bone in told if bone] == list(kept.bones.get(role, ()))
    fields.neck_1 = "mixamorig:Spine2"  # from the spine's end
    assert kept_map(scene.rig).bones["neck"] == ("mixamorig:Neck", "mixamorig:Spine2")
    assert kept_map(scene.rig).bones["spine"] == ("mixamorig:Spine", "mixamorig:Spine1")
    fields.spine_0 = ""
    assert (fields.spine_0, fields.spine_1) == ("mixamorig:Spine1", "")
    fields.leftHand_0 = "no such bone"
    assert fields.leftHand_0 == "mixamorig:LeftHand"


def test_the_list_shows_all_mapped_bones_and_room_for_one_more_in_a_chain(scene):
    drawn = draw_panel(map_panels.TrunkPanel)
    shown = [thing.name for thing in drawn.all("prop_search")]
    assert shown == [
        "root_0",
        "hips_0",
        *(f"spine_{place}" for place in range(4)),
        "neck_0",
        "neck_1",
        "head_0",
    ]
    labels = [text for text in drawn.texts if text]
    assert labels == ["Root", "Hips", "Spine", "Neck", "Head"]
    every = [thing.name for cls in map_panels.CLASSES[1:] for thing in draw_panel(cls).all("prop_search")]
    assert {name.partition("_")[0] for name in every} == set(ROLES)


def test_a_bone_that_is_gone_and_one_that_is_needed_are_red(scene):
    assert not any(thing.alert for thing in draw_panel(map_panels.LeftArmPanel).all("prop_search"))
    scene.rig.data.bones["mixamorig:LeftHand"].name = "Paw"
    scene.rig.reel2rig_rig_map_fields.leftUpperArm_0 = ""
    drawn = draw_panel(map_panels.LeftArmPanel).all("prop_search")
    assert [thing.name for thing in drawn if thing.alert] == ["leftUpperArm_0", "leftHand_0"]


def test_edits_of_the_map_survive_undo_save_and_reopening(scene, tmp_path):
    bpy.context.preferences.edit.use_global_undo = True
    name = scene.rig.name
    bpy.ops.ed.undo_push(message="Before")
    scene.rig.reel2rig_rig_map_fields.head_0 = "mixamorig:Neck"
    bpy.ops.ed.undo_push(message="Head")
    bpy.ops.ed.undo()
    assert bpy.data.objects[name].reel2rig_rig_map_fields.head_0 == "mixamorig:Head"
    bpy.ops.ed.redo()
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.data.objects[name].reel2rig_rig_map_fields.head_0 == "mixamorig:Neck"
    assert bpy.context.scene.reel2rig_retarget.target == bpy.data.objects[name]


def test_a_map_travels_as_json_to_another_rig_of_its_kind(scene, tmp_path):
    scene.rig.reel2rig_rig_map_fields.neck_0 = ""
    path = tmp_path / "hero.json"
    assert bpy.ops.reel2rig.save_rig_map(filepath=str(path.with_suffix(""))) == {"FINISHED"}
    assert read_map(path) == kept_map(scene.rig)
    other = build_rig("mixamo", prefix="mixamorig7:")
    scene.choice.target = other
    assert "neck" in kept_map(other).bones
    assert bpy.ops.reel2rig.load_rig_map(filepath=str(path)) == {"FINISHED"}
    assert "neck" not in kept_map(other).bones
    assert kept_map(other).bones["head"] == ("mixamorig7:Head",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not JSON"),
        ('{"kind": "something else"}', "is no rig map"),
        ("x" * 1_100_000, "is too large"),
        ('{"kind": "reel2rig rig map", "schema": 1, "name": "?", "bones": {"paw": ["b"]}}', "role 'paw'"),
        (
            '{"kind": "reel2rig rig map", "schema": 1, "name": "?", "bones": {"hips": ["b"]}}',
            "none of the bones",
        ),
    ],
)
def test_a_file_that_is_no_map_for_this_rig_changes_nothing(scene, tmp_path, content, told):
    path = tmp_path / "map.json"
    path.write_text(content, "utf-8")
    before = scene.rig[PROPERTY]
    with pytest.raises(RuntimeError, match=told):
        bpy.ops.reel2rig.load_rig_map(filepath=str(path))
    assert scene.rig[PROPERTY] == before


def test_the_menu_offers_every_shipped_map_and_what_was_kept_as_a_preset(scene):
    menu = {thing.text for thing in draw_panel(RigMapMenu).all("operator")}
    assert {rig_map.name for rig_map in shipped_maps().values()} <= menu
    assert bpy.ops.reel2rig.use_rig_map(kind="cmu") == {"FINISHED"}
    assert kept_map(scene.rig).name == shipped_maps()["cmu"].name
    assert kept_map(scene.rig).bones["leftUpperLeg"] == ("mixamorig:LeftUpLeg",)
    scene.rig.reel2rig_rig_map_fields.head_0 = ""
    assert bpy.ops.reel2rig.add_rig_map_preset(name="My Hero") == {"FINISHED"}
    (preset,) = (Path(path) for path in bpy.utils.preset_paths(RigMapMenu.preset_subdir))
    (file,) = preset.iterdir()
    assert bpy.ops.reel2rig.recognise_rig() == {"FINISHED"}
    assert "head" in kept_map(scene.rig).bones
    assert bpy.ops.reel2rig.apply_rig_map_preset(filepath=str(file)) == {"FINISHED"}
    assert "head" not in kept_map(scene.rig).bones
    assert bpy.ops.reel2rig.add_rig_map_preset(remove_active=True) == {"FINISHED"}
    assert not list(preset.iterdir())


def test_a_stored_map_that_cannot_be_read_is_told_and_recognised_again(scene):
    scene.rig[PROPERTY] = "broken"
    assert "is not JSON" in panel().text
    assert "is not JSON" in Retarget.why_not(bpy.context)
    assert scene.rig.reel2rig_rig_map_fields.hips_0 == ""
    assert bpy.ops.reel2rig.recognise_rig() == {"FINISHED"}
    assert scene.rig.reel2rig_rig_map_fields.hips_0 == "mixamorig:Hips"


def test_the_map_of_a_source_that_is_no_captured_person_can_be_shown_too(scene):
    source = build_rig("cmu")
    scene.choice.source = source
    scene.choice.mapped = "SOURCE"
    assert draw_panel(map_panels.RigMapPanel).all("prop", "mapped")
    assert bpy.ops.reel2rig.use_rig_map(kind="mixamo") == {"FINISHED"}
    assert kept_map(source).bones["spine"] == ("Spine", "Spine1")
    scene.choice.mapped = "TARGET"
    assert bpy.ops.reel2rig.use_rig_map(kind="cmu") == {"FINISHED"}
    assert kept_map(source).name == "Mixamo"
    assert kept_map(scene.rig).name == shipped_maps()["cmu"].name
    scene.choice.source = None
    assert not draw_panel(map_panels.RigMapPanel).all("prop", "mapped")


# ---- retargeting ----


def test_every_option_reaches_the_retarget(scene):
    choice = scene.choice
    assert choice.options() == RetargetOptions()
    choice.travel, choice.carrier, choice.controls, choice.fingers = "IN_PLACE", "ROOT", "BOTH", "RELAXED"
    choice.scale_by, choice.scale = "NUMBER", 0.7
    choice.feet, choice.reach, choice.twist = False, True, False
    assert choice.options() == RetargetOptions("in place", "root", 0.7, False, True, False, "both", "relaxed")
    choice.scale_by, choice.travel, choice.controls = "SAME", "HORIZONTAL", "IK"
    assert choice.options() == RetargetOptions("horizontal", "root", 1.0, False, True, False, "ik", "relaxed")
    assert {thing.name for thing in draw_panel(panels.RetargetOptionsPanel).all("prop")} >= {
        *("travel", "carrier", "scale_by", "feet", "reach", "twist", "controls", "fingers")
    }


def test_the_button_makes_the_same_keys_as_the_function(scene):
    made = retarget_rig(scene.scene, scene.people[0], scene.rig, options=scene.choice.options())
    wanted = curves(made.action)
    assert bpy.ops.reel2rig.retarget() == {"FINISHED"}
    action = scene.rig.animation_data.action
    assert action != made.action
    assert action.use_fake_user
    pressed = curves(action)
    assert pressed.keys() == wanted.keys()
    assert all(np.array_equal(pressed[key], wanted[key]) for key in wanted)


def test_retargeting_is_one_undo_step(scene):
    bpy.context.preferences.edit.use_global_undo = True
    name = scene.rig.name
    bpy.ops.ed.undo_push(message="Before")
    before = len(bpy.data.actions)
    bpy.ops.reel2rig.retarget()
    bpy.ops.ed.undo_push(message="Retarget")  # a script's call makes none of its own
    assert len(bpy.data.actions) == before + 1
    bpy.ops.ed.undo()
    assert len(bpy.data.actions) == before
    data = bpy.data.objects[name].animation_data
    assert data is None or data.action is None
    assert "UNDO" in Retarget.bl_options
    assert "UNDO" in RetargetPeople.bl_options


def test_several_selected_people_get_an_action_each_and_the_active_one_is_played(scene):
    assert "reel2rig.retarget_people" not in panel().buttons
    assert RetargetPeople.why_not(bpy.context) == "Select two captured people or more"
    choose(scene.people[1], scene.people[0])
    assert panel().buttons["reel2rig.retarget_people"] == ("Retarget 2 Selected People", True)
    before = set(bpy.data.actions)
    assert bpy.ops.reel2rig.retarget_people() == {"FINISHED"}
    made = set(bpy.data.actions) - before
    assert {action.name for action in made} == {
        f"{person.name} on {scene.rig.name}" for person in scene.people
    }
    assert scene.rig.animation_data.action.name.startswith(scene.people[1].name)


def test_what_the_retarget_has_to_say_stands_under_the_button(scene):
    scene.rig.pose.bones["mixamorig:LeftHand"].lock_rotation = (True, True, True)
    scene.rig.pose.bones["mixamorig:LeftHand"].lock_rotation_w = True
    scene.rig.pose.bones["mixamorig:LeftHand"].lock_rotations_4d = True
    bpy.ops.reel2rig.retarget()
    assert "LeftHand" in panel().text


def test_an_error_is_shown_and_nothing_is_made(scene):
    scene.people[0].animation_data_clear()
    before = set(bpy.data.actions)
    with pytest.raises(RuntimeError, match="Error"):
        bpy.ops.reel2rig.retarget()
    assert set(bpy.data.actions) == before


def test_the_map_of_an_overridden_rig_survives_reopening_once_it_plays_a_retarget(scene, tmp_path):
    library = str(tmp_path / "library.blend")
    bpy.data.libraries.write(library, {scene.rig})
    bpy.data.objects.remove(scene.rig)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["mixamo"]
    linked = wanted.objects[0]
    scene.scene.collection.objects.link(linked)
    scene.choice.target = linked
    rig = linked.override_create(remap_local_usages=True)
    rig.override_library.is_system_override = False
    scene.choice.target = rig
    rig.reel2rig_rig_map_fields.neck_0 = ""
    assert bpy.ops.reel2rig.retarget() == {"FINISHED"}
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    again = bpy.context.scene.reel2rig_retarget.target
    assert again.override_library is not None
    assert "Mixamo" in panel().texts
    assert again.reel2rig_rig_map_fields.neck_0 == ""
    assert again.reel2rig_rig_map_fields.head_0 == "mixamorig:Head"
