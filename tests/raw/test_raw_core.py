"""What the readers of all raw datasets share: names, frames, segments, cameras, records, writing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from raw_layouts import GreyExtractor, example, framed, grey, level_of, slow_crc32c, write_picture
from reel2rig.core.body.spin_joints import COMMON_14_NAMES, SPIN_JOINT_NAMES
from reel2rig.core.data.databases.database import open_database
from reel2rig.core.data.databases.errors import DestinationTaken
from reel2rig.core.data.raw import h36m, mpii3d, penn, posetrack, threedpw
from reel2rig.core.data.raw.cameras import into_camera, onto_picture, pose_in_camera, rotations_of
from reel2rig.core.data.raw.catalogue import UnknownDataset, prepare_dataset
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.frames import numbered_pictures, picture_files, video_frames
from reel2rig.core.data.raw.joint_names import into_common14, into_spin49, with_confidence
from reel2rig.core.data.raw.records import crc32c, read_example, read_records
from reel2rig.core.data.raw.segments import segments
from reel2rig.core.data.raw.tracks import RawTrack, filled_boxes, write_tracks

NAMED: dict[str, tuple[str, ...]] = {
    "h36m": h36m.JOINTS,
    "mpii3d train": mpii3d.TRAIN_JOINTS,
    "mpii3d test": mpii3d.TEST_JOINTS,
    "3dpw": threedpw.JOINTS,
    "penn": penn.JOINTS,
    "posetrack": tuple(posetrack.NAMES.values()),
}


@pytest.mark.parametrize("dataset", NAMED)
def test_every_joint_of_a_dataset_has_one_place_and_both_sides_are_there(dataset: str) -> None:
    names = [name for name in NAMED[dataset] if name]
    assert len(set(names)) == len(names)
    assert set(names) <= set(SPIN_JOINT_NAMES)
    swap = {"left": "right", "right": "left"}
    mirrored = {"_".join(swap.get(part, part) for part in name.split("_")) for name in names}
    assert mirrored == set(names)


def test_joints_go_where_their_names_say_and_the_rest_stays_zero() -> None:
    values = np.arange(1, 10, dtype=float).reshape(1, 3, 3)
    placed = into_spin49(values, ("left_knee", "", "right_knee"))[0]
    assert placed[SPIN_JOINT_NAMES.index("left_knee")].tolist() == [1, 2, 3]
    assert placed[SPIN_JOINT_NAMES.index("right_knee")].tolist() == [7, 8, 9]
    assert np.count_nonzero(placed.any(-1)) == 2
    common = into_common14(values, ("left_knee", "", "right_knee"))[0]
    assert common[COMMON_14_NAMES.index("right_knee")].tolist() == [7, 8, 9]


def test_segments_end_where_a_frame_is_missing() -> None:
    frames = np.array([3, 4, 5, 9, 10, 20])
    assert [frames[run].tolist() for run in segments(frames)] == [[3, 4, 5], [9, 10], [20]]
    assert len(segments([0, 2, 4, 6], step=2)) == 1
    assert segments([]) == []


def test_a_root_turned_into_the_camera_stands_there_as_the_world_s_body_does() -> None:
    rng = np.random.default_rng(0)
    pose = rng.normal(0, 1, (4, 72))
    R = rotations_of(rng.normal(0, 2, (4, 72)))[:, 0].astype(np.float64)
    seen = pose_in_camera(pose, R)
    before, after = rotations_of(pose), rotations_of(seen)
    np.testing.assert_allclose(after[:, 0], R @ before[:, 0], atol=1e-5)
    np.testing.assert_allclose(after[:, 1:], before[:, 1:], atol=1e-6)


def test_the_camera_looks_along_z_and_the_picture_s_y_points_down() -> None:
    R = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # a world with z up, filmed along its y
    seen = into_camera([[[2.0, 10.0, 1.0]]], R, [0.0, 0.0, 5.0])
    assert seen.tolist() == [[[2.0, -1.0, 15.0]]]
    assert onto_picture(seen, (150, 300), (320, 240)).tolist() == [[[340.0, 220.0]]]


def test_the_checksum_agrees_with_its_definition_at_every_length() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # the check value of the standard
    rng = np.random.default_rng(1)
    for length in (0, 1, 7, 1023, 1024, 1025, 4100):
        data = rng.bytes(length)
        assert crc32c(data) == slow_crc32c(data)


def test_records_and_examples_read_back_what_was_written(tmp_path: Path) -> None:
    lists = {"words": [b"a", b""], "numbers": np.array([0.5, -2.0]), "whole": np.array([3, 300])}
    path = tmp_path / "two.tfrecord"
    path.write_bytes(framed(example(lists)) + framed(b""))
    first, second = read_records(path)
    read = read_example(first, "here")
    assert read["words"] == [b"a", b""]
    np.testing.assert_array_equal(read["numbers"], lists["numbers"])
    np.testing.assert_array_equal(read["whole"], [3, 300])
    assert read_example(second, "here") == {}
    with pytest.raises(RawDataInvalid, match="here"):
        read_example(b"\xff\xff", "here")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-3], "ends inside"),
        (lambda data: data[:5], "cut off"),
        (lambda data: data[:20] + b"\x00" + data[21:], "of its data is wrong"),
        (lambda data: b"\x01" + data[1:], "of its length is wrong"),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, change, reason: str) -> None:
    path = tmp_path / "bad.tfrecord"
    whole = framed(b"something that is long enough")
    path.write_bytes(whole + change(whole))
    with pytest.raises(RawDataInvalid, match=rf"bad.tfrecord.*record 1: .*{reason}"):
        list(read_records(path))


def test_a_video_gives_the_frames_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 64))
    for frame in range(8):
        writer.write(grey(frame))
    writer.release()
    levels = [image.mean() for image in video_frames(path, [1, 2, 6])()]
    np.testing.assert_allclose(levels, [level_of(1), level_of(2), level_of(6)], atol=2)
    with pytest.raises(RawDataInvalid, match=r"video.avi ends before frame 9"):
        list(video_frames(path, [7, 9])())


def test_a_missing_or_damaged_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"absent.jpg"):
        picture_files([tmp_path / "absent.jpg"])
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(RawDataInvalid, match=r"bad.jpg is not a readable picture"):
        list(picture_files([tmp_path / "bad.jpg"])())
    with pytest.raises(RawDataMissing, match="numbered pictures"):
        numbered_pictures(tmp_path / "nowhere")


def test_missing_boxes_are_drawn_between_their_neighbours() -> None:
    boxes = np.array([[np.nan] * 3, [10, 20, 30], [np.nan] * 3, [20, 20, 50]])
    filled = filled_boxes(boxes)
    assert filled is not None
    assert filled.tolist() == [[10, 20, 30], [10, 20, 30], [15, 20, 40], [20, 20, 50]]
    assert filled_boxes(boxes[:1]) is None


def _track(tmp_path: Path, name: str, frames: int = 2) -> RawTrack:
    paths = [tmp_path / name / f"{frame}.jpg" for frame in range(frames)]
    for frame, path in enumerate(paths):
        write_picture(path, frame)
    keypoints = with_confidence(np.full((frames, 49, 2), 30.0))
    boxes = np.tile([32.0, 32.0, 20.0], (frames, 1))
    return RawTrack(name, f"{name}.txt", picture_files(paths), boxes, {"joints2D": keypoints})


def test_crops_are_the_boxes_times_the_scale_that_the_database_states(tmp_path: Path) -> None:
    tracks = [_track(tmp_path, "a"), _track(tmp_path, "b", 3)]
    written = write_tracks(tracks, tmp_path / "out", "set", "train", features=GreyExtractor(), crop_scale=1.5)
    database = open_database(written)
    assert written == tmp_path / "out" / "set_train"
    assert [(t.name, t.start, t.length, t.source) for t in database.tracks] == [
        ("a", 0, 2, "a.txt"),
        ("b", 2, 3, "b.txt"),
    ]
    assert database.crop_scale == 1.5
    np.testing.assert_allclose(database.read("bbox", 0, 5), np.tile([32, 32, 20, 20], (5, 1)))
    features = database.read("features", 0, 5)
    np.testing.assert_allclose(features[:, 1:], np.tile([32, 32, 30], (5, 1)))
    np.testing.assert_allclose(features[:, 0], [level_of(f) for f in (0, 1, 0, 1, 2)], atol=2)


def test_an_error_in_a_late_track_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = _track(tmp_path, "broken")
    (tmp_path / "broken" / "1.jpg").write_bytes(b"")
    tracks = [_track(tmp_path, "good"), broken]
    with pytest.raises(RawDataInvalid, match=r"1.jpg"):
        write_tracks(tracks, tmp_path / "out", "set", "train", features=GreyExtractor())
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_prepared_already_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "set_train").mkdir()

    def unread():
        raise AssertionError("a track was read")
        yield

    with pytest.raises(DestinationTaken, match="set_train"):
        write_tracks(unread(), tmp_path, "set", "train", features=None)


def test_a_dataset_or_split_that_is_not_known_lists_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownDataset, match="3dpw, mpii3d, h36m, insta, penn, posetrack"):
        prepare_dataset("coco", tmp_path, tmp_path, "train", features=None)
    with pytest.raises(UnknownDataset, match="penn has no split 'test': choose one of train"):
        prepare_dataset("penn", tmp_path, tmp_path, "test", features=None)
    with pytest.raises(RawDataMissing, match="nowhere is missing"):
        prepare_dataset("penn", tmp_path / "nowhere", tmp_path, "train", features=None)
