from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reel2rig.core.data.databases.convert import convert_database
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.errors import (
    BadShape,
    DatabaseCorrupt,
    DatabaseUnknown,
    DestinationTaken,
    MissingKey,
    NotFinite,
    RaggedArrays,
)
from reel2rig.core.data.databases.writer import DatabaseWriter
from reel2rig.core.errors import OutputFolderMissing


def track(frames: int, **changes: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "features": np.ones((frames, 4), np.float32),
        "joints2D": np.ones((frames, 14, 3)),
        "bbox": np.ones((frames, 4), np.int64),
        "valid": np.arange(frames)[:, None] % 2,
        "frame_id": np.arange(frames),
        "img_name": [f"{'x' * i}.jpg" for i in range(frames)],
    }
    return {key: value for key, value in (arrays | changes).items() if value is not None}


def written(folder: Path, *tracks: dict[str, Any], **about: Any) -> Database:
    with DatabaseWriter(folder, name="mine", joint_set="common14", **about) as writer:
        for i, arrays in enumerate(tracks):
            writer.add_track(f"track {i}", f"raw {i}", arrays, gender="female")
        return open_database(writer.finish())


def test_tracks_are_written_one_by_one_and_read_from_maps(tmp_path: Path) -> None:
    database = written(tmp_path / "mine", track(3), track(5, bbox=np.full((5, 4), 7.5)), fps=30000 / 1001)
    assert [(t.name, t.start, t.length, t.source, t.gender) for t in database.tracks] == [
        ("track 0", 0, 3, "raw 0", "female"),
        ("track 1", 3, 5, "raw 1", "female"),
    ]
    assert database.fps == 30000 / 1001
    assert all(isinstance(rows, np.memmap) and len(rows) == 8 for rows in database.arrays.values())
    assert database.array("features").dtype == database.array("joints2D").dtype == np.float32
    np.testing.assert_array_equal(database.read("bbox", 2, 4)[:, 0], [1, 7.5])
    np.testing.assert_array_equal(
        database.array("valid"), [False, True, False, False, True, False, True, False]
    )
    assert database.array("valid").dtype == bool
    np.testing.assert_array_equal(database.array("frame_id"), [0, 1, 2, 0, 1, 2, 3, 4])
    assert database.array("img_name")[7] == "xxxx.jpg"
    assert database.array("pose") is None
    with pytest.raises(MissingKey, match=r"mine: pose is missing \(it has features, "):
        database.read("pose", 0, 1)


def test_features_may_be_half_as_wide_and_are_read_as_whole_ones(filmed: Database, tmp_path: Path) -> None:
    halves = open_database(convert_database(filmed.path, tmp_path / "half", half=True))
    assert halves.array("features").dtype == np.float16
    assert halves.array("joints3D").dtype == np.float32
    read = halves.read("features", 0, len(halves))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, filmed.array("features"), atol=1e-3)


def test_a_database_without_features_says_so(tmp_path: Path) -> None:
    assert written(tmp_path / "mine", track(3, features=None)).C == 0


def test_a_file_grows_past_a_change_in_its_header_s_digits(tmp_path: Path) -> None:
    database = written(tmp_path / "mine", *[track(1000)] * 12)
    assert len(database) == 12000
    np.testing.assert_array_equal(database.array("frame_id")[11999], 999)
    assert np.load(tmp_path / "mine" / "joints2D.npy").shape == (12000, 14, 3)


BAD_TRACKS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"bbox": np.ones((4, 4))}, RaggedArrays, "bbox has 4 rows where"),
    ({"joints2D": [[1, 2], [1]]}, RaggedArrays, "joints2D have different lengths"),
    ({"features": np.array([None] * 3)}, RaggedArrays, "features holds objects"),
    ({"joints2D": np.ones((3, 14, 2))}, BadShape, r"expected \(3, J, 3\)"),
    ({"joints2D": np.ones((3, 17, 3))}, BadShape, "J one of 49, 14, 25"),
    ({"bbox": np.array([["a"] * 4] * 3)}, BadShape, "bbox holds <U1; expected numbers"),
    ({"joints2D": np.full((3, 14, 3), np.inf)}, NotFinite, "joints2D is not finite in frame 0 "),
    ({"bbox": np.full((3, 4), 1e300)}, NotFinite, "bbox is not finite in frame 0 "),
    ({"bbox": None}, MissingKey, "bbox is missing; expected it in every track"),
    ({"pose": np.ones((3, 72))}, MissingKey, "pose came although the tracks before have none"),
    ({"features": np.ones((3, 5))}, RaggedArrays, "rows of features have shape"),
]


@pytest.mark.parametrize(("changes", "kind", "said"), BAD_TRACKS)
def test_a_bad_track_is_refused_by_name_and_nothing_is_left(
    changes: dict[str, Any], kind: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=said) as caught:
        written(tmp_path / "mine", track(3), track(3, **changes))
    assert str(tmp_path / "mine" / "track 1") in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_what_is_promised_must_come(tmp_path: Path) -> None:
    for about, key in (({"has_3d": True}, "joints3D"), ({"has_smpl": True}, "pose")):
        with pytest.raises(MissingKey, match=f"{key} is missing"):
            written(tmp_path / "mine", track(3), **about)
    for arrays in ((), (track(0),)):
        with pytest.raises(RaggedArrays, match="no frames"):
            written(tmp_path / "mine", *arrays)
    assert not list(tmp_path.iterdir())


def test_no_database_is_written_over(filmed: Database, tmp_path: Path) -> None:
    shutil.copytree(filmed.path, tmp_path / "mine")
    with pytest.raises(DestinationTaken, match="exists already"):
        written(tmp_path / "mine", track(3))
    assert len(open_database(tmp_path / "mine")) == len(filmed)
    with pytest.raises(OutputFolderMissing):
        written(tmp_path / "nowhere" / "mine", track(3))


def test_a_database_goes_to_another_process_as_its_path(filmed: Database) -> None:
    sent = pickle.dumps(filmed)
    assert len(sent) < 1000
    read = pickle.loads(sent)
    assert read.tracks == filmed.tracks
    np.testing.assert_array_equal(read.array("pose"), filmed.array("pose"))


@pytest.fixture
def copied(filmed: Database, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filmed.path, tmp_path / "copy"))


def test_a_file_that_is_missing_or_cut_off_is_named(copied: Path) -> None:
    (copied / "pose.npy").rename(copied / "kept")
    with pytest.raises(MissingKey, match=r"pose\.npy is missing although"):
        open_database(copied)
    whole = (copied / "kept").read_bytes()
    for size in (0, 20, 200, len(whole) - 1):
        (copied / "pose.npy").write_bytes(whole[:size])
        with pytest.raises(DatabaseCorrupt, match=r"pose\.npy"):
            open_database(copied)
    np.save(copied / "pose.npy", np.zeros((3, 72)))
    with pytest.raises(RaggedArrays, match=r"pose\.npy: pose has 3 rows"):
        open_database(copied)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("", DatabaseCorrupt),
        ("[" * 100_000, DatabaseCorrupt),
        ({"schema": 99}, DatabaseUnknown),
        ({"tracks": None}, DatabaseCorrupt),
        ({"tracks": [["a", 5, 67, "", ""]]}, DatabaseCorrupt),
        ({"tracks": [["a", 0, 5]]}, DatabaseCorrupt),
        ({"joint_set": "mine"}, DatabaseCorrupt),
        ({"crop_scale": "wide"}, DatabaseCorrupt),
    ],
)
def test_an_index_that_does_not_fit_is_refused_by_name(
    change: Any, kind: type[Exception], copied: Path
) -> None:
    path = copied / "index.json"
    if isinstance(change, dict):
        change = json.dumps(json.loads(path.read_text()) | change)
    path.write_text(change)
    with pytest.raises(kind, match=r"index\.json"):
        open_database(copied)
