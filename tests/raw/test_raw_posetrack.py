"""PoseTrack18 from a small copy of its layout: JSON of several people, labelled in part of their frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from raw_layouts import SPIN, GreyExtractor, level_of, write_picture
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.windows import WindowDataset
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.posetrack import EXCLUDED, prepare_posetrack

NAMES = [
    *("nose", "head_bottom", "head_top", "left_ear", "right_ear", "left_shoulder", "right_shoulder"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee"),
    *("right_knee", "left_ankle", "right_ankle"),
]
FRAMES = 22
LABELLED = range(1, 21)


def _keypoints(person: int, frame: int) -> np.ndarray:
    points = np.random.default_rng([person, frame]).uniform(5, 60, (17, 3))
    points[:, 2] = 1
    points[[3, 4]] = 0  # ears are not annotated
    return points


def _annotation(person: int, frame: int) -> dict[str, Any]:
    return {
        "image_id": 1000 + frame,
        "track_id": person,
        "keypoints": _keypoints(person, frame).ravel().tolist(),
        "bbox": [10.0, 12.0, 30.0, 40.0 + frame],
    }


def _clip(people: dict[int, list[int]], name: str = "000001_bonn_train") -> dict[str, Any]:
    return {
        "images": [
            {
                "id": 1000 + frame,
                "frame_id": 1000 + frame,
                "is_labeled": frame in LABELLED,
                "file_name": f"images/train/{name}/{frame:06d}.jpg",
            }
            for frame in range(FRAMES)
        ],
        "annotations": [_annotation(person, frame) for person, frames in people.items() for frame in frames],
        "categories": [{"name": "person", "keypoints": NAMES}],
    }


def _write(raw: Path, content: Any, name: str = "000001_bonn_train") -> None:
    path = raw / "annotations" / "train" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    for frame in LABELLED:
        write_picture(raw / "images" / "train" / name / f"{frame:06d}.jpg", frame)


def _prepared(raw: Path) -> Database:
    return open_database(prepare_posetrack(raw, raw / "out", "train", features=GreyExtractor()))


def test_each_person_is_a_track_of_labelled_frames_with_a_shrunken_square_box(tmp_path: Path) -> None:
    _write(tmp_path, _clip({0: [*range(FRAMES)], 3: [*range(4, 13)]}))
    database = _prepared(tmp_path)
    assert [(track.name, track.length) for track in database.tracks] == [
        ("000001_bonn_train_0_seg0", 20),
        ("000001_bonn_train_3_seg0", 9),
    ]
    boxes = database.read("bbox", 20, 29)
    frames = np.arange(4, 13)
    side = 0.8 * (40 + frames)
    np.testing.assert_allclose(boxes, np.column_stack([np.full(9, 25), 12 + (40 + frames) / 2, side, side]))
    features = database.read("features", 20, 29)
    np.testing.assert_allclose(features[:, 0], [level_of(frame) for frame in frames], atol=2)
    np.testing.assert_allclose(features[:, 3], 1.2 * side, rtol=1e-6)


def test_joints_follow_the_names_that_the_file_states(tmp_path: Path) -> None:
    content = _clip({0: [*range(2, 12)]})
    order = np.random.default_rng(0).permutation(17)
    content["categories"][0]["keypoints"] = [NAMES[place] for place in order]
    for annotation in content["annotations"]:
        annotation["keypoints"] = np.reshape(annotation["keypoints"], (17, 3))[order].ravel().tolist()
    _write(tmp_path, content)
    keypoints = _prepared(tmp_path).read("joints2D", 0, 10)
    for name, spin in {
        "left_wrist": "left_wrist",
        "right_ankle": "right_ankle",
        "head_bottom": "neck",
        "nose": "nose",
    }.items():
        expected = [_keypoints(0, frame)[NAMES.index(name)] for frame in range(2, 12)]
        np.testing.assert_allclose(keypoints[:, SPIN[spin]], expected, rtol=1e-5)
    assert not keypoints[:, SPIN["left_ear"]].any()
    assert (keypoints[..., 2].sum(1) == 15).all()


def test_absence_ends_a_track_and_short_ones_are_left_out(tmp_path: Path) -> None:
    _write(
        tmp_path,
        _clip({0: [*range(1, 9), *range(10, 21)], 1: [*range(1, 8)], 2: [*range(1, 6), *range(8, 13)]}),
    )
    database = _prepared(tmp_path)
    assert [(t.name[-6:], t.length) for t in database.tracks] == [("0_seg0", 8), ("0_seg1", 11)]
    windows = WindowDataset(database, T=8, stride=1, kind="2d")
    assert [windows.frames(index)[0] for index in range(len(windows))] == [0, 8, 9, 10, 11]


def test_annotations_without_a_size_or_a_joint_count_as_absent(tmp_path: Path) -> None:
    content = _clip({0: [*range(1, 21)]})
    content["annotations"][9]["bbox"][2] = 0
    content["annotations"][11]["keypoints"] = [0] * 51
    _write(tmp_path, content)
    assert [track.length for track in _prepared(tmp_path).tracks] == [9, 8]


def test_the_one_damaged_file_of_the_dataset_is_not_even_opened(tmp_path: Path) -> None:
    _write(tmp_path, _clip({0: [*range(1, 21)]}))
    (tmp_path / "annotations" / "train" / EXCLUDED).write_text("{")
    assert len(_prepared(tmp_path).tracks) == 1


def test_what_is_missing_or_odd_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"annotations/train is missing"):
        _prepared(tmp_path)
    content = _clip({0: [*range(1, 21)]})
    content["categories"][0]["keypoints"] = [*NAMES[:-1], "tail"]
    _write(tmp_path, content)
    with pytest.raises(RawDataInvalid, match=r"000001_bonn_train.json: categories names .*tail"):
        _prepared(tmp_path)
    content = _clip({0: [*range(1, 21)]})
    del content["annotations"][0]["track_id"]
    _write(tmp_path, content)
    with pytest.raises(RawDataInvalid, match=r"000001_bonn_train.json has no 'track_id'"):
        _prepared(tmp_path)
    content = _clip({0: [*range(1, 21)]})
    content["annotations"][0]["keypoints"] = [1.0] * 50
    _write(tmp_path, content)
    with pytest.raises(RawDataInvalid, match=r"keypoints does not hold numbers|keypoints has shape"):
        _prepared(tmp_path)
    _write(tmp_path, _clip({0: [*range(1, 21)]}))
    (tmp_path / "images" / "train" / "000001_bonn_train" / "000005.jpg").unlink()
    with pytest.raises(RawDataMissing, match=r"000005.jpg"):
        _prepared(tmp_path)
    _write(tmp_path, _clip({0: [1, 2, 3]}))
    with pytest.raises(RawDataMissing, match="No usable video of posetrack_train"):
        _prepared(tmp_path)
