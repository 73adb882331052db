from __future__ import annotations

import os
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from reel2rig.core.body.files import convert_smpl_file, find_smpl_file, read_smpl_file
from reel2rig.core.body.layer import BodyLayer, body_layer
from reel2rig.core.body.restricted_pickle import BodyFileUnsafe
from reel2rig.core.errors import OutputFolderMissing
from reel2rig.core.motion.body import BodyFileCorrupt, BodyFileMissing, free_body_path, load_body


@pytest.fixture
def chumpy(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Just enough of the package that the official files were written with, gone again for the reading."""
    module = types.ModuleType("chumpy.ch")

    class Ch:
        def __init__(self, **state: Any) -> None:
            self.__dict__.update(state)

    class Select(Ch):
        pass

    for kind in (Ch, Select):
        kind.__module__, kind.__qualname__ = "chumpy.ch", kind.__name__
        setattr(module, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    return module


def write_pickle(path: Path, content: Any, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_an_official_pickle_with_chumpy_and_sparse_parts_is_read(
    protocol: int, smpl_arrays: dict[str, Any], chumpy: types.ModuleType, tmp_path: Path
) -> None:
    legacy = dict(smpl_arrays)
    legacy["v_template"] = chumpy.Ch(x=smpl_arrays["v_template"], _dirty_vars=None)
    whole = chumpy.Ch(x=smpl_arrays["shapedirs"])
    first_ten = np.arange(whole.x.size).reshape(300, 3, 24)[..., :10].ravel()
    legacy["shapedirs"] = chumpy.Select(a=whole, idxs=first_ten, preferred_shape=(300, 3, 10))
    legacy["J_regressor"] = scipy.sparse.csc_matrix(smpl_arrays["J_regressor"])
    path = write_pickle(tmp_path / "SMPL_NEUTRAL.pkl", legacy, protocol)
    del sys.modules["chumpy.ch"], sys.modules["chumpy"]
    arrays = read_smpl_file(path)
    np.testing.assert_allclose(arrays["v_template"], smpl_arrays["v_template"], atol=1e-6)
    np.testing.assert_allclose(arrays["shapedirs"], smpl_arrays["shapedirs"][..., :10], atol=1e-6)
    np.testing.assert_allclose(arrays["J_regressor"], smpl_arrays["J_regressor"], atol=1e-6)
    assert "chumpy" not in sys.modules


def test_rows_and_columns_of_sparse_matrices_are_told_apart(
    smpl_arrays: dict[str, Any], tmp_path: Path
) -> None:
    by_row = smpl_arrays | {"J_regressor": scipy.sparse.csr_matrix(smpl_arrays["J_regressor"])}
    arrays = read_smpl_file(write_pickle(tmp_path / "body.pkl", by_row))
    np.testing.assert_allclose(arrays["J_regressor"], smpl_arrays["J_regressor"], atol=1e-6)


def test_a_user_s_body_is_converted_once_and_runs_through_smplx(
    smpl_arrays: dict[str, Any], tmp_path: Path
) -> None:
    source = write_pickle(tmp_path / "SMPL_NEUTRAL.pkl", smpl_arrays)
    made = convert_smpl_file(tmp_path, tmp_path)  # the folder is enough
    written = made.stat().st_mtime_ns
    assert convert_smpl_file(source, tmp_path) == made
    assert made.stat().st_mtime_ns == written
    assert convert_smpl_file(made, tmp_path / "elsewhere") == made
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, made.name])

    layer = body_layer(made)
    assert type(layer).__name__ == "SmplxLayer"
    rotations = torch.linalg.qr(torch.randn(3, 24, 3, 3, generator=torch.Generator().manual_seed(0)))[0]
    betas = torch.linspace(-1, 1, 30).reshape(3, 10)
    theirs, ours = layer(rotations, betas), BodyLayer(made)(rotations, betas)
    torch.testing.assert_close(theirs.vertices, ours.vertices, atol=1e-5, rtol=0)
    torch.testing.assert_close(theirs.joints, ours.joints, atol=1e-5, rtol=0)
    J = smpl_arrays["J_regressor"] @ smpl_arrays["v_template"]
    np.testing.assert_allclose(load_body(made).joints(np.zeros(10)), J, atol=1e-5)


def test_an_official_npz_is_converted_too(smpl_arrays: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "SMPL_NEUTRAL.npz", **smpl_arrays)
    template = load_body(convert_smpl_file(tmp_path / "SMPL_NEUTRAL.npz", tmp_path))
    assert template.origin == "smpl"
    np.testing.assert_allclose(template.v_template, smpl_arrays["v_template"], atol=1e-6)


def test_the_free_body_needs_no_conversion(tmp_path: Path) -> None:
    assert convert_smpl_file(free_body_path(), tmp_path) == free_body_path()
    assert not list(tmp_path.iterdir())


class _Runs:
    """Asks the reader to call `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("wish", ["os.mkdir", "eval", "numpy.load", "subclass", "getattr"])
def test_a_pickle_that_wants_something_run_is_refused_and_nothing_runs(
    wish: str, protocol: int, smpl_arrays: dict[str, Any], tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    wishes = {
        "os.mkdir": _Runs(os.mkdir, str(trace)),
        "eval": _Runs(eval, f"__import__('os').mkdir({str(trace)!r})"),
        "numpy.load": _Runs(np.load, str(trace), None, True),
        "subclass": _Runs(type, "Evil", (), {}),
        "getattr": _Runs(getattr, "text", "upper"),
    }
    folder = tmp_path / "out"
    folder.mkdir()
    path = write_pickle(tmp_path / "evil.pkl", smpl_arrays | {"v_template": wishes[wish]}, protocol)
    with pytest.raises(BodyFileUnsafe, match="it was not run") as caught:
        convert_smpl_file(path, folder)
    assert caught.value.code == "body.file_unsafe"
    assert not trace.exists()
    assert not list(folder.iterdir())


def test_the_malicious_pickle_would_have_worked_on_a_plain_reader(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    pickle.loads(pickle.dumps(_Runs(os.mkdir, str(trace))))
    assert trace.exists()


def test_stand_ins_cannot_be_turned_against_the_reader(tmp_path: Path) -> None:
    # A state set on the stand-in class itself, and on numpy's constructor.
    for target in (b"cchumpy.ch\nCh\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"):
        (tmp_path / "evil.pkl").write_bytes(target + b"}(S'array'\nS'x'\nub.")
        with pytest.raises(BodyFileCorrupt):
            read_smpl_file(tmp_path / "evil.pkl")


@pytest.mark.parametrize("suffix", [".pkl", ".npz"])
def test_damaged_files_are_named(suffix: str, smpl_arrays: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / f"body{suffix}"
    if suffix == ".npz":
        np.savez(path, **smpl_arrays)
    else:
        write_pickle(path, smpl_arrays)
    whole = path.read_bytes()
    for damaged in (b"", b"not a body at all", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(BodyFileCorrupt, match=path.name) as caught:
            convert_smpl_file(path, tmp_path)
        assert caught.value.code == "body.file_corrupt"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("weights", None, "it is missing"),
        ("weights", np.ones((300, 24)), "sum to one"),
        ("shapedirs", np.zeros((299, 3, 10)), "shape"),
        ("v_template", np.full((300, 3), np.nan), "finite"),
        ("shapedirs", np.zeros((300, 3, 4)), "4 shape directions"),
        ("f", np.full((500, 3), 300), "points outside"),
        ("kintree_table", np.zeros((2, 52), np.int64), "SMPL-H"),
        ("kintree_table", np.zeros((2, 24), np.int64), "skeleton"),
        ("J_regressor", "text", "J_regressor"),
    ],
)
def test_a_file_that_is_not_smpl_is_refused_with_the_key_named(
    key: str, value: Any, said: str, smpl_arrays: dict[str, Any], tmp_path: Path
) -> None:
    changed = {k: v for k, v in (smpl_arrays | {key: value}).items() if v is not None}
    path = write_pickle(tmp_path / "mine.pkl", changed)
    with pytest.raises(BodyFileCorrupt, match=said) as caught:
        convert_smpl_file(path, tmp_path)
    assert "mine.pkl" in str(caught.value)
    assert key in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.pkl"]


def test_missing_files_and_folders_are_named(smpl_arrays: dict[str, Any], tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere.pkl", tmp_path):
        with pytest.raises(BodyFileMissing) as caught:
            find_smpl_file(place)
        assert str(place) in str(caught.value)
        assert caught.value.code == "body.file_missing"
    source = write_pickle(tmp_path / "SMPL_MALE.pkl", smpl_arrays)
    with pytest.raises(OutputFolderMissing):
        convert_smpl_file(source, tmp_path / "nowhere")


def test_the_neutral_body_is_preferred_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "smpl").mkdir()
    for name in ("SMPL_FEMALE.pkl", "SMPL_NEUTRAL.pkl", "SMPL_MALE.pkl"):
        (tmp_path / "smpl" / name).touch()
    assert find_smpl_file(tmp_path).name == "SMPL_NEUTRAL.pkl"


def test_a_gender_is_found_by_name_and_its_absence_told(tmp_path):
    for name in ("SMPL_NEUTRAL.pkl", "basicModel_f_lbs_10_207_0_v1.0.0.pkl"):
        (tmp_path / name).write_bytes(b"")
    assert find_smpl_file(tmp_path, "female").name == "basicModel_f_lbs_10_207_0_v1.0.0.pkl"
    with pytest.raises(BodyFileMissing, match=r"put SMPL_MALE.pkl there"):
        find_smpl_file(tmp_path, "male")


def test_a_missing_or_damaged_free_body_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(BodyFileMissing, match="check the path"):
        load_body(tmp_path / "free_body.npz")
    damaged = bytearray(free_body_path().read_bytes())
    damaged[50_000:50_100] = bytes(100)
    (tmp_path / "free_body.npz").write_bytes(damaged)
    with pytest.raises(BodyFileCorrupt, match=r"free_body\.npz"):
        load_body(tmp_path / "free_body.npz")


def test_a_body_file_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    with np.load(free_body_path()) as archive:
        arrays = {key: archive[key] for key in archive.files}
    arrays["v_template"] = np.array([_Runs(os.mkdir, str(tmp_path / "trace"))], object)
    np.savez(tmp_path / "evil.npz", **arrays)
    with pytest.raises(BodyFileCorrupt):
        load_body(tmp_path / "evil.npz")
    assert not (tmp_path / "trace").exists()


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("readme.txt", "no arrays here")
    with pytest.raises(BodyFileCorrupt, match="v_template"):
        load_body(tmp_path / "other.npz")
