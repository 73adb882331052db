from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.errors import DestinationTaken
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.data.procedural import procedural_motion


def test_a_synthetic_database_has_the_keys_of_a_real_one(filmed: Database) -> None:
    assert [track.length for track in filmed.tracks] == [24, 24, 24]
    assert filmed.C == 32
    shapes = {key: rows.shape[1:] for key, rows in filmed.arrays.items()}
    assert shapes == {
        "features": (32,),
        "joints2D": (49, 3),
        "joints3D": (49, 3),
        "pose": (72,),
        "shape": (10,),
        "bbox": (4,),
        "frame_id": (),
    }


def test_keypoints_are_the_joints_through_one_pinhole_camera(filmed: Database) -> None:
    for track in filmed.tracks:
        joints = filmed.read("joints3D", track.start, track.stop).astype(np.float64).reshape(-1, 3)
        pixels = filmed.read("joints2D", track.start, track.stop).reshape(-1, 3)
        joints, pixels = joints[pixels[:, 2] > 0], pixels[pixels[:, 2] > 0]
        assert len(joints) > 100
        rays = np.append(joints[:, :2] / joints[:, 2:], np.ones((len(joints), 1)), 1)
        for axis in range(2):
            fit, *_ = np.linalg.lstsq(rays, pixels[:, axis], rcond=None)
            np.testing.assert_allclose(rays @ fit, pixels[:, axis], atol=0.02)
            assert abs(fit[1 - axis]) < 0.01  # no shear
            assert fit[axis] > 300  # px of focal length, x right and y down


def test_boxes_are_square_and_hold_the_person(filmed: Database) -> None:
    box, pixels = filmed.read("bbox", 0, len(filmed)), filmed.read("joints2D", 0, len(filmed))
    np.testing.assert_array_equal(box[:, 2], box[:, 3])
    beyond = np.abs(pixels[..., :2] - box[:, None, :2]) / (box[:, None, 2:] / 2)
    assert np.percentile(beyond, 99) < 1.0  # smoothed in time: a fast hand may leave for a frame


def test_each_track_is_one_person_and_no_two_are_the_same(filmed: Database) -> None:
    shapes = [filmed.read("shape", track.start, track.stop) for track in filmed.tracks]
    assert all((shape == shape[0]).all() for shape in shapes)
    assert not np.allclose(shapes[0][0], shapes[1][0])


def test_the_seed_decides_everything_but_what_features_mean(filmed: Database, tmp_path: Path) -> None:
    same = open_database(
        write_synthetic_database(tmp_path / "same", tracks=3, frames=24, C=32, seed=5, name="filmed")
    )
    for key, rows in filmed.arrays.items():
        np.testing.assert_array_equal(same.array(key), rows)
    other = open_database(write_synthetic_database(tmp_path / "other", tracks=2, frames=24, C=32, seed=6))
    assert not np.allclose(other.read("pose", 0, 24), filmed.read("pose", 0, 24), atol=0.1)


def test_features_of_one_database_can_be_read_by_what_was_learned_from_another(tmp_path: Path) -> None:
    def pairs(seed: int, tracks: int) -> tuple[np.ndarray, np.ndarray]:
        database = open_database(
            write_synthetic_database(tmp_path / str(seed), tracks=tracks, frames=32, C=48, seed=seed)
        )
        features = database.read("features", 0, len(database))
        joints = database.read("joints3D", 0, len(database))
        about_pelvis = (joints[:, 25:39] - joints[:, 8:9]).reshape(len(joints), -1)
        return np.append(features, np.ones((len(features), 1)), 1), about_pelvis

    x, y = pairs(1, 50)
    reading = np.linalg.solve(x.T @ x + 10 * np.eye(49), x.T @ y)
    x, y = pairs(2, 12)
    guessed = np.square(y - y.mean(0)).mean()
    assert np.square(x @ reading - y).mean() < 0.5 * guessed
    confused = x[:, np.random.default_rng(0).permutation(49)]
    assert np.square(confused @ reading - y).mean() > guessed


def test_a_2d_database_tells_nothing_of_the_third_dimension(tmp_path: Path) -> None:
    flat = open_database(write_synthetic_database(tmp_path / "flat", tracks=1, frames=20, C=16, kind="2d"))
    assert list(flat.arrays) == ["features", "joints2D", "bbox"]
    assert not flat.has_3d
    assert not flat.has_smpl


def test_given_motion_is_filmed_in_stretches(tmp_path: Path) -> None:
    clips = [procedural_motion(50, 1, "walk"), procedural_motion(12, 2, "wave")]
    database = open_database(
        write_synthetic_database(tmp_path / "given", tracks=3, frames=20, C=16, motion=clips)
    )
    assert [(track.source, track.length) for track in database.tracks] == [
        ("walk", 20),
        ("wave", 12),
        ("walk", 20),
    ]
    # Local joint turns are the clip's own, whatever camera films them.
    wave = database.read("pose", 20, 32).reshape(-1, 24, 3)
    angle = np.linalg.norm(wave[:, 18], axis=-1)
    trace = np.trace(clips[1].rotations[:, 18].astype(float), axis1=1, axis2=2)
    np.testing.assert_allclose(angle, np.arccos(np.clip((trace - 1) / 2, -1, 1)), atol=2e-3)
    with pytest.raises(DestinationTaken):
        write_synthetic_database(tmp_path / "given")
