"""What the panel says of a user's own body file."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("bpy")

from reel2rig.blender_addon.scene.body_file import describe_body_file
from reel2rig.core.body.restricted_pickle import BodyFileUnsafe
from reel2rig.core.motion.body import BodyFileCorrupt, BodyFileMissing, free_body_path

pytestmark = pytest.mark.blender


@pytest.fixture
def smpl_file(tmp_path):
    """Write an SMPL file, the free body's arrays under the official names, with some of them changed."""

    def write(**changes):
        with np.load(free_body_path(), allow_pickle=False) as free:
            names = ("v_template", "shapedirs", "weights", "J_regressor", "f", "kintree_table")
            arrays = {name: free[name] for name in names}
        arrays |= changes
        path = tmp_path / "SMPL_NEUTRAL.npz"
        np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
        return path

    return write


def test_a_sound_file_is_described(smpl_file):
    told = describe_body_file(smpl_file())
    assert told.startswith("SMPL_NEUTRAL.npz is an SMPL body:")
    assert "10 shape directions, without pose correctives, 1.7" in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": None}, "weights"),
        ({"weights": np.zeros((3, 24))}, "weights"),
        ({"f": np.array([[0, 1, 10**6]])}, "not there"),
        ({"kintree_table": np.zeros((2, 52), np.int64)}, "SMPL-H and SMPL-X"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(smpl_file, changes, said):
    with pytest.raises(BodyFileCorrupt, match=said):
        describe_body_file(smpl_file(**changes))


def test_a_body_in_centimetres_is_told_apart_from_one_in_metres(smpl_file):
    with np.load(free_body_path(), allow_pickle=False) as free:
        tall = free["v_template"] * 100
    with pytest.raises(BodyFileCorrupt, match=r"about 1\.7 \(metres"):
        describe_body_file(smpl_file(v_template=tall))


def test_a_file_that_wants_something_run_is_refused_and_nothing_runs(tmp_path):
    class Payload:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    path = tmp_path / "SMPL_MALE.pkl"
    path.write_bytes(pickle.dumps({"v_template": Payload()}))
    with pytest.raises(BodyFileUnsafe):
        describe_body_file(path)
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BodyFileMissing, match=r"nowhere\.pkl"):
        describe_body_file(tmp_path / "nowhere.pkl")
