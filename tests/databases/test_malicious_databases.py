from __future__ import annotations

import gzip
import io
import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import joblib
import joblib.numpy_pickle
import numpy as np
import pytest
from published_databases import C, published, write_published
from reel2rig.core.data.databases.database import open_database
from reel2rig.core.data.databases.errors import DatabaseCorrupt, RaggedArrays, UnsafeFile
from reel2rig.core.restricted_pickle import ForbiddenName, RestrictedUnpickler, load_plain, plain


class Runs:
    """Asks whoever reads it to call `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def wrapper(**state: Any) -> Any:
    made = joblib.numpy_pickle.NumpyArrayWrapper(np.ndarray, (3,), "C", np.dtype("f4"))
    made.__dict__.update(state)
    return made


@pytest.mark.parametrize("compress", [0, 3, ("lzma", 3)])
@pytest.mark.parametrize(
    "where", ["value", "key", "list", "objects", "nested objects", "shape", "type", "subclass", "class"]
)
def test_nothing_that_a_database_asks_for_is_run(where: str, compress: Any, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    evil = Runs(os.system, f"touch {trace}")
    objects = np.array([evil, "x"], object)
    hidden: dict[str, Any] = {
        "value": {"pose": evil},
        "key": {("a", evil): 1},
        "list": {"pose": [[1], [evil]]},
        "objects": {"img_name": objects},
        "nested objects": {"img_name": np.array([{"a": objects}, [objects]], object)},
        "shape": {"pose": wrapper(shape=evil)},
        "type": {"pose": wrapper(dtype=evil)},
        "subclass": {"pose": wrapper(subclass=evil)},
        "class": {"pose": wrapper(subclass=os.system)},
    }
    path = write_published(
        tmp_path, "3dpw_train_db.pt", published("3dpw_train_db.pt") | hidden[where], compress=compress
    )
    with pytest.raises(UnsafeFile, match=r"posix\.system|nt\.system") as caught:
        open_database(path)
    assert not trace.exists()
    assert str(path) in str(caught.value)
    assert "it was not run" in str(caught.value)
    assert caught.value.code == "data.unsafe_file"


def test_the_malicious_database_would_have_worked_on_joblib_s_own_reader(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "evil.pt"
    joblib.dump({"img_name": np.array([Runs(os.mkdir, str(trace))], object)}, path)
    joblib.load(path)
    assert trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins.eval", "builtins.getattr", "numpy.load", "numpy.fromfile", "joblib.load", "torch.load"]
)
def test_names_near_the_allowed_ones_are_refused_too(name: str, tmp_path: Path) -> None:
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "evil.pt"
    path.write_bytes(b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b".")
    with pytest.raises(UnsafeFile, match=name):
        open_database(path)


def test_a_persistent_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    path.write_bytes(b"\x80\x02Pelsewhere\n.")
    with pytest.raises(UnsafeFile, match="an object outside the file"):
        open_database(path)


@pytest.mark.parametrize(
    "target",
    [
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy\ndtype\n",
        b"cnumpy\nndarray\n",
        b"c_codecs\nencode\n",
    ],
)
def test_a_pickle_cannot_change_the_reader(target: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    for state in (
        b"}X\x05\x00\x00\x00arrayX\x01\x00\x00\x00xs",
        b"N}X\x05\x00\x00\x00arrayX\x01\x00\x00\x00xs\x86",
    ):
        path.write_bytes(b"\x80\x02" + target + state + b"b.")
        with pytest.raises(DatabaseCorrupt, match=r"evil\.pt"):
            open_database(path)
    assert open_database(write_published(tmp_path, "3dpw_train_db.pt")).C == C


@pytest.mark.parametrize(
    "state",
    [
        {"shape": (10**15, 10**15)},
        {"shape": (-1,)},
        {"shape": (2.5,)},
        {"shape": 3},
        {"shape": (10**9,)},
        {"dtype": None},
        {"dtype": np.dtype([("a", "f4"), ("b", "i4")])},
        {"dtype": np.dtype("M8[s]")},
        {"numpy_array_alignment_bytes": 16, "shape": (200,)},
    ],
)
@pytest.mark.parametrize("compress", [0, 3])
def test_an_array_that_lies_about_itself_is_refused(state: Any, compress: int, tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    joblib.dump({"pose": wrapper(**state)}, path, compress=compress)
    with pytest.raises(DatabaseCorrupt, match=r"evil\.pt"):
        open_database(path)


def test_a_small_file_cannot_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    head = pickle.dumps({"pose": wrapper(shape=(1 << 27,))})[:-2]  # without the ends of dict and pickle
    with gzip.open(path, "wb", 9) as stream:
        stream.write(head)
        for _ in range(4):  # would go on to half a GiB
            stream.write(bytes(1 << 20))
    with pytest.raises(DatabaseCorrupt, match="far larger than such a file can hold"):
        open_database(path)


def test_a_python_2_pickle_of_arrays_is_read_as_plain_data() -> None:
    text = (
        b"(dp0\nS'a'\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\ntcnumpy\ndtype\n"
        b"(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'"
        + b"\\x00" * 6
        + b"\\xf0?"
        + b"\\x00" * 7
        + b"@'\ntbs."
    )
    np.testing.assert_array_equal(load_plain(io.BytesIO(text))["a"], [1.0, 2.0])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_every_protocol_come_back_equal(protocol: int) -> None:
    content = {
        "c": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "empty": np.zeros((0, 3), np.float32),
        "text": np.array(["ab", "c"]),
        "bytes": np.array([b"ab", b"c"]),
        "flags": np.array([True, False]),
        "big-endian": np.arange(3, dtype=">f4"),
        "no axis": np.array(5.0),
        "number": np.float32(3),
        "list": [np.int64(2), {"a": (np.bool_(True), "x", None, 1.5)}],
    }
    read = load_plain(io.BytesIO(pickle.dumps(content, protocol)))
    assert read.keys() == content.keys()
    assert read["list"] == content["list"]
    for key in content.keys() - {"list"}:
        np.testing.assert_array_equal(read[key], content[key])
        assert np.asarray(read[key]).dtype == np.asarray(content[key]).dtype
    assert read["f"].flags["F_CONTIGUOUS"]
    ragged = np.array([np.arange(2), np.arange(3)], object)
    again = load_plain(io.BytesIO(pickle.dumps(ragged, protocol)))
    assert [part.tolist() for part in again] == [[0, 1], [0, 1, 2]]


def test_a_class_left_in_a_pickle_is_not_handed_out() -> None:
    for content in (np.ndarray, [np.dtype], {"a": (np.ndarray,)}):
        with pytest.raises(pickle.UnpicklingError):
            load_plain(io.BytesIO(pickle.dumps(content)))
    with pytest.raises(ForbiddenName, match=r"pathlib\.") as caught:
        RestrictedUnpickler(io.BytesIO(pickle.dumps(Path("a")))).load()
    assert caught.value.name.startswith("pathlib")
    assert plain({"a": [1, (2, "x")]}) == {"a": [1, (2, "x")]}


def test_an_hdf5_file_cannot_lead_to_another_one(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    content = published("insta_train_db.h5")
    with h5py.File(secret, "w") as file:
        file["features"] = content["features"]
    shape = content.pop("features").shape

    def external_link(file: Any) -> None:
        file["features"] = h5py.ExternalLink(str(secret), "/features")

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout(shape, "f4")
        layout[:] = h5py.VirtualSource(str(secret), "features", shape)
        file.create_virtual_dataset("features", layout)

    def external_bytes(file: Any) -> None:
        file.create_dataset("features", shape, "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])

    for lead in (external_link, virtual, external_bytes):
        path = write_published(tmp_path, f"insta_{lead.__name__}.h5", content)
        with h5py.File(path, "r+") as file:
            lead(file)
        with pytest.raises(UnsafeFile, match="features refers to another file") as caught:
            open_database(path)
        assert str(path) in str(caught.value)


def test_objects_in_a_folder_s_array_are_refused_unread(filmed: Any, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "ours"
    shutil.copytree(filmed.path, folder)
    trace = tmp_path / "trace"
    np.save(
        folder / "pose.npy", np.array([Runs(os.mkdir, str(trace))] * len(filmed), object), allow_pickle=True
    )
    with pytest.raises((RaggedArrays, DatabaseCorrupt), match=r"pose\.npy"):
        open_database(folder)
    assert not trace.exists()
