"""Motion files in Blender: by menu, by dropping, through the worker; upright and on the floor."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bvh_layouts import write_bvh  # noqa: E402
from reel2rig.blender_addon.capture_result import read_result  # noqa: E402
from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.operators.import_motion import MotionDrop  # noqa: E402
from reel2rig.blender_addon.scene.packed import unpack_clip  # noqa: E402
from reel2rig.core.motion.files.amass import write_amass  # noqa: E402
from reel2rig.core.motion.files.npz import write_clip  # noqa: E402
from reel2rig.core.motion.files.smpl_file import write_smpl  # noqa: E402
from reel2rig.core.motion.skeletons import SMPL_PARENTS  # noqa: E402
from reel2rig.core.motion.spaces import move_clip  # noqa: E402
from walking import walking_person  # noqa: E402

pytestmark = pytest.mark.blender

WALK = walking_person(1.0, fps=Fraction(30000, 1001))
WRITERS = {"npz": write_amass, "smpl": write_smpl, "bvh": write_bvh, "own": write_clip}


@pytest.fixture
def motion(tmp_path):
    def make(kind, *clips):
        path = tmp_path / f"läufer.{'npz' if kind == 'own' else kind}"
        WRITERS[kind](path, *(clips or (WALK,)))
        return path

    return make


def armatures(scene):
    return [thing for thing in scene.objects if thing.type == "ARMATURE"]


def head_and_feet(scene, armature, frame):
    """Heights of the head's bone and of the lower ball of the foot, as Blender evaluates them."""
    scene.frame_set(frame)
    bones = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    world = armature.matrix_world
    feet = [(world @ bones[name].head).z for name in ("Toe.L", "Toe.R")]
    return (world @ bones["Head"].head).z, min(feet)


@pytest.mark.parametrize("kind", WRITERS)
def test_people_stand_upright_on_the_floor_at_the_file_s_rate(addon, motion, kind):
    assert bpy.ops.reel2rig.import_motion(filepath=str(motion(kind))) == {"FINISHED"}
    (armature,) = armatures(addon)
    rate = addon.render.fps / addon.render.fps_base
    assert rate == pytest.approx(30000 / 1001, rel=1e-6)
    assert (addon.frame_start, addon.frame_end) == (1, len(WALK))
    for frame in (1, 12, 25):
        head, feet = head_and_feet(addon, armature, frame)
        assert head == pytest.approx(WALK.joints[frame - 1, 15, 2], abs=0.02)
        assert 0.0 < feet < 0.1


def test_a_rate_that_the_user_gives_is_exact(addon, motion):
    bpy.ops.reel2rig.import_motion(filepath=str(motion("bvh")), rate=59.94)
    assert addon.render.fps / addon.render.fps_base == pytest.approx(60000 / 1001, rel=1e-6)


def test_all_people_of_a_file_come_in(addon, motion):
    path = motion("bvh", WALK, move_clip(WALK, np.eye(3), [2.0, 0.0, 0.0]))
    bpy.ops.reel2rig.import_motion(filepath=str(path))
    first, second = armatures(addon)
    assert {first.name[:8], second.name[:8]} == {"Person 1", "Person 2"}


def test_several_files_may_be_chosen_or_dropped_at_once(addon, motion, tmp_path):
    motion("smpl")
    motion("bvh")
    files = [{"name": "läufer.smpl"}, {"name": "läufer.bvh"}]
    assert bpy.ops.reel2rig.drop_motion(directory=str(tmp_path) + "/", files=files) == {"FINISHED"}
    assert len(armatures(addon)) == 2


def test_a_file_that_cannot_be_read_is_told_and_nothing_is_built(addon, tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text("no hierarchy")
    with pytest.raises(RuntimeError, match=r"no motion file that Reel2Rig reads.*motion\.unknown_kind"):
        bpy.ops.reel2rig.import_motion(filepath=str(path))
    assert jobs.problem is not None
    path.write_text("HIERARCHY\nROOT a\n{\nMOTION")
    with pytest.raises(RuntimeError, match=r"a\.bvh"):
        bpy.ops.reel2rig.import_motion(filepath=str(path))
    assert not armatures(addon)


def test_what_is_assumed_stands_in_the_panel(addon, motion):
    tall = WALK.replace(betas=np.full(10, 0.5), rest_joints=WALK.rest_joints + np.float32([0, -0.2, 0]))
    path = motion("smpl", tall)
    bpy.ops.reel2rig.import_motion(filepath=str(path))
    assert "means nothing on the free body" in jobs.message


def test_a_body_that_is_chosen_and_not_named_matters_to_files_of_others_only(addon, motion):
    addon.reel2rig_body.kind = "neutral"
    assert bpy.ops.reel2rig.import_motion(filepath=str(motion("own"))) == {"FINISHED"}
    with pytest.raises(RuntimeError, match="No folder with your SMPL files is chosen"):
        bpy.ops.reel2rig.import_motion(filepath=str(motion("smpl")))


def test_the_user_s_smpl_body_wears_the_file_s_shape(addon, motion, tmp_path, body):
    """A body file of the official kind, made of the free body's arrays."""
    arrays = {
        "v_template": body.v_template,
        "shapedirs": body.shapedirs,
        "weights": body.weights,
        "J_regressor": body.J_regressor,
        "f": body.faces,
        "kintree_table": np.array([[2**32 - 1, *SMPL_PARENTS[1:]], range(24)]),
    }
    np.savez(tmp_path / "SMPL_NEUTRAL.npz", **arrays)
    addon.reel2rig_body.kind, addon.reel2rig_body.folder = "neutral", str(tmp_path)
    shaped = WALK.replace(betas=np.full(10, 0.4), rest_joints=WALK.rest_joints + np.float32([0, -0.2, 0]))
    assert bpy.ops.reel2rig.import_motion(filepath=str(motion("smpl", shaped))) == {"FINISHED"}
    (armature,) = armatures(addon)
    clip, about = unpack_clip(armature)
    np.testing.assert_allclose(clip.betas, 0.4, atol=1e-6)
    assert about["body"].endswith(".npz")
    assert "free body" not in jobs.message


def test_a_motion_file_shows_no_footage_and_no_camera(addon, motion):
    result = read_result(motion("bvh"))
    assert result.footage.path is None
    bpy.ops.reel2rig.import_motion(filepath=str(motion("bvh")))
    assert not [thing for thing in addon.objects if thing.type == "CAMERA"]


def test_pickled_results_are_read_by_the_worker_and_land_as_a_capture(addon, worker, tmp_path):
    path = tmp_path / "wham_output.pkl"
    path.write_bytes(b"\x80\x04.")
    assert bpy.ops.reel2rig.import_motion(filepath=str(path), rate=29.97) == {"FINISHED"}
    (request,) = worker.requests()
    assert (request["type"], request["video"]) == ("convert", str(path))
    assert request["settings"] == {"fps": "30000/1001", "body": "free"}
    assert len(armatures(addon)) == 2
    assert not jobs.queue.items


def test_a_rate_that_nobody_gave_is_left_to_the_worker(addon, worker, tmp_path):
    path = tmp_path / "wham_output.pkl"
    path.write_bytes(b"\x80\x04.")
    bpy.ops.reel2rig.import_motion(filepath=str(path))
    assert worker.requests()[0]["settings"]["fps"] is None


def test_the_worker_s_refusal_is_told(addon, worker, tmp_path):
    path = tmp_path / "nobody.pkl"
    path.write_bytes(b"\x80\x04.")
    with pytest.raises(RuntimeError, match="No person was found"):
        bpy.ops.reel2rig.import_motion(filepath=str(path))
    assert not armatures(addon)


def test_motion_files_may_be_dropped_on_the_viewport_and_nowhere_else(addon):
    handler = bpy.types.REEL2RIG_FH_motion
    assert handler.poll_drop(SimpleNamespace(area=SimpleNamespace(type="VIEW_3D")))
    assert not handler.poll_drop(SimpleNamespace(area=SimpleNamespace(type="SEQUENCE_EDITOR")))
    endings = set(MotionDrop.bl_file_extensions.split(";"))
    assert endings == {".npz", ".smpl", ".bvh", ".pkl", ".pt", ".npy"}
    properties = bpy.ops.reel2rig.drop_motion.get_rna_type().properties
    assert {"filepath", "directory", "files"} <= set(properties.keys())


def test_each_file_is_the_one_undo_step_of_the_operator_that_builds_it(addon):
    """Where the worker reads first, nothing has changed yet and there is nothing to undo."""
    for operator in (bpy.ops.reel2rig.import_motion, bpy.ops.reel2rig.drop_motion):
        assert "UNDO" not in operator.bl_options
    assert "UNDO" in bpy.ops.reel2rig.import_capture.bl_options
