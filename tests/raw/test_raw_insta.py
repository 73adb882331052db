"""InstaVariety from small TFRecord files, written by hand with correct checksums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from raw_layouts import SPIN, GreyExtractor, example, framed, jpeg, level_of
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.windows import WindowDataset
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.insta import prepare_insta

SIDE = 224
# Of the dataset's 25: 14 of the body, then five of the face and six of the feet.
RIGHT_WRIST, HEAD, NOSE, LEFT_TOE, RIGHT_ANKLE = 6, 13, 14, 19, 24


def _points(frames: int, seed: int) -> np.ndarray:
    """(frames, 3, 25): x, y in [-1, 1], visible."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(-1, 1, (frames, 2, 25)), rng.integers(0, 2, (frames, 1, 25))], 1)


def _clip(points: np.ndarray, *, side: tuple[int, int] = (SIDE, SIDE), **changes: Any) -> bytes:
    frames = len(points)
    lists: dict[str, Any] = {
        "meta/N": np.array([frames]),
        "image/encoded": [jpeg(frame, *side) for frame in range(frames)],
        "image/xys": points[:, :2, :14].astype(np.float32).ravel(),
        "image/visibilities": points[:, 2, :14].astype(int).ravel(),
        "image/face_pts": points[:, :, 14:19].astype(np.float32).ravel(),
        "image/toe_pts": points[:, :, 19:].astype(np.float32).ravel(),
    }
    lists |= changes
    return framed(example({key: value for key, value in lists.items() if value is not None}))


def _prepared(raw: Path, *clips: bytes) -> Database:
    (raw / "train").mkdir(parents=True, exist_ok=True)
    (raw / "train" / "insta-007.tfrecord").write_bytes(b"".join(clips))
    return open_database(prepare_insta(raw, raw / "out", "train", features=GreyExtractor()))


def test_each_record_is_a_track_of_points_in_pixels_of_the_crop(tmp_path: Path) -> None:
    first, second = _points(3, 0), _points(4, 1)
    database = _prepared(tmp_path, _clip(first), _clip(second))
    assert [(t.name, t.length) for t in database.tracks] == [("insta-007_0", 3), ("insta-007_1", 4)]
    assert (database.joint_set, database.crop_scale, database.has_3d) == ("insta25", 1.0, False)
    assert database.array("bbox") is None
    keypoints = database.read("joints2D", 3, 7)
    np.testing.assert_allclose(keypoints[..., :2], (second.swapaxes(1, 2)[..., :2] + 1) * 112, rtol=1e-5)
    np.testing.assert_array_equal(keypoints[..., 2], second[:, 2])


def test_the_backbone_sees_the_whole_picture_of_each_frame(tmp_path: Path) -> None:
    features = _prepared(tmp_path, _clip(_points(3, 0))).read("features", 0, 3)
    np.testing.assert_allclose(features[:, 0], [level_of(frame) for frame in range(3)], atol=2)
    np.testing.assert_allclose(features[:, 1:], np.tile([112, 112, 224], (3, 1)))


def test_in_a_window_the_points_are_back_between_minus_one_and_one_at_their_names(tmp_path: Path) -> None:
    points = _points(3, 2)
    points[:, 2] = 1
    windows = WindowDataset(_prepared(tmp_path, _clip(points)), T=3, stride=1, kind="2d")
    rows = windows.rows([0]).keypoints_2d[0].numpy()
    for place, name in {
        RIGHT_WRIST: "op_right_wrist",
        HEAD: "head_top",
        NOSE: "op_nose",
        LEFT_TOE: "op_left_big_toe",
        RIGHT_ANKLE: "op_right_ankle",
        0: "op_right_heel",
    }.items():
        np.testing.assert_allclose(rows[:, SPIN[name]], points[:, :, place], atol=1e-5)
    assert (rows[..., 2].sum(1) == 25).all()


def test_clips_without_feet_have_unseen_feet(tmp_path: Path) -> None:
    keypoints = _prepared(tmp_path, _clip(_points(3, 0), **{"image/toe_pts": None})).read("joints2D", 0, 3)
    assert not keypoints[:, 19:, 2].any()
    assert keypoints[:, :19, 2].any()


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        (lambda: _clip(_points(2, 0), **{"image/xys": None}), "has no 'image/xys'"),
        (lambda: _clip(_points(2, 0), **{"image/face_pts": np.zeros(29)}), r"face_pts has shape \(29,\)"),
        (lambda: _clip(_points(2, 0), **{"meta/N": np.array([3])}), "has 2 pictures; meta/N says 3"),
        (lambda: _clip(_points(2, 0) * 100, side=(SIDE, SIDE)), "image/xys is in pixels"),
        (lambda: _clip(_points(2, 0), side=(SIDE, 100)), "224 x 100 px; expected square"),
        (lambda: _clip(_points(2, 0))[:-9], "record 0: the file ends inside it"),
        (
            lambda: _clip(_points(1, 0), **{"image/encoded": [b"nothing"]}),
            "record 0 is not a readable picture",
        ),
    ],
)
def test_a_record_that_is_not_as_published_is_named(tmp_path: Path, clip: Any, said: str) -> None:
    with pytest.raises(RawDataInvalid, match=rf"insta-007.tfrecord.*{said}"):
        _prepared(tmp_path, clip())


def test_an_empty_folder_says_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"train must hold the .tfrecord files"):
        prepare_insta(tmp_path, tmp_path / "out", "train", features=None)
