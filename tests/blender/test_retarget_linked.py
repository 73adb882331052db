"""A character that is linked from a library file, with a library override."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.scene.fcurves import new_action  # noqa: E402
from reel2rig.blender_addon.scene.rigs.playing import LinkedRig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.retarget_rig import retarget_rig  # noqa: E402
from reel2rig.blender_addon.scene.rigs.rig_maps import keep_rig_map, rig_map_of  # noqa: E402
from reel2rig.core.motion.retarget.rig_map import Switch  # noqa: E402
from retargeting import captured_person, lively_walk, seen  # noqa: E402
from rigs import MIXAMO_OBJECT, build_rig  # noqa: E402

pytestmark = pytest.mark.blender
FRAMES = (1, 20, 45)


@pytest.fixture
def library(tmp_path, empty_scene):
    """A file with a character in a collection, who has an action on an NLA strip."""
    home = bpy.data.collections.new("Hero")
    empty_scene.collection.children.link(home)
    rig = build_rig("mixamo", rolls="odd", matrix=MIXAMO_OBJECT, collection=home)
    rig.pose.bones["mixamorig:Hips"]["IK_FK"] = 0.0
    idle = new_action(rig, "Idle")
    rig.animation_data.nla_tracks.new().strips.new("Idle", 1, idle)
    path = tmp_path / "library" / "hero ü.blend"
    path.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


@pytest.fixture
def linked(library):
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Hero"]
    (collection,) = wanted.collections
    bpy.context.scene.collection.children.link(collection)
    return collection


def overridden():
    (rig,) = (thing for thing in bpy.data.objects if thing.override_library)
    return rig


def test_with_an_override_it_is_saved_and_opened_again_and_still_plays(linked, tmp_path):
    scene = bpy.context.scene
    person = captured_person(scene, lively_walk())
    linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    rig = overridden()
    rest = [np.array(bone.matrix_local) for bone in rig.data.bones]
    result = retarget_rig(scene, person, rig)
    assert result.action.name == "Person on mixamo"
    before = seen(scene, rig, FRAMES)
    assert np.ptp(before.heads["mixamorig:Hips"][:, 1]) > 1.0
    for _ in range(2):
        path = str(tmp_path / "shot.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.open_mainfile(filepath=path)
        rig, scene = overridden(), bpy.context.scene
        assert rig.animation_data.action == bpy.data.actions["Person on mixamo"]
        assert rig.animation_data.nla_tracks[0].strips[0].action.name.startswith("Idle")
        after = seen(scene, rig, FRAMES)
        for bone in before.axes:
            assert np.abs(before.axes[bone] - after.axes[bone]).max() < 1e-5
            assert np.abs(before.heads[bone] - after.heads[bone]).max() < 1e-5
    assert all(np.array_equal(a, b.matrix_local) for a, b in zip(rest, rig.data.bones, strict=True))


def test_an_edited_map_and_a_switch_come_back_with_the_file(linked, tmp_path):
    """What is new on an overridden armature is not saved: neither its map nor the value of a switch."""
    scene = bpy.context.scene
    person = captured_person(scene, lively_walk())
    linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    rig = overridden()
    switch = Switch("mixamorig:Hips", "IK_FK", fk=1.0, ik=0.0)
    keep_rig_map(rig, replace(rig_map_of(rig), name="Mine", switches=(switch,)))
    assert retarget_rig(scene, person, rig).notes[-1].startswith("The NLA strips")
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = overridden()
    assert rig_map_of(rig).name == "Mine"
    bpy.context.scene.frame_set(20)
    assert rig.pose.bones["mixamorig:Hips"]["IK_FK"] == 1.0


@pytest.mark.parametrize("system", [False, True])
def test_without_an_override_of_ones_own_it_says_what_to_do(linked, system):
    scene = bpy.context.scene
    person = captured_person(scene, lively_walk())
    rig = linked.objects[0]
    if system:
        linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=False)
        rig = overridden()
    actions = len(bpy.data.actions)
    with pytest.raises(LinkedRig, match="Library Override"):
        retarget_rig(scene, person, rig)
    assert len(bpy.data.actions) == actions


def test_a_linked_character_may_be_the_source(linked):
    """Its own action, read where it stands; nothing of it is changed."""
    scene = bpy.context.scene
    person = captured_person(scene, lively_walk())
    linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    rig = overridden()
    retarget_rig(scene, person, rig)
    other = build_rig("unreal")
    result = retarget_rig(scene, rig, other)
    assert result.frames == (1.0, 60.0)
    assert rig.animation_data.action.name == "Person on mixamo"
