"""AMASS files: J0 of the body that is meant, frame rates, what others write and what nobody should."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.files.amass import read_amass, write_amass
from reel2rig.core.motion.files.errors import MotionFileCorrupt, MotionRateUnknown, MotionTooLarge
from reel2rig.core.motion.files.floor import sole_level
from reel2rig.core.motion.rotations import rotation_angle
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.motion.spaces import YUP_TO_BLENDER, to_space
from walking import rest_person, walking_person

STANDING = np.array([np.pi / 2, 0.0, 0.0])  # SMPL is y up, AMASS z up: about x by 90 degrees


def upright(clip: Any) -> float:
    """Cosine between the way from pelvis to head and up, of a clip in "blender" space."""
    way = (clip.joints[:, JOINT_INDEX["Head"]] - clip.joints[:, 0]).mean(axis=0)
    return float(way[2] / np.linalg.norm(way))


def write_foreign(path: Path, width: int = 156, frames: int = 40, **changes: Any) -> Path:
    """Somebody who stands still, as the archive has it."""
    poses = np.zeros((frames, width))
    poses[:, :3] = STANDING
    arrays = {
        "poses": poses,
        "trans": np.tile([1.0, 2.0, 0.91], (frames, 1)),
        "betas": np.zeros(16),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
    } | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def test_a_clip_comes_back_as_it_was_with_frames_gaps_and_body(tmp_path: Path) -> None:
    walk = walking_person(2.0, fps=Fraction(30000, 1001))
    valid = np.ones(len(walk), bool)
    valid[10:14] = False
    body = load_body()
    betas = np.linspace(-1, 1, 10)
    clip = walk.replace(
        frames=walk.frames + 120,
        valid=valid,
        betas=betas,
        rest_joints=body.joints(betas) * 1.1,
        body_scale=1.1,
    )
    write_amass(tmp_path / "a.npz", clip)
    read = read_amass(tmp_path / "a.npz")
    assert (read.fps, read.space, read.body_scale) == (clip.fps, "blender", pytest.approx(1.1))
    np.testing.assert_array_equal(read.frames, clip.frames)
    np.testing.assert_array_equal(read.valid, clip.valid)
    np.testing.assert_allclose(read.contacts, clip.contacts)
    np.testing.assert_allclose(read.root, to_space(clip, "blender").root, atol=1e-5)
    body_joints = slice(0, 22)
    assert rotation_angle(read.rotations[:, body_joints], clip.rotations[:, body_joints]).max() < 1e-4
    np.testing.assert_allclose(read.rest_joints, clip.rest_joints)


def test_trans_is_the_pelvis_less_that_of_the_body_at_rest(tmp_path: Path) -> None:
    """Readers put J0 of SMPL's body back; a clip with another rest pose than the free body's has its own."""
    clip = to_space(rest_person(5), "blender")
    write_amass(tmp_path / "free.npz", clip)
    moved = clip.replace(rest_joints=clip.rest_joints + np.float32([0.0, -0.21, 0.03]))
    write_amass(tmp_path / "own.npz", moved)
    free, own = np.load(tmp_path / "free.npz"), np.load(tmp_path / "own.npz")
    np.testing.assert_allclose(
        clip.root - free["trans"], np.tile([-0.0018, -0.2233, 0.0282], (5, 1)), atol=1e-6
    )
    np.testing.assert_allclose(clip.root - own["trans"], np.tile(moved.rest_joints[0], (5, 1)), atol=1e-6)
    assert not free["betas"].any()


def test_what_is_written_has_the_archive_s_layout(tmp_path: Path) -> None:
    write_amass(tmp_path / "a.npz", walking_person(1.0))
    file = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert file["poses"].shape == (30, 156)
    assert file["trans"].shape == (30, 3)
    assert file["betas"].shape == (16,)
    assert (str(file["gender"]), float(file["mocap_framerate"])) == ("neutral", 30.0)
    # z up: at rest the root is turned by 90 degrees about x.
    write_amass(tmp_path / "b.npz", rest_person(2))
    np.testing.assert_allclose(np.load(tmp_path / "b.npz")["poses"][0, :3], STANDING, atol=1e-5)


@pytest.mark.parametrize("width", [72, 156, 165])
def test_people_stand_upright_on_the_floor_whatever_the_body(tmp_path: Path, width: int) -> None:
    heights = {72: 0.91, 156: 0.91, 165: 0.93}  # J0 is added as it is, not turned with the body
    path = write_foreign(tmp_path / "a.npz", width, trans=np.tile([1.0, 2.0, heights[width]], (40, 1)))
    clip = read_amass(path)
    assert upright(clip) > 0.99
    assert abs(sole_level(clip)) < 0.03
    assert clip.fps == 120
    j0 = {72: (-0.0018, -0.2233), 156: (-0.0018, -0.2233), 165: (0.0031, -0.3514)}[width]
    np.testing.assert_allclose(clip.root[0, :2], [1.0 + j0[0], 2.0 + j0[1]], atol=1e-5)


def test_the_first_22_joints_are_smpl_s_and_the_hands_stay_out(tmp_path: Path) -> None:
    poses = np.zeros((3, 156))
    poses[:, 3 * JOINT_INDEX["L_Elbow"] + 1] = -0.5
    poses[:, 66:] = 0.7
    clip = read_amass(write_foreign(tmp_path / "a.npz", poses=poses, frames=3))
    elbow = clip.rotations[0, JOINT_INDEX["L_Elbow"]]
    np.testing.assert_allclose(elbow, [np.cos(0.25), 0, -np.sin(0.25), 0], atol=1e-6)
    np.testing.assert_allclose(clip.rotations[0, 22:], [[1, 0, 0, 0]] * 2, atol=1e-6)


def test_poses_may_be_kept_in_parts(tmp_path: Path) -> None:
    whole = read_amass(write_foreign(tmp_path / "a.npz"))
    parts = {"root_orient": np.tile(STANDING, (40, 1)), "pose_body": np.zeros((40, 63)), "poses": None}
    split = read_amass(write_foreign(tmp_path / "b.npz", **parts))
    np.testing.assert_allclose(split.joints, whole.joints, atol=1e-6)


@pytest.mark.parametrize(
    ("key", "value", "fps"),
    [
        ("mocap_framerate", 120.0, Fraction(120)),
        ("mocap_frame_rate", np.array(59.94005994), Fraction(60000, 1001)),
        ("fps", 29.97, Fraction(30000, 1001)),
        ("fps", np.array([12.5]), Fraction(25, 2)),
    ],
)
def test_the_rate_is_exact_under_each_of_its_names(
    tmp_path: Path, key: str, value: Any, fps: Fraction
) -> None:
    path = write_foreign(tmp_path / "a.npz", **({"mocap_framerate": None} | {key: value}))
    assert read_amass(path).fps == fps
    assert read_amass(path, Fraction(24)).fps == 24


def test_without_a_rate_the_user_is_asked_for_one(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.npz", mocap_framerate=None)
    with pytest.raises(MotionRateUnknown, match=r"a\.npz does not say its frame rate"):
        read_amass(path)
    assert read_amass(path, Fraction(60)).fps == 60


def test_a_shape_of_smpl_is_told_to_be_lost_and_legs_of_another_length_are_made_up_for(
    tmp_path: Path,
) -> None:
    tall = np.tile([0.0, 0.0, 1.0], (40, 1))
    clip = read_amass(write_foreign(tmp_path / "a.npz", betas=np.full(16, 0.8), trans=tall))
    assert "means nothing on the free body" in clip.notes[0]
    assert "Moved down by" in clip.notes[1]
    assert abs(sole_level(clip)) < 1e-6
    box = np.tile([0.0, 0.0, 1.5], (40, 1))
    assert sole_level(read_amass(write_foreign(tmp_path / "b.npz", betas=np.ones(16), trans=box))) > 0.4
    sunk = np.tile([0.0, 0.0, 0.2], (40, 1))
    assert abs(sole_level(read_amass(write_foreign(tmp_path / "c.npz", trans=sunk)))) < 1e-6


def test_the_user_s_own_smpl_body_gets_the_file_s_shape(tmp_path: Path) -> None:
    import dataclasses

    body = dataclasses.replace(load_body(), origin="smpl")
    betas = np.linspace(0.5, -0.5, 16)
    clip = read_amass(write_foreign(tmp_path / "a.npz", betas=betas), body=body)
    np.testing.assert_allclose(clip.betas, betas[:10], atol=1e-6)
    np.testing.assert_allclose(clip.rest_joints, body.joints(betas[:10]), atol=1e-6)
    np.testing.assert_allclose(clip.root[0], [1.0, 2.0, 0.91] + clip.rest_joints[0], atol=1e-5)
    assert clip.notes == ()


def test_frames_that_a_clip_left_out_are_filled_in_and_not_claimed_to_be_seen(tmp_path: Path) -> None:
    walk = walking_person(1.0)
    kept = np.r_[0:10, 20:30]
    part = walk.replace(
        **{name: getattr(walk, name)[kept] for name in ("rotations", "root", "frames", "valid", "contacts")}
    )
    write_amass(tmp_path / "a.npz", part)
    read = read_amass(tmp_path / "a.npz")
    assert len(read) == 30
    np.testing.assert_array_equal(np.flatnonzero(~read.valid), np.arange(10, 20))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"poses": np.zeros((4, 100))}, "poses"),
        ({"poses": np.zeros((0, 156))}, "poses"),
        ({"poses": None}, "poses"),
        ({"trans": np.zeros((3, 3))}, "trans"),
        ({"trans": None}, "trans"),
        ({"trans": np.full((40, 3), np.nan)}, "not finite"),
        ({"poses": np.full((40, 156), np.nan)}, "rotations"),
    ],
)
def test_damaged_files_are_refused_with_the_key(tmp_path: Path, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(MotionFileCorrupt, match=key):
        read_amass(write_foreign(tmp_path / "a.npz", **changes))


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    labels = np.array([{"marker": 1}], object)
    clip = read_amass(write_foreign(tmp_path / "a.npz", labels=labels, gender=labels))
    assert len(clip) == 40
    with pytest.raises(MotionFileCorrupt, match="poses"):
        read_amass(write_foreign(tmp_path / "b.npz", poses=np.array([[1, 2]], object)))


def _lying(path: Path, shape: tuple[int, ...], content: bytes = b"\0" * 64) -> Path:
    """An .npz whose poses claim a shape that is not there."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("poses.npy", header.getvalue() + content)
    return path


def test_absurd_sizes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    with pytest.raises(MotionFileCorrupt, match="claims to be"):
        read_amass(_lying(tmp_path / "a.npz", (10**13, 156)))
    with pytest.raises(MotionTooLarge, match="at most 300000"):
        read_amass(write_foreign(tmp_path / "b.npz", poses=np.zeros((300_001, 66), np.float16)))


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    whole = write_foreign(tmp_path / "a.npz").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 3):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(MotionFileCorrupt, match=r"cut\.npz"):
            read_amass(tmp_path / "cut.npz")


def test_the_axes_are_blender_s_and_nothing_is_mirrored(tmp_path: Path) -> None:
    """Somebody who faces -y in Blender has their left at +x."""
    write_amass(tmp_path / "a.npz", rest_person(2))
    clip = read_amass(tmp_path / "a.npz")
    left = clip.joints[0, JOINT_INDEX["L_Shoulder"]] - clip.joints[0, JOINT_INDEX["R_Shoulder"]]
    assert left[0] > 0.3
    ahead = YUP_TO_BLENDER @ np.array([0.0, 0.0, 1.0])
    toes = clip.joints[0, JOINT_INDEX["L_Foot"]] - clip.joints[0, JOINT_INDEX["L_Ankle"]]
    assert toes @ ahead > 0.1
