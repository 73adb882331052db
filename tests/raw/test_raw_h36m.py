"""Human3.6M from a small copy of its layout: cameras, joints and fits in JSON, numbered pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from raw_layouts import SPIN, GreyExtractor, level_of, write_picture
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.raw.cameras import rotations_of
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.h36m import prepare_h36m
from scipy.spatial.transform import Rotation

SUBJECTS = (1, 5, 6, 7, 8)
FRAMES = 12
R = Rotation.from_euler("xyz", [100, 20, 5], degrees=True).as_matrix()
T = np.array([100.0, 50.0, 4000.0])
FOCAL, CENTRE = np.array([300.0, 290.0]), np.array([200.0, 190.0])
# In the dataset's order.
NAMES = (
    *("Pelvis", "R_Hip", "R_Knee", "R_Ankle", "L_Hip", "L_Knee", "L_Ankle", "Torso", "Neck", "Nose"),
    *("Head", "L_Shoulder", "L_Elbow", "L_Wrist", "R_Shoulder", "R_Elbow", "R_Wrist"),
)


def _world(subject: int) -> np.ndarray:
    return np.random.default_rng(subject).normal(0, 400, (FRAMES, 17, 3))


def _pose(subject: int) -> np.ndarray:
    return np.random.default_rng(100 + subject).normal(0, 0.5, (FRAMES, 72))


def _video(subject: int) -> str:
    return f"s_{subject:02d}_act_02_subact_01_ca_04"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    notes = tmp_path / "raw" / "annotations"
    notes.mkdir(parents=True)
    for subject in SUBJECTS:
        world, pose = _world(subject), _pose(subject)
        contents = {
            "camera": {"4": {"R": R.tolist(), "t": T.tolist(), "f": FOCAL.tolist(), "c": CENTRE.tolist()}},
            "joint_3d": {"2": {"1": {str(f): world[f].tolist() for f in range(FRAMES)}}},
            "SMPL_NeuralAnnot": {
                "2": {
                    "1": {
                        str(f): {"pose": pose[f].tolist(), "shape": [subject / 10] * 10, "trans": [0, 0, 0]}
                        for f in range(FRAMES)
                    }
                }
            },
        }
        for kind, content in contents.items():
            (notes / f"Human36M_subject{subject}_{kind}.json").write_text(json.dumps(content))
        for frame in range(FRAMES):
            name = f"{_video(subject)}_{frame + 1:06d}.jpg"
            write_picture(tmp_path / "raw" / "images" / _video(subject) / name, frame, 400, 400)
    return tmp_path / "raw"


def _prepared(raw: Path, split: str = "train") -> Database:
    return open_database(prepare_h36m(raw, raw.parent / "out", split, features=GreyExtractor()))


def test_every_second_picture_is_taken_and_projected_by_its_camera(raw: Path) -> None:
    database = _prepared(raw)
    assert [track.name for track in database.tracks] == [_video(subject) for subject in SUBJECTS]
    assert (database.fps, database.has_3d, database.has_smpl) == (25.0, True, True)
    track = database.tracks[1]
    assert track.length == FRAMES // 2
    rows = slice(track.start, track.stop)
    assert database.array("frame_id")[rows].tolist() == [0, 2, 4, 6, 8, 10]
    levels = database.read("features", track.start, track.stop)[:, 0]
    np.testing.assert_allclose(levels, [level_of(f) for f in (0, 2, 4, 6, 8, 10)], atol=2)

    joints = np.einsum("ij,fkj->fki", R, _world(5)[::2]) + T
    wrist = joints[:, NAMES.index("L_Wrist")]
    pixels = np.stack(
        [300 * wrist[:, 0] / wrist[:, 2] + 200, 290 * wrist[:, 1] / wrist[:, 2] + 190, np.ones(6)], 1
    )
    keypoints = database.read("joints2D", track.start, track.stop)
    np.testing.assert_allclose(keypoints[:, SPIN["left_wrist"]], pixels, rtol=1e-5)
    assert (keypoints[..., 2].sum(1) == 17).all()


def test_joints_are_metres_in_the_camera_about_the_pelvis_with_sides_by_name(raw: Path) -> None:
    database = _prepared(raw)
    track = database.tracks[0]
    found = database.read("joints3D", track.start, track.stop)
    joints = (np.einsum("ij,fkj->fki", R, _world(1)[::2]) + T) / 1000
    joints -= joints[:, :1]
    for spin, name in {
        "right_ankle": "R_Ankle",
        "left_ankle": "L_Ankle",
        "left_hip": "L_Hip",
        "right_shoulder": "R_Shoulder",
        "head_top": "Head",
        "jaw_h36m": "Nose",
        "spine_h36m": "Torso",
        "pelvis_mpii": "Pelvis",
    }.items():
        np.testing.assert_allclose(found[:, SPIN[spin]], joints[:, NAMES.index(name)], atol=1e-5)
    # What the picture shows and what the camera sees are one: pixels follow from metres and the pelvis.
    depth = (np.einsum("ij,fj->fi", R, _world(1)[::2, 0]) + T) / 1000
    seen = found[:, SPIN["left_knee"]] + depth
    pixels = seen[:, :2] / seen[:, 2:] * FOCAL + CENTRE
    keypoints = database.read("joints2D", track.start, track.stop)
    np.testing.assert_allclose(keypoints[:, SPIN["left_knee"], :2], pixels, atol=1e-2)


def test_the_fits_turn_into_the_camera(raw: Path) -> None:
    database = _prepared(raw)
    pose = database.read("pose", 0, 6)
    root = rotations_of(_pose(1)[::2])[:, 0]
    np.testing.assert_allclose(rotations_of(pose)[:, 0], R @ root, atol=1e-5)
    np.testing.assert_allclose(pose[:, 3:], _pose(1)[::2, 3:], atol=1e-6)
    np.testing.assert_allclose(database.read("shape", 6, 7)[0], 0.5)


def test_without_fits_there_is_no_smpl_and_half_the_fits_are_refused(raw: Path) -> None:
    for subject in SUBJECTS[1:]:
        (raw / "annotations" / f"Human36M_subject{subject}_SMPL_NeuralAnnot.json").unlink()
    with pytest.raises(RawDataMissing, match=r"subject5_SMPL_NeuralAnnot.json is missing"):
        _prepared(raw)
    (raw / "annotations" / "Human36M_subject1_SMPL_NeuralAnnot.json").unlink()
    database = _prepared(raw)
    assert not database.has_smpl
    assert database.array("pose") is None


def test_frames_without_a_fit_are_left_out_and_end_a_track(raw: Path) -> None:
    path = raw / "annotations" / "Human36M_subject1_SMPL_NeuralAnnot.json"
    content = json.loads(path.read_text())
    del content["2"]["1"]["5"]
    path.write_text(json.dumps(content))
    database = _prepared(raw)
    first, second = database.tracks[:2]
    assert (first.name, second.name) == (_video(1), _video(1) + "_seg1")
    frames = database.array("frame_id")
    assert frames[first.start : first.stop].tolist() == [0, 2, 4]
    assert frames[second.start : second.stop].tolist() == [6, 8, 10]


def test_a_subject_a_key_or_a_joint_that_is_missing_is_named(raw: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"Human36M_subject9_camera.json is missing"):
        _prepared(raw, "test")
    path = raw / "annotations" / "Human36M_subject1_joint_3d.json"
    path.write_text(path.read_text().replace('"1": {"0"', '"2": {"0"'))
    with pytest.raises(RawDataInvalid, match=r"subject1_joint_3d.json has no '1'"):
        _prepared(raw)
    path.write_text(json.dumps({"2": {"1": {str(f): [[0, 0, 0]] * 16 for f in range(FRAMES)}}}))
    with pytest.raises(
        RawDataInvalid, match=r"subject1_joint_3d.json: 2/1 has shape \(12, 16, 3\): .*\(n, 17, 3\)"
    ):
        _prepared(raw)
    path.write_text("{")
    with pytest.raises(RawDataInvalid, match=r"subject1_joint_3d.json is not readable JSON"):
        _prepared(raw)


def test_pictures_that_were_thinned_out_are_refused(raw: Path) -> None:
    place = raw / "images" / _video(1)
    for path in sorted(place.iterdir()):
        if int(path.stem[-6:]) % 5 != 1:
            path.unlink()
    with pytest.raises(RawDataInvalid, match="must hold every frame, at 50 per second"):
        _prepared(raw)
    shutil.rmtree(place)
    with pytest.raises(RawDataMissing, match="no video of subject 1"):
        _prepared(raw)
