from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import joblib
import numpy as np
import pytest
from published_databases import FRAMES, LAYOUTS, TRACKS, C, published, write_published
from reel2rig.core.data.databases.convert import check_database, convert_database
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.errors import (
    BadShape,
    DatabaseCorrupt,
    DatabaseMissing,
    DatabaseUnknown,
    MissingKey,
    NotFinite,
    RaggedArrays,
)
from reel2rig.core.data.databases.windows import WindowDataset


def assert_holds(database: Database, content: dict[str, Any]) -> None:
    assert [(track.name, track.length) for track in database.tracks] == list(TRACKS)
    assert len(database) == FRAMES
    assert database.C == C
    assert {"vid_name", *database.arrays} == set(content)
    for key, rows in database.arrays.items():
        read = np.asarray(rows[:])
        wanted = content[key].reshape(read.shape)
        if read.dtype.kind == "S":
            read = read.astype("U")
        np.testing.assert_array_equal(read.astype(wanted.dtype), wanted)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_published_layout_is_read_and_survives_conversion(name: str, tmp_path: Path) -> None:
    content = published(name)
    database = open_database(write_published(tmp_path, name, content))
    assert_holds(database, content)
    keypoints, joints, _ = LAYOUTS[name]
    assert database.joint_set == {14: "common14", 25: "insta25", 49: "spin49"}[keypoints]
    assert database.has_3d == bool(joints)
    assert database.has_smpl == ("pose" in content and bool(content["pose"].any()))
    assert database.crop_scale == 1.2
    assert database.name == Path(name).stem.removesuffix("_db")

    seen = []
    folder = convert_database(
        tmp_path / name, tmp_path / "ours", progress=lambda done, total: seen.append((done, total))
    )
    ours = open_database(folder)
    assert_holds(ours, content)
    for field in ("name", "tracks", "joint_set", "crop_scale", "fps", "has_3d", "has_smpl", "C"):
        assert getattr(ours, field) == getattr(database, field), field
    assert all(isinstance(rows, np.memmap) for rows in ours.arrays.values())
    assert seen[-1] == (FRAMES, FRAMES)
    assert [done for done, _ in seen] == np.cumsum([length for _, length in TRACKS]).tolist()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_every_compression_of_joblib_is_read(compress: Any, tmp_path: Path) -> None:
    content = published("3dpw_train_db.pt")
    path = write_published(tmp_path, "3dpw_train_db.pt", content, compress=compress)
    database = open_database(path)
    assert_holds(database, content)
    assert isinstance(database.array("features"), np.memmap) == (compress == 0)


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_column_order_and_number_type_is_read(
    protocol: int, compress: int, tmp_path: Path
) -> None:
    content = published("h36m_train_25fps_db.pt")
    content["features"] = np.asfortranarray(content["features"])
    content["joints3D"] = content["joints3D"].astype(">f8")
    content["frame_id"] = np.array([f"{i:06d}" for i in range(FRAMES)], object)
    content["bbox"] = content["bbox"].tolist()
    path = write_published(tmp_path, "h36m_train_25fps_db.pt", content, compress=compress, protocol=protocol)
    content["bbox"], content["frame_id"] = np.array(content["bbox"]), content["frame_id"].astype(str)
    database = open_database(path)
    assert_holds(database, content)
    assert database.fps == 25.0


def test_a_dump_of_a_joblib_without_padding_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import joblib.numpy_pickle as written_by

    init = written_by.NumpyArrayWrapper.__init__

    def old(self: Any, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        del self.numpy_array_alignment_bytes

    monkeypatch.setattr(written_by.NumpyArrayWrapper, "__init__", old)
    content = published("posetrack_train_db.pt")
    path = write_published(tmp_path, "posetrack_train_db.pt", content)
    assert b"alignment" not in path.read_bytes()
    assert_holds(open_database(path), content)


def test_texts_of_any_length_in_hdf5_are_read(tmp_path: Path) -> None:
    content = published("insta_train_db.h5")
    path = write_published(tmp_path, "insta_train_db.h5", content)
    with h5py.File(path, "r+") as file:
        del file["vid_name"]
        file.create_dataset("vid_name", data=content["vid_name"].astype(object), dtype=h5py.string_dtype())
    assert_holds(open_database(path), content)


def test_hdf5_is_read_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_published(tmp_path, "insta_train_db.h5")
    asked: list[tuple[str, Any]] = []
    plain = h5py.Dataset.__getitem__

    def watched(self: Any, rows: Any, *rest: Any) -> Any:
        asked.append((self.name, rows))
        return plain(self, rows, *rest)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", watched)
    database = open_database(path)
    assert {name for name, _ in asked} == {"/vid_name"}
    asked.clear()
    wanted = published("insta_train_db.h5")["features"][3:7]
    np.testing.assert_array_equal(database.read("features", 3, 7), wanted)
    assert asked == [("/features", slice(3, 7))]


def test_a_published_file_goes_to_another_process_as_its_path(tmp_path: Path) -> None:
    for name in ("3dpw_train_db.pt", "insta_train_db.h5"):
        database = open_database(write_published(tmp_path, name))
        sent = pickle.dumps(database)
        assert len(sent) < 1000
        assert_holds(pickle.loads(sent), published(name))


Change = dict[str, Any]
N = np.nan

BROKEN: list[tuple[str, Change, type[Exception], str]] = [
    ("3dpw_train_db.pt", {"features": None}, MissingKey, "features is missing"),
    ("3dpw_train_db.pt", {"vid_name": None}, MissingKey, "vid_name is missing"),
    ("3dpw_train_db.pt", {"bbox": None}, MissingKey, "bbox is missing"),
    ("insta_train_db.h5", {"joints2D": None}, MissingKey, "joints2D is missing"),
    ("3dpw_train_db.pt", {"pose": np.zeros((FRAMES - 1, 72))}, RaggedArrays, f"pose has {FRAMES - 1} rows"),
    ("insta_train_db.h5", {"frame_id": np.arange(3)}, RaggedArrays, "frame_id has 3 rows"),
    ("3dpw_train_db.pt", {"shape": np.float32(3)}, RaggedArrays, "shape has no rows"),
    ("3dpw_train_db.pt", {"vid_name": np.zeros(0, "U3")}, RaggedArrays, "vid_name has no rows"),
    (
        "3dpw_train_db.pt",
        {"features": np.array([np.zeros(2), np.zeros(3)] * 20, object)},
        RaggedArrays,
        "features holds rows of different lengths",
    ),
    ("3dpw_train_db.pt", {"bbox": [[1, 2, 3, 4], [1, 2]]}, RaggedArrays, "bbox holds rows of different"),
    ("3dpw_train_db.pt", {"features": np.array([None] * FRAMES)}, RaggedArrays, "features holds objects"),
    ("3dpw_train_db.pt", {"pose": np.zeros((FRAMES, 69))}, BadShape, rf"pose has shape \({FRAMES}, 69\)"),
    ("3dpw_train_db.pt", {"joints2D": np.zeros((FRAMES, 13, 3))}, BadShape, "J one of 49, 14, 25"),
    ("3dpw_train_db.pt", {"joints3D": np.zeros((FRAMES, 49))}, BadShape, "joints3D has shape"),
    ("3dpw_train_db.pt", {"bbox": np.zeros((FRAMES, 4)).astype(str)}, BadShape, "bbox holds <U32"),
    ("3dpw_train_db.pt", {"vid_name": np.arange(FRAMES)}, BadShape, "vid_name is int64"),
    ("insta_train_db.h5", {"features": np.zeros(FRAMES)}, BadShape, "features has shape"),
]


@pytest.mark.parametrize(("name", "change", "kind", "said"), BROKEN)
def test_a_broken_database_is_refused_with_file_and_key_named(
    name: str, change: Change, kind: type[Exception], said: str, tmp_path: Path
) -> None:
    content = {key: value for key, value in (published(name) | change).items() if value is not None}
    path = write_published(tmp_path, name, content)
    with pytest.raises(kind, match=said) as caught:
        open_database(path)
    assert str(path) in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize("name", ["h36m_train_25fps_db.pt", "insta_train_db.h5"])
def test_a_number_that_is_none_is_named_with_its_frame(name: str, tmp_path: Path) -> None:
    content = published(name)
    content["features"][30, 3] = N
    path = write_published(tmp_path, name, content)
    database = open_database(path)
    windows = WindowDataset(database, 16, 1, "2d")
    windows.rows([0])  # frames 0 to 15 are fine
    for reading in (
        lambda: windows.rows([0, 9]),  # frames 29 to 44
        lambda: database.read("features", 25, 35),
        lambda: check_database(database),
        lambda: convert_database(path, tmp_path / "ours"),
    ):
        with pytest.raises(NotFinite, match=r"features is not finite in frame 30 ") as caught:
            reading()
        assert str(path) in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("compress", [0, 3])
def test_a_dump_that_is_cut_off_anywhere_is_refused(compress: int, tmp_path: Path) -> None:
    whole = write_published(tmp_path, "3dpw_train_db.pt", compress=compress).read_bytes()
    path = tmp_path / "cut.pt"
    # joblib's zlib reader does without the checksum in the last bytes, when all numbers are there.
    for size in np.linspace(2, len(whole) - (8 if compress else 1), 40).astype(int):
        path.write_bytes(whole[:size])
        with pytest.raises(DatabaseCorrupt, match=r"cut\.pt"):
            open_database(path)


def test_other_files_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="does not exist"):
        open_database(tmp_path / "nowhere.pt")
    other = tmp_path / "other.pt"
    for content in (b"", b"PK\x03\x04 a zip", b"text"):
        other.write_bytes(content)
        with pytest.raises(DatabaseUnknown, match=r"other\.pt.*index\.json"):
            open_database(other)
    joblib.dump(np.arange(5), other)
    with pytest.raises(DatabaseUnknown, match="holds no dictionary; expected one"):
        open_database(other)
    other.write_bytes(b"ZF0x10 old")
    with pytest.raises(DatabaseUnknown, match=r"before 0\.10"):
        open_database(other)
    other.write_bytes(b"\x89HDF\r\n\x1a\n and no more")
    with pytest.raises(DatabaseCorrupt, match=r"other\.pt"):
        open_database(other)
    (tmp_path / "folder").mkdir()
    with pytest.raises(DatabaseUnknown, match=r"index\.json"):
        open_database(tmp_path / "folder")


def test_a_compressed_dump_with_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = write_published(tmp_path, "3dpw_train_db.pt", compress=("gzip", 3))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(DatabaseCorrupt, match=r"3dpw_train_db\.pt"):
        open_database(path)
