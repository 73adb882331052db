"""Eyes and helmets: meshes that hang from a bone leave with the rig, whichever bone they hang from."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from exported import opened, skin_points  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.armature import edit_bones  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.export import rig as export  # noqa: E402
from reel2rig.blender_addon.scene.export.options import ExportOptions  # noqa: E402

pytestmark = pytest.mark.blender
FIRST = 11
SHOWN = (0, 9)


@pytest.fixture
def person(empty_scene, make_clip, make_job):
    """Somebody without a skin, away from the origin, with a control in the head's place and one above it."""
    result = read_result(make_job(make_clip(frames=10)))
    built = build_capture(empty_scene, result, BuildOptions(frame_start=FIRST, skin=False))
    person = built.people[0].armature
    with edit_bones(person) as bones:
        for name, above in (("twin", 0.0), ("hat control", 0.3)):
            control = bones.new(name)
            control.head, control.tail = (bones["Head"].head, bones["Head"].tail)
            control.head.z += above
            control.tail.z += above
            control.use_deform, control.parent = False, bones["Head"]
    person.matrix_world = Matrix.Translation((1.0, 2.0, 0.0)) @ Matrix.Rotation(0.9, 4, "Z")
    bpy.context.view_layer.update()
    return person


def hang(scene, person, bone: str):
    """A mesh of no symmetry that was hung from a bone where it stood, as Ctrl P does, and then moved."""
    mesh = bpy.data.meshes.new("helmet")
    mesh.from_pydata([(0, 0, 0), (0.2, 0, 0), (0, 0.1, 0), (0, 0, 0.3)], [], [(0, 1, 2), (0, 3, 1)])
    helmet = bpy.data.objects.new("helmet", mesh)
    scene.collection.objects.link(helmet)
    helmet.vertex_groups.new(name="Pelvis").add([0, 1], 1.0, "REPLACE")
    helmet.parent, helmet.parent_type, helmet.parent_bone = person, "BONE", bone
    helmet.matrix_parent_inverse = Matrix.Rotation(0.4, 4, "X") @ Matrix.Translation((0.1, 0.0, 0.2))
    helmet.location, helmet.scale = Vector((0.0, 0.1, 0.0)), (1.5, 1.5, 1.5)
    bpy.context.view_layer.update()
    return helmet


@pytest.mark.parametrize("bone", ["Head", "twin", "hat control"])
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("apart", [False, True])
def test_what_hangs_from_a_bone_moves_in_the_file_as_it_does_here(
    empty_scene, person, tmp_path, monkeypatch, bone, relative, apart
):
    person.data.bones[bone].use_relative_parent = relative
    helmet = hang(empty_scene, person, bone)
    wanted = [skin_points(empty_scene, helmet, FIRST + frame) for frame in SHOWN]
    monkeypatch.setattr(export, "_has_user", lambda: apart)
    path = tmp_path / "hat.glb"
    export.export_rig(empty_scene, person, path, "glb", ExportOptions(from_zero=True))
    assert [group.name for group in helmet.vertex_groups] == ["Pelvis"]
    scene = opened(path, "glb", 30)
    (mesh,) = (thing for thing in scene.objects if thing.type == "MESH" and "helmet" in thing.name)
    for frame, points in zip(SHOWN, wanted, strict=True):
        found = skin_points(scene, mesh, frame)
        apart_by = np.linalg.norm(points[:, None] - found[None], axis=-1)
        assert apart_by.min(axis=1).max() < 1e-3


def test_what_hangs_from_another_rig_stays_at_home(empty_scene, person, tmp_path):
    other = bpy.data.objects.new("Other", person.data.copy())
    empty_scene.collection.objects.link(other)
    hang(empty_scene, other, "Head")
    path = tmp_path / "bare.glb"
    export.export_rig(empty_scene, person, path, "glb", ExportOptions())
    assert [thing for thing in opened(path, "glb", 30).objects if "helmet" in thing.name] == []
