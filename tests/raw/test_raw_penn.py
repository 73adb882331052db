"""PennAction from a small copy of its layout, through the library and through the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from raw_layouts import GreyExtractor, level_of, write_picture
from reel2rig.bridge.cli.app import app
from reel2rig.core.body.spin_joints import COMMON_14_NAMES
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.raw.errors import RawDataInvalid, RawDataMissing
from reel2rig.core.data.raw.penn import prepare_penn
from reel2rig.core.features.images.resnet import ResNet50Trunk
from scipy.io import savemat
from typer.testing import CliRunner

FRAMES = 3
HEAD, LEFT_SHOULDER, RIGHT_ANKLE = 0, 1, 12


def _write(raw: Path, clip: str, seed: int = 0, frames: int = FRAMES) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points = rng.uniform(15, 50, (frames, 13, 2))
    visible = np.ones((frames, 13))
    visible[:, LEFT_SHOULDER] = 0  # hidden, though annotated: the leftmost of all
    points[:, LEFT_SHOULDER] = (8, 30)
    points[:, RIGHT_ANKLE] = 0  # not annotated
    visible[:, RIGHT_ANKLE] = 0
    labels = raw / "labels" / f"{clip}.mat"
    labels.parent.mkdir(parents=True, exist_ok=True)
    content = {"x": points[..., 0], "y": points[..., 1], "visibility": visible, "nframes": [[frames]]}
    savemat(labels, content | {"action": "bowl", "train": [[-1]], "dimensions": [[64, 64, frames]]})
    for frame in range(frames):
        write_picture(raw / "frames" / clip / f"{frame + 1:06d}.jpg", frame)
    return points, visible


def _prepared(raw: Path) -> Database:
    return open_database(prepare_penn(raw, raw / "out", "train", features=GreyExtractor()))


def test_the_13_joints_take_their_places_and_the_neck_stays_unknown(tmp_path: Path) -> None:
    points, _ = _write(tmp_path, "0001")
    _write(tmp_path, "0002", seed=1)
    database = _prepared(tmp_path)
    assert [track.name for track in database.tracks] == ["0001", "0002"]
    keypoints = database.read("joints2D", 0, FRAMES)
    place = COMMON_14_NAMES.index
    np.testing.assert_allclose(keypoints[:, place("head_top"), :2], points[:, HEAD], rtol=1e-6)
    np.testing.assert_allclose(keypoints[:, place("left_shoulder"), :2], points[:, LEFT_SHOULDER], rtol=1e-6)
    unseen = [place(name) for name in ("left_shoulder", "right_ankle", "neck")]
    assert not keypoints[:, unseen, 2].any()
    assert (keypoints[..., 2].sum(1) == 11).all()


def test_the_box_is_tight_about_all_that_is_annotated(tmp_path: Path) -> None:
    points, _ = _write(tmp_path, "0001")
    database = _prepared(tmp_path)
    annotated = points[:, :RIGHT_ANKLE]
    low, high = annotated.min(1), annotated.max(1)
    side = (high - low).max(1)
    boxes = database.read("bbox", 0, FRAMES)
    np.testing.assert_allclose(boxes, np.column_stack([(low + high) / 2, side, side]), rtol=1e-5)
    features = database.read("features", 0, FRAMES)
    np.testing.assert_allclose(features[:, 3], 1.2 * side, rtol=1e-5)
    np.testing.assert_allclose(features[:, 0], [level_of(frame) for frame in range(FRAMES)], atol=2)


def test_what_does_not_fit_together_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataMissing, match=r"labels is missing: it must hold 0001.mat"):
        _prepared(tmp_path)
    _write(tmp_path, "0001")
    (tmp_path / "frames" / "0001" / "000002.jpg").unlink()
    with pytest.raises(RawDataInvalid, match=r"frames/0001 has 2 pictures; .*0001.mat says 3"):
        _prepared(tmp_path)
    path = tmp_path / "labels" / "0001.mat"
    savemat(
        path, {"x": np.ones((3, 13)), "y": np.ones((3, 12)), "visibility": np.ones((3, 13)), "nframes": 3}
    )
    with pytest.raises(RawDataInvalid, match=r"0001.mat: y has shape \(3, 12\): expected \(3, 13\)"):
        _prepared(tmp_path)
    path.write_bytes(b"MATLAB")
    with pytest.raises(RawDataInvalid, match=r"0001.mat is not a readable MATLAB file"):
        _prepared(tmp_path)


def test_the_command_computes_the_features_of_the_given_backbone(tmp_path: Path) -> None:
    _write(tmp_path, "0001")
    torch.manual_seed(0)
    torch.save(ResNet50Trunk().state_dict(), tmp_path / "backbone.pt")
    command = [
        "data",
        "prepare",
        "penn",
        "--raw",
        str(tmp_path),
        "-o",
        str(tmp_path / "out"),
        "--device",
        "cpu",
    ]
    done = CliRunner().invoke(app, [*command, "--backbone", str(tmp_path / "backbone.pt")])
    assert done.exit_code == 0, done.output
    database = open_database(done.stdout.strip().splitlines()[-1])
    features = database.read("features", 0, FRAMES)
    assert features.shape == (FRAMES, 2048)
    assert (features.std(1) > 0).all()


def test_the_command_wants_a_backbone_or_to_be_told_that_there_is_none(tmp_path: Path) -> None:
    _write(tmp_path, "0001")
    command = ["data", "prepare", "penn", "--raw", str(tmp_path), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "data.backbone_needed" in refused.output
    bare = CliRunner().invoke(app, [*command, "--no-features"])
    assert bare.exit_code == 0, bare.output
    assert open_database(tmp_path / "out" / "penn_train").C == 0


def test_the_command_will_not_take_the_free_body_for_smpl(tmp_path: Path) -> None:
    refused = CliRunner().invoke(
        app, ["data", "prepare", "3dpw", "--raw", str(tmp_path), "--out", str(tmp_path), "--no-features"]
    )
    assert refused.exit_code == 2
    assert "--body SMPL_NEUTRAL.pkl" in refused.output
