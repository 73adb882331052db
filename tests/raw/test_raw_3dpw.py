"""3DPW from a small copy of its layout: pickles of protocol 2, a moving camera, the free body for SMPL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from raw_layouts import SIZE, GreyExtractor, level_of, write_picture, write_python2_pickle
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.spin_joints import COMMON_14_NAMES, SpinJoints
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.raw.cameras import rotations_of
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.python2 import RawDataUnsafe
from reel2rig.core.data.raw.threedpw import prepare_3dpw
from scipy.spatial.transform import Rotation

FRAMES = 9
UNSEEN = (0, 1, 4, 8)  # frames without keypoints
K = np.array([[60.0, 0, 32], [0, 60, 32], [0, 0, 1]])
RIGHT_SHOULDER, NECK, LEFT_WRIST = 2, 1, 7  # in OpenPose's 18


@pytest.fixture(scope="module")
def body() -> SpinJoints:
    return SpinJoints(BodyLayer())


def _person(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    keypoints = np.concatenate([rng.uniform(10, 50, (FRAMES, 2, 18)), np.full((FRAMES, 1, 18), 0.8)], 1)
    keypoints[:, 2, LEFT_WRIST] = 0.2
    keypoints[list(UNSEEN)] = 0
    return {
        "poses": rng.normal(0, 0.4, (FRAMES, 72)),
        "betas": rng.normal(0, 1, 10),
        "trans": rng.normal(0, 0.3, (FRAMES, 3)),
        "poses2d": keypoints,
        "campose_valid": np.arange(FRAMES) % 4 != 3,
    }


def _cameras() -> np.ndarray:
    cameras = np.tile(np.eye(4), (FRAMES, 1, 1))
    cameras[:, :3, :3] = Rotation.from_euler(
        "xyz",
        np.column_stack([np.full(FRAMES, 175.0), np.arange(FRAMES) * 4, np.zeros(FRAMES)]),
        degrees=True,
    ).as_matrix()
    cameras[:, :3, 3] = (0.1, -0.2, 6)
    return cameras


def _write(raw: Path, folder: str, people: list[dict[str, Any]], genders: list[str], **more: Any) -> Path:
    content = {key: [person[key] for person in people] for key in people[0]}
    content |= {
        "cam_poses": _cameras(),
        "cam_intrinsics": K,
        "genders": genders,
        "sequence": "street_00",
        **more,
    }
    path = raw / "sequenceFiles" / folder / "street_00.pkl"
    write_python2_pickle(path, {key: value for key, value in content.items() if value is not None})
    for frame in range(FRAMES):
        write_picture(raw / "imageFiles" / "street_00" / f"image_{frame:05d}.jpg", frame)
    return path


def _prepared(raw: Path, split: str, bodies: dict[str, SpinJoints]) -> Database:
    return open_database(prepare_3dpw(raw, raw / "out", split, features=GreyExtractor(), bodies=bodies))


def test_joints_before_the_camera_are_the_world_s_body_filmed(tmp_path: Path, body: SpinJoints) -> None:
    person = _person(0)
    _write(tmp_path, "train", [person], ["m"])
    database = _prepared(tmp_path, "train", {"neutral": body})
    assert (database.has_3d, database.has_smpl, database.joint_set) == (True, True, "common14")
    rows = slice(2, 8)  # from the first to the last frame that shows anything
    assert database.array("frame_id")[:].tolist() == list(range(2, 8))

    betas = torch.tensor(person["betas"], dtype=torch.float32).expand(FRAMES, -1)
    world = body.joints49(torch.from_numpy(rotations_of(person["poses"])), betas).numpy()
    world = world + person["trans"][:, None]
    cameras = _cameras()
    seen = np.einsum("fij,fkj->fki", cameras[:, :3, :3], world) + cameras[:, None, :3, 3]
    found = database.read("joints3D", 0, 6)
    np.testing.assert_allclose(found, seen[rows], atol=2e-5)
    pixels = found @ K.T
    expected = seen[rows] @ K.T
    np.testing.assert_allclose(
        pixels[..., :2] / pixels[..., 2:], expected[..., :2] / expected[..., 2:], atol=1e-3
    )

    # The stored pose alone gives the same body, up to where it stands.
    again = body.joints49(torch.from_numpy(rotations_of(database.read("pose", 0, 6))), betas[rows]).numpy()
    np.testing.assert_allclose(again - again[:, :1], found - found[:, :1], atol=2e-5)
    assert np.asarray(database.array("valid")).ravel().tolist() == [1, 0, 1, 1, 1, 0]


def test_boxes_and_features_belong_to_their_frames_although_the_first_show_nobody(
    tmp_path: Path, body: SpinJoints
) -> None:
    _write(tmp_path, "train", [_person(0)], ["f"])
    database = _prepared(tmp_path, "train", {"neutral": body})
    features = database.read("features", 0, 6)
    np.testing.assert_allclose(features[:, 0], [level_of(frame) for frame in range(2, 8)], atol=2)
    boxes = database.read("bbox", 0, 6)
    np.testing.assert_allclose(features[:, 1:], boxes[:, :3] * (1, 1, 1.2), rtol=1e-5)
    assert (boxes[:, :2] > 10).all()
    assert (boxes[:, :2] < 50).all()
    assert (boxes[:, 2] > 30).all()
    assert boxes[:, 2].max() < SIZE * 1.5


def test_keypoints_take_their_sides_from_openpose_s_order(tmp_path: Path, body: SpinJoints) -> None:
    person = _person(3)
    _write(tmp_path, "train", [person], ["m"])
    keypoints = _prepared(tmp_path, "train", {"neutral": body}).read("joints2D", 0, 6)
    place = COMMON_14_NAMES.index
    np.testing.assert_allclose(
        keypoints[:, place("right_shoulder"), :2], person["poses2d"][2:8, :2, RIGHT_SHOULDER], rtol=1e-5
    )
    seen = np.isin(np.arange(2, 8), UNSEEN, invert=True)
    assert (keypoints[:, place("right_shoulder"), 2] == seen).all()
    assert not keypoints[:, [place("left_wrist"), place("neck"), place("head_top")], 2].any()


def test_validation_and_test_get_the_14_joints_of_the_regressor(tmp_path: Path, body: SpinJoints) -> None:
    for folder, split in (("validation", "val"), ("test", "test")):
        person = _person(5)
        _write(tmp_path, folder, [person], ["m"])
        database = _prepared(tmp_path, split, {"neutral": body})
        found = database.read("joints3D", 0, 6)
        betas = torch.tensor(person["betas"], dtype=torch.float32).expand(6, -1)
        posed = body.common14_h36m(torch.from_numpy(rotations_of(database.read("pose", 0, 6))), betas).numpy()
        assert found.shape == (6, 14, 3)
        np.testing.assert_allclose(found - found[:, :1], posed - posed[:, :1], atol=1e-5)
        assert (found[..., 2] > 4).all()


def test_each_person_is_a_track_with_a_gender_whose_body_gives_the_joints(
    tmp_path: Path, body: SpinJoints
) -> None:
    hidden = _person(9)
    hidden["poses2d"] = np.zeros_like(hidden["poses2d"])
    _write(tmp_path, "train", [_person(1), hidden, _person(2)], ["m", "f", "f"])
    wide = SpinJoints(BodyLayer())
    wide.joints49 = lambda rotations, betas: 2 * body.joints49(rotations, betas)  # somebody else's body
    plain = _prepared(tmp_path, "train", {"neutral": body})
    gendered = prepare_3dpw(
        tmp_path, tmp_path / "more", "train", features=None, bodies={"male": body, "female": wide}
    )
    tracks = open_database(gendered).tracks
    assert [(t.name, t.gender) for t in tracks] == [("street_00_0", "male"), ("street_00_2", "female")]
    same, other = plain.read("joints3D", 0, 12), open_database(gendered).read("joints3D", 0, 12)
    np.testing.assert_allclose(other[:6], same[:6], atol=1e-6)
    spans = [np.ptp(joints[6:], axis=1).mean() for joints in (same, other)]
    assert spans[1] == pytest.approx(2 * spans[0], rel=1e-4)
    assert open_database(gendered).array("features") is None


class _Harm:
    def __reduce__(self) -> Any:
        return os.mkdir, ("harm_done",)


def test_a_pickle_that_wants_something_run_is_refused_and_runs_nothing(
    tmp_path: Path, body: SpinJoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path, "train", [_person(0)], ["m"], more=_Harm())
    with pytest.raises(RawDataUnsafe, match=r"street_00.pkl asks to run .*mkdir"):
        _prepared(tmp_path, "train", {"neutral": body})
    assert not Path("harm_done").exists()


def test_what_is_missing_or_ragged_is_named(tmp_path: Path, body: SpinJoints) -> None:
    bodies = {"neutral": body}
    with pytest.raises(RawDataMissing, match=r"sequenceFiles/train is missing"):
        _prepared(tmp_path, "train", bodies)
    path = _write(tmp_path, "train", [_person(0)], ["m"], cam_poses=None)
    with pytest.raises(RawDataInvalid, match=r"street_00.pkl has no 'cam_poses'"):
        _prepared(tmp_path, "train", bodies)
    short = _person(0) | {"trans": np.zeros((FRAMES - 1, 3))}
    _write(tmp_path, "train", [short], ["m"])
    with pytest.raises(RawDataInvalid, match=r"trans of person 0 has shape \(8, 3\): expected \(9, 3\)"):
        _prepared(tmp_path, "train", bodies)
    broken = _person(0)
    broken["poses"][2, 5] = np.nan
    _write(tmp_path, "train", [broken], ["m"])
    with pytest.raises(RawDataInvalid, match=r"poses of person 0 holds numbers that are not finite"):
        _prepared(tmp_path, "train", bodies)
    _write(tmp_path, "train", [_person(0)], ["x"])
    with pytest.raises(RawDataInvalid, match=r"genders says 'x'"):
        _prepared(tmp_path, "train", {"male": body, "female": body})
    _write(tmp_path, "train", [_person(0)], ["m"])
    (tmp_path / "imageFiles" / "street_00" / "image_00003.jpg").unlink()
    with pytest.raises(RawDataMissing, match=r"image_00003.jpg"):
        _prepared(tmp_path, "train", bodies)
    path.write_bytes(b"\x80\x02}")
    with pytest.raises(RawDataInvalid, match=r"street_00.pkl is not a readable pickle"):
        _prepared(tmp_path, "train", bodies)
