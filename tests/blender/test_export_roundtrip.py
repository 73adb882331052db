"""What comes out of a scene comes back from every file: angles, places, times and the frame rate."""

from __future__ import annotations

import csv
import json
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from exported import FbxTree, Motion, opened, skin_points  # noqa: E402
from mathutils import Matrix, Quaternion  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.scene.build import BuildOptions, build_capture  # noqa: E402
from reel2rig.blender_addon.scene.export.options import ExportOptions  # noqa: E402
from reel2rig.blender_addon.scene.export.rig import export_rig  # noqa: E402
from reel2rig.blender_addon.scene.layers import add_corrections  # noqa: E402
from reel2rig.blender_addon.scene.names import BONE_OF_JOINT, BONES  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.core.motion.files.amass import read_amass  # noqa: E402
from reel2rig.core.motion.files.npz import read_clip  # noqa: E402
from reel2rig.core.motion.files.smpl_file import read_smpl  # noqa: E402
from reel2rig.core.motion.kinematics import forward_kinematics  # noqa: E402
from reel2rig.core.motion.skeletons import SMPL_JOINTS  # noqa: E402
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space  # noqa: E402

pytestmark = pytest.mark.blender
RATE = Fraction(30000, 1001)
COUNT, FIRST = 24, 101
SHOWN = (0, 7, 16, COUNT - 1)


@pytest.fixture
def scene(empty_scene, make_clip, make_job):
    """A person at an odd rate, on frames of their own, corrected by hand, and put somewhere else."""
    clip = make_clip(frames=COUNT, fps=RATE)
    built = build_capture(empty_scene, read_result(make_job(clip)), BuildOptions(frame_start=FIRST))
    person = built.people[0].armature
    add_corrections(person)
    bone = person.pose.bones["UpperArm.L"]
    for frame, angle in ((FIRST, 0.0), (FIRST + 12, 0.6), (FIRST + COUNT + 9, -0.4)):
        bone.rotation_quaternion = Quaternion((0.36, 0.48, 0.8), angle)
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    person.matrix_world = Matrix.Translation((0.5, -2.0, 0.1)) @ Matrix.Rotation(0.7, 4, "Z")
    bpy.context.view_layer.update()
    return empty_scene


@pytest.fixture
def person(scene):
    return next(thing for thing in scene.objects if thing.type == "ARMATURE")


@pytest.fixture
def seen(scene, person):
    return Motion(scene, person, [scene.frame_start + frame for frame in SHOWN], BONES)


def export(scene, person, tmp_path: Path, file_format: str, suffix: str = "", **options) -> Path:
    path = tmp_path / f"Läufer 1.{suffix or file_format}"
    export_rig(scene, person, path, file_format, ExportOptions(**options))
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [path.name]
    return path


def step_of(file_format: str) -> float:
    """Scene frames from frame to frame after importing: two of Blender's importers know whole rates only."""
    return float(30 / RATE) if file_format in ("fbx", "glb") else 1.0


def imported_motion(scene, first: float, step: float) -> Motion:
    rig = next(thing for thing in scene.objects if thing.type == "ARMATURE")
    # USD names allow no dots, so its writer puts underscores.
    names = [bone if bone in rig.pose.bones else bone.replace(".", "_") for bone in BONES]
    return Motion(scene, rig, [first + step * frame for frame in SHOWN], names)


@pytest.mark.parametrize(
    ("file_format", "first"), [("fbx", 0), ("glb", 0), ("usdc", 0), ("blend", 0), ("bvh", 1)]
)
def test_angles_and_places_come_back_from_the_first_frame_on(
    scene, person, seen, tmp_path, file_format, first
):
    path = export(scene, person, tmp_path, file_format, from_zero=True)
    if file_format == "bvh":
        # At rest, a .bvh file's person stands as the armature does, not turned as its object is.
        seen.turns = seen.turns @ np.array(person.matrix_world.to_3x3())
    back = imported_motion(opened(path, file_format, float(RATE)), first, step_of(file_format))
    assert back.degrees_from(seen) < 0.1
    assert back.metres_from(seen) < 1e-3


@pytest.mark.parametrize("file_format", ["fbx", "glb", "usdc", "blend"])
def test_the_skeleton_at_rest_comes_back_as_it_stood(scene, person, seen, tmp_path, file_format):
    path = export(scene, person, tmp_path, file_format)
    back = imported_motion(opened(path, file_format, float(RATE)), 0, 1)
    assert np.abs(back.rest - seen.rest).max() < 1e-3


@pytest.mark.parametrize("file_format", ["fbx", "glb", "usdc", "blend"])
def test_frames_keep_the_scenes_numbers_unless_they_shall_begin_at_zero(
    scene, person, seen, tmp_path, file_format
):
    path = export(scene, person, tmp_path, file_format)
    step = step_of(file_format)
    back = imported_motion(opened(path, file_format, float(RATE)), FIRST * step, step)
    assert back.metres_from(seen) < 1e-3


def test_an_fbx_file_names_its_rate_and_has_a_key_on_every_frame(scene, person, tmp_path):
    tree = FbxTree(export(scene, person, tmp_path, "fbx", from_zero=True))
    assert abs(tree.setting("CustomFrameRate") - RATE) < 1e-5
    for times in tree.key_times():
        assert np.abs(times - np.arange(COUNT) / float(RATE)).max() < 1e-6


def test_a_glb_file_has_a_sample_on_every_frame(scene, person, tmp_path):
    data = export(scene, person, tmp_path, "glb", from_zero=True).read_bytes()
    length = struct.unpack("<I", data[12:16])[0]
    tree, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
    (animation,) = tree["animations"]
    for sampler in animation["samplers"]:
        times = tree["accessors"][sampler["input"]]
        if times["count"] == 1:
            continue  # a bone that never moves
        view = tree["bufferViews"][times["bufferView"]]
        values = np.frombuffer(binary, "<f4", times["count"], view.get("byteOffset", 0))
        assert np.abs(values - np.arange(COUNT) / float(RATE)).max() < 1e-5


def test_a_bvh_file_says_its_rate_and_only_its_root_travels(scene, person, tmp_path):
    lines = export(scene, person, tmp_path, "bvh").read_text().splitlines()
    head = {key: value for key, _, value in (line.partition(":") for line in lines) if value}
    assert int(head["Frames"]) == COUNT
    assert abs(float(head["Frame Time"]) - float(1 / RATE)) < 1e-6
    assert next(line for line in lines if "ROOT" in line).split()[1] == "Pelvis"
    assert sum("CHANNELS 6" in line for line in lines) == 1
    assert len(lines[-1].split()) == 6 + 3 * 23


@pytest.mark.parametrize("file_format", ["usdc", "abc"])
def test_usd_and_alembic_files_say_when_they_begin_and_end(scene, person, tmp_path, file_format):
    back = opened(export(scene, person, tmp_path, file_format), file_format, float(RATE))
    assert (back.frame_start, back.frame_end) == (FIRST, FIRST + COUNT - 1)


def test_alembic_brings_every_vertex_back(scene, person, tmp_path):
    skin = next(thing for thing in scene.objects if thing.type == "MESH")
    wanted = [skin_points(scene, skin, FIRST + frame) for frame in SHOWN]
    path = export(scene, person, tmp_path, "abc")
    back = opened(path, "abc", float(RATE))
    mesh = next(thing for thing in back.objects if thing.type == "MESH")
    for frame, points in zip(SHOWN, wanted, strict=True):
        assert np.abs(skin_points(back, mesh, FIRST + frame) - points).max() < 1e-3


@pytest.mark.parametrize(
    ("file_format", "suffix", "read"),
    [("npz", "npz", read_clip), ("amass", "npz", read_amass), ("smpl", "smpl", read_smpl)],
)
def test_a_motion_file_holds_what_is_seen(scene, person, seen, tmp_path, file_format, suffix, read):
    clip = to_space(read(export(scene, person, tmp_path, file_format, suffix)), "blender")
    assert abs(clip.fps - RATE) < 1e-5
    assert len(clip) == COUNT
    # A .smpl file cannot say of which body its betas are, so the bones are the person's own here.
    bones = unpack_clip(person)[0].rest_joints
    places, turns = forward_kinematics(clip.rotations, clip.root, bones)
    assert np.abs(places[list(SHOWN)] - seen.heads).max() < 1e-3
    # SMPL's joints turn the template's axes, and a template does not stand turned as an object may.
    wanted = seen.turns @ np.array(person.matrix_world.to_3x3())
    apart = np.abs(turns[list(SHOWN)] @ YUP_TO_BLENDER.T - wanted).max(axis=(0, 2, 3))
    # AMASS has fingers where SMPL's last two joints are, which never move in a capture.
    assert np.degrees(apart[: 22 if file_format == "amass" else 24].max()) < 0.1


def test_a_csv_holds_times_and_places(scene, person, seen, tmp_path):
    with open(export(scene, person, tmp_path, "csv"), newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == COUNT
    assert (COUNT - 1) / float(rows[-1]["seconds"]) == pytest.approx(float(RATE), rel=1e-6)
    for row, heads in zip(SHOWN, seen.heads, strict=True):
        for joint in SMPL_JOINTS:
            place = [float(rows[row][f"{joint}_{axis}"]) for axis in "xyz"]
            assert np.abs(place - heads[BONES.index(BONE_OF_JOINT[joint])]).max() < 1e-5
