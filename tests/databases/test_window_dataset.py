from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from published_databases import TRACKS, published, write_published
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.spin_joints import COMMON_14, OP_MID_HIP, SPIN_JOINT_NAMES, SpinJoints
from reel2rig.core.data.databases.database import Database, Track, open_database
from reel2rig.core.data.databases.errors import MissingKey
from reel2rig.core.data.databases.joint_sets import JOINT_SETS
from reel2rig.core.data.databases.windows import WindowDataset, in_crop
from scipy.spatial.transform import Rotation


def numbered(lengths: list[int], valid: list[bool] | None = None) -> Database:
    """A database whose only feature is the number of its frame."""
    n = sum(lengths)
    starts = np.cumsum([0, *lengths])
    arrays: dict[str, Any] = {
        "features": np.arange(n, dtype=np.float32)[:, None],
        "joints2D": np.ones((n, 49, 3), np.float32),
        "bbox": np.ones((n, 4), np.float32),
    }
    if valid is not None:
        arrays["valid"] = np.array(valid)
    tracks = tuple(Track(f"t{i}", int(starts[i]), length) for i, length in enumerate(lengths))
    return Database("numbered", Path("numbered"), tracks, "spin49", 1.2, None, False, False, arrays)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_windows_cover_their_tracks_and_never_leave_them(data: st.DataObject, lengths: list[int]) -> None:
    T, stride = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    n = sum(lengths)
    valid = data.draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
    database = numbered(lengths, valid)
    windows = WindowDataset(database, T, stride, "2d")
    kept = [[f for f in range(t.start, t.stop) if valid is None or valid[f]] for t in database.tracks]
    wanted = [frames[s : s + T] for frames in kept for s in range(0, len(frames) - T + 1, stride)]
    assert len(windows) == len(wanted)
    assert [windows.frames(i).tolist() for i in range(len(windows))] == wanted
    if wanted:
        rows = windows.rows(range(len(windows)))
        assert rows.features[..., 0].tolist() == wanted


def test_edges_are_repeated_only_on_demand() -> None:
    database = numbered([20, 3, 16])
    starts = [
        windows.frames(i)[0]
        for windows in [WindowDataset(database, 16, 1, "2d")]
        for i in range(len(windows))
    ]
    assert starts == [0, 1, 2, 3, 4, 23]
    repeated = WindowDataset(database, 16, 1, "2d", dup_edges=True)
    # One window per frame of every track that is long enough.
    assert len(repeated) == 20 + 16
    assert [repeated.frames(i)[0] for i in range(20)] == [0] * 9 + [1, 2, 3] + [4] * 8


def test_rows_hold_what_the_body_and_the_camera_say(filmed: Database) -> None:
    windows = WindowDataset(filmed, 16, 3, "3d", True)
    assert len(windows) == 3 * 3
    rows = windows.rows([7, 0])
    assert rows.features.shape == (2, 16, 32)
    assert rows.has_3d.tolist() == rows.has_smpl.tolist() == [1.0, 1.0]
    joints = SpinJoints(BodyLayer()).joints49(rows.rotations.flatten(0, 1), rows.betas.flatten(0, 1))
    joints = joints - joints[:, OP_MID_HIP : OP_MID_HIP + 1]
    truth = rows.joints_3d.flatten(0, 1)
    torch.testing.assert_close(joints, truth - truth[:, OP_MID_HIP : OP_MID_HIP + 1], atol=1e-4, rtol=0)
    frames = windows.frames(7)
    assert frames.tolist() == list(range(51, 67))
    wanted = Rotation.from_rotvec(np.array(filmed.array("pose"))[frames].reshape(-1, 3)).as_matrix()
    np.testing.assert_allclose(rows.rotations[0].reshape(-1, 3, 3), wanted, atol=1e-5)
    for tensor in vars(rows).values():
        assert tensor.dtype == torch.float32


def test_rows_without_truth_have_zeros_and_no_weight(filmed: Database) -> None:
    flat = WindowDataset(filmed, 16, 4, "2d").rows([0])
    deep = WindowDataset(filmed, 16, 4, "3d", False).rows([0])
    assert not flat.has_3d.any()
    assert not flat.joints_3d.any()
    assert deep.has_3d.all()
    assert deep.joints_3d.any()
    for rows in (flat, deep):
        assert not rows.has_smpl.any()
        assert not rows.rotations.any()
        assert not rows.betas.any()
    assert torch.equal(flat.keypoints_2d, deep.keypoints_2d)
    assert len(type(flat).join([flat, deep])) == 2


def test_the_crop_runs_from_minus_one_to_one() -> None:
    box = torch.tensor([[100.0, 50.0, 40.0, 40.0]])
    corner = torch.tensor([[[100 - 24.0, 50 + 24.0, 0.5], [100.0, 50.0, 1.0], [0.0, 0.0, 0.0]]])
    wanted = torch.tensor([[[-1.0, 1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]])
    torch.testing.assert_close(in_crop(corner, box, 1.2), wanted)
    picture = torch.tensor([[224.0, 0.0, 1.0], [112.0, 112.0, 1.0]])
    torch.testing.assert_close(in_crop(picture, None, 1.2), torch.tensor([[1.0, -1.0, 1.0], [0.0, 0.0, 1.0]]))


def test_keypoints_use_the_database_s_crop_unless_told_otherwise(filmed: Database) -> None:
    def keypoints(database: Database, **options: Any) -> torch.Tensor:
        return WindowDataset(database, 16, 16, "2d", **options).rows([0]).keypoints_2d[..., :2]

    own = keypoints(filmed)
    assert float(own.abs().amax()) < 1.0  # the box holds the person
    torch.testing.assert_close(keypoints(filmed, kp_scale=2.4), own / 2)
    wide = replace(filmed, crop_scale=2.4)
    torch.testing.assert_close(keypoints(wide), own / 2)
    assert pickle.loads(pickle.dumps(wide)).crop_scale == 2.4


@pytest.mark.parametrize(
    "name", ["3dpw_train_db.pt", "3dpw_test_db.pt", "posetrack_train_db.pt", "insta_train_db.h5"]
)
def test_every_joint_set_is_put_at_its_places_among_the_49(name: str, tmp_path: Path) -> None:
    content = published(name)
    database = open_database(write_published(tmp_path, name, content))
    deep = "joints3D" in content
    windows = WindowDataset(database, 16, 1, "3d" if deep else "2d")
    rows = windows.rows([0])
    frames = windows.frames(0)
    places = list(JOINT_SETS[database.joint_set])
    pixels = torch.from_numpy(content["joints2D"][frames])
    box = torch.from_numpy(content["bbox"][frames]) if "bbox" in content else None
    torch.testing.assert_close(rows.keypoints_2d[0][:, places], in_crop(pixels, box, 1.2))
    absent = sorted(set(range(49)) - set(places))
    assert not rows.keypoints_2d[0][:, absent].any()
    if deep:
        joints = torch.from_numpy(content["joints3D"][frames])
        at = list(COMMON_14) if joints.shape[1] == 14 else list(range(49))
        torch.testing.assert_close(rows.joints_3d[0][:, at], joints)
        assert not rows.joints_3d[0][:, sorted(set(range(49)) - set(at))].any()
    if name.startswith("3dpw"):
        assert 3 not in frames  # where valid is 0
        assert all(content["valid"][frames])


def test_the_order_of_instavariety_is_told_by_names() -> None:
    assert [SPIN_JOINT_NAMES[i] for i in JOINT_SETS["insta25"][:2]] == ["op_right_heel", "op_right_knee"]
    assert SPIN_JOINT_NAMES[JOINT_SETS["insta25"][13]] == "head_top"
    assert JOINT_SETS["insta25"][23:] == (14, 11)  # BODY_25's ankles
    assert all(len(set(places)) == len(places) for places in JOINT_SETS.values())
    assert "op_mid_hip" not in [SPIN_JOINT_NAMES[i] for i in JOINT_SETS["insta25"]]


def test_frames_left_out_may_hold_anything(tmp_path: Path) -> None:
    content = published("3dpw_train_db.pt")
    content["pose"][3] = np.nan  # valid is 0 there
    windows = WindowDataset(open_database(write_published(tmp_path, "3dpw_train_db.pt", content)), 16, 1)
    assert windows.rows([0]).rotations.isfinite().all()


def test_a_key_that_windows_need_is_asked_for_at_once(filmed: Database) -> None:
    for key, kind in (("features", "2d"), ("bbox", "2d"), ("joints3D", "3d")):
        arrays = {name: rows for name, rows in filmed.arrays.items() if name != key}
        with pytest.raises(MissingKey, match=f"{key} is missing") as caught:
            WindowDataset(replace(filmed, arrays=arrays), 16, 1, kind)  # type: ignore[arg-type]
        assert str(filmed.path) in str(caught.value)


class _Numbers(torch.utils.data.Dataset[int]):
    """Map-style access for a loader."""

    def __init__(self, windows: WindowDataset) -> None:
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.windows.rows([index]).keypoints_2d


def test_windows_read_the_same_in_the_workers_of_a_loader(filmed: Database, tmp_path: Path) -> None:
    insta = open_database(write_published(tmp_path, "insta_train_db.h5"))
    for windows in (WindowDataset(filmed, 16, 4), WindowDataset(insta, 16, 4, "2d")):
        here = torch.cat([windows.rows([i]).keypoints_2d for i in range(len(windows))])
        again = pickle.loads(pickle.dumps(windows))
        torch.testing.assert_close(again.rows(range(len(again))).keypoints_2d, here)
        loader = torch.utils.data.DataLoader(
            _Numbers(windows), batch_size=None, num_workers=1, multiprocessing_context="fork"
        )
        torch.testing.assert_close(torch.cat(list(loader)), here)
    assert len(TRACKS) == len(insta.tracks)
