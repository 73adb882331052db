"""MPI-INF-3DHP from a small copy of its layout: MATLAB 5 and 7.3 files, pictures and a video."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from raw_layouts import SIZE, SPIN, GreyExtractor, grey, level_of, write_picture
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.windows import WindowDataset
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.mpii3d import prepare_mpii3d
from scipy.io import savemat

FRAMES = 7
OUTSIDE = 3  # in S1/Seq1, camera 0
# Places in the published list of 28, and in that of 17 of the test set.
RIGHT_WRIST, LEFT_ANKLE, PELVIS, LEFT_TOE = 16, 20, 4, 22
TEST_RIGHT_WRIST, TEST_LEFT_ANKLE, TEST_PELVIS = 4, 13, 14


def _joints(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels well inside a small picture, and millimetres."""
    rng = np.random.default_rng(seed)
    return rng.uniform(12, 52, (FRAMES, count, 2)), rng.normal(0, 500, (FRAMES, count, 3))


def _cells(arrays: list[np.ndarray]) -> np.ndarray:
    cells = np.empty((len(arrays), 1), object)
    for camera, array in enumerate(arrays):
        cells[camera, 0] = array.reshape(len(array), -1)
    return cells


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("mpii3d")
    for subject in range(1, 9):
        for sequence in (1, 2):
            place = raw / f"S{subject}" / f"Seq{sequence}"
            pixels, mm = zip(
                *(_joints(100 * subject + 20 * sequence + c, 28) for c in range(14)), strict=True
            )
            if (subject, sequence) == (1, 1):
                pixels[0][OUTSIDE, RIGHT_WRIST] = (30, 2048)
                pixels[0][OUTSIDE + 2, LEFT_TOE] = (-9, 30)  # has no place among the 49: nobody misses it
            place.mkdir(parents=True)
            savemat(place / "annot.mat", {"annot2": _cells([*pixels]), "annot3": _cells([*mm])})
            for camera in (0, 1, 2, 4, 5, 6, 7, 8):
                for frame in range(FRAMES):
                    write_picture(
                        place / "imageFrames" / f"video_{camera}" / f"frame_{frame + 1:06d}.jpg", frame
                    )
    # One camera is still a video, as it comes out of the archive.
    shutil.rmtree(raw / "S2" / "Seq1" / "imageFrames" / "video_8")
    path = raw / "S2" / "Seq1" / "imageSequence" / "video_8.avi"
    path.parent.mkdir()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (SIZE, SIZE))
    for frame in range(FRAMES - 1):  # one frame short of its annotations
        writer.write(grey(frame))
    writer.release()
    for sequence in range(1, 7):
        place = raw / "mpi_inf_3dhp_test_set" / f"TS{sequence}"
        pixels, mm = _joints(sequence, 17)
        if sequence == 2:
            pixels[OUTSIDE, 0] = (SIZE, 30)
        if sequence == 3:
            pixels[1] = 0  # a frame that does not count, and that nobody annotated
        place.mkdir(parents=True)
        with h5py.File(place / "annot_data.mat", "w") as file:
            file["annot2"] = pixels[:, None]
            file["univ_annot3"] = mm[:, None]
            file["valid_frame"] = (np.arange(FRAMES) % 2 == 0).astype(float)[:, None]
        for frame in range(FRAMES):
            write_picture(place / "imageSequence" / f"img_{frame + 1:06d}.jpg", frame)
    return raw


@pytest.fixture(scope="module")
def train(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    out = tmp_path_factory.mktemp("train")
    return open_database(prepare_mpii3d(published, out, "train", features=GreyExtractor()))


@pytest.fixture(scope="module")
def held_out(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    out = tmp_path_factory.mktemp("test")
    return open_database(prepare_mpii3d(published, out, "test", features=GreyExtractor()))


def _track(database: Database, name: str) -> tuple[int, int]:
    track = next(track for track in database.tracks if track.name == name)
    return track.start, track.stop


def test_the_eight_cameras_give_metres_about_the_pelvis_with_sides_by_name(train: Database) -> None:
    assert len({track.name.rpartition("_seg")[0] for track in train.tracks}) == 8 * 2 * 8
    assert (train.fps, train.has_3d, train.has_smpl, train.crop_scale) == (25.0, True, False, 1.2)
    start, stop = _track(train, "subj4_seq1_vid5_seg0")
    pixels, mm = _joints(100 * 4 + 20 + 5, 28)
    found = train.read("joints3D", start, stop)
    metres = (mm - mm[:, PELVIS : PELVIS + 1]) / 1000
    np.testing.assert_allclose(found[:, SPIN["right_wrist"]], metres[:, RIGHT_WRIST], atol=1e-5)
    np.testing.assert_allclose(found[:, SPIN["left_ankle"]], metres[:, LEFT_ANKLE], atol=1e-5)
    assert not found[:, SPIN["pelvis_mpii"]].any()
    keypoints = train.read("joints2D", start, stop)
    np.testing.assert_allclose(keypoints[:, SPIN["left_ankle"], :2], pixels[:, LEFT_ANKLE], rtol=1e-5)
    assert (keypoints[..., 2].sum(1) == 17).all()


def test_boxes_are_1_1_times_the_longer_side_of_the_mapped_joints(train: Database) -> None:
    start, stop = _track(train, "subj4_seq1_vid5_seg0")
    keypoints = train.read("joints2D", start, stop)
    points = keypoints[keypoints[..., 2] > 0].reshape(FRAMES, 17, 3)[..., :2]
    low, high = points.min(1), points.max(1)
    side = 1.1 * (high - low).max(1)
    expected = np.column_stack([(low + high) / 2, side, side])
    np.testing.assert_allclose(train.read("bbox", start, stop), expected, rtol=1e-5)


def test_a_joint_outside_ends_the_track_and_no_window_spans_it(train: Database) -> None:
    first, second = _track(train, "subj1_seq1_vid0_seg0"), _track(train, "subj1_seq1_vid0_seg1")
    frames = train.array("frame_id")
    assert frames[slice(*first)].tolist() == [0, 1, 2]
    assert frames[slice(*second)].tolist() == [4, 5, 6]
    windows = WindowDataset(train, T=3, stride=1)
    for index in range(len(windows)):
        inside = windows.frames(index)
        assert any(track.start <= inside[0] and inside[-1] < track.stop for track in train.tracks)
        assert len(set(np.diff(frames[inside[0] : inside[-1] + 1]))) == 1


def test_sequences_filmed_at_50_frames_give_every_second_one(train: Database) -> None:
    start, stop = _track(train, "subj1_seq2_vid0_seg0")
    assert train.array("frame_id")[start:stop].tolist() == [0, 2, 4, 6]
    np.testing.assert_allclose(
        train.read("features", start, stop)[:, 0], [level_of(f) for f in (0, 2, 4, 6)], atol=2
    )


def test_a_video_does_as_well_as_pictures_and_may_end_early(train: Database) -> None:
    start, stop = _track(train, "subj2_seq1_vid8_seg0")
    np.testing.assert_allclose(
        train.read("features", start, stop)[:, 0], [level_of(f) for f in range(FRAMES - 1)], atol=2
    )
    assert train.array("img_name")[start] == "S2/Seq1/imageSequence/video_8.avi"


def test_the_test_set_keeps_which_frames_count(held_out: Database) -> None:
    assert [track.name for track in held_out.tracks] == [
        "subj1_seg0",
        *("subj2_seg0", "subj2_seg1"),
        *(f"subj{sequence}_seg0" for sequence in (3, 4, 5, 6)),
    ]
    start, stop = _track(held_out, "subj2_seg1")
    assert held_out.array("frame_id")[start:stop].tolist() == [4, 5, 6]
    assert np.asarray(held_out.array("valid_i"))[start:stop].ravel().tolist() == [1, 0, 1]
    _, mm = _joints(2, 17)
    found = held_out.read("joints3D", start, stop)
    metres = ((mm - mm[:, TEST_PELVIS : TEST_PELVIS + 1]) / 1000)[4:]
    np.testing.assert_allclose(found[:, SPIN["right_wrist"]], metres[:, TEST_RIGHT_WRIST], atol=1e-5)
    np.testing.assert_allclose(found[:, SPIN["left_ankle"]], metres[:, TEST_LEFT_ANKLE], atol=1e-5)


def test_a_frame_nobody_annotated_has_the_box_of_its_neighbours(held_out: Database) -> None:
    start, _ = _track(held_out, "subj3_seg0")
    before, at, after = held_out.read("bbox", start, start + 3)
    np.testing.assert_allclose(at, (before + after) / 2, rtol=1e-5)


def test_what_is_missing_is_named_with_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"S1/Seq1 is missing: it must hold annot.mat"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "train", features=None)
    place = tmp_path / "S1" / "Seq1"
    place.mkdir(parents=True)
    with pytest.raises(RawDataMissing, match=r"annot.mat is missing: it must hold annot2 and annot3"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "train", features=None)
    savemat(place / "annot.mat", {"annot2": np.zeros((3, 3))})
    with pytest.raises(RawDataInvalid, match=r"annot.mat: annot2 must be a cell array"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "train", features=None)
    cells = _cells([np.zeros((3, 55))] * 14)
    savemat(place / "annot.mat", {"annot2": cells})
    with pytest.raises(RawDataInvalid, match=r"annot2 of camera 0 has shape \(3, 55\): expected \(n, 56\)"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "train", features=None)
    two, three = _cells([np.zeros((3, 56))] * 14), _cells([np.zeros((3, 84))] * 14)
    savemat(place / "annot.mat", {"annot2": two, "annot3": three})
    with pytest.raises(RawDataMissing, match=r"video_0.avi is missing: .*frame_000001.jpg"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "train", features=None)
    place = tmp_path / "mpi_inf_3dhp_test_set" / "TS1"
    place.mkdir(parents=True)
    with h5py.File(place / "annot_data.mat", "w") as file:
        file["annot2"] = np.zeros((1, 1, 17, 2))
    with pytest.raises(RawDataInvalid, match=r"annot_data.mat has no 'univ_annot3'"):
        prepare_mpii3d(tmp_path, tmp_path / "out", "test", features=None)
