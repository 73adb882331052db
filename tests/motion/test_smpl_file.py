""".smpl files: the keys of smplcodec, y up, and J0 of SMPL and SMPL-X."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reel2rig.core.motion.files.errors import MotionFileCorrupt, MotionRateUnknown
from reel2rig.core.motion.files.floor import sole_level
from reel2rig.core.motion.files.smpl_file import read_smpl, write_smpl
from reel2rig.core.motion.rotations import rotation_angle
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.motion.spaces import to_space
from walking import rest_person, walking_person

KEYS = {
    "codecVersion",
    "smplVersion",
    "gender",
    "shapeParameters",
    "frameCount",
    "frameRate",
    "bodyTranslation",
    "bodyPose",
}


def write_foreign(
    path: Path, version: int = 2, joints: int = 22, height: float = 1.29, **changes: Any
) -> Path:
    """Somebody who stands still, as Meshcapade's tools write it."""
    arrays: dict[str, Any] = {
        "codecVersion": np.int32(2),
        "smplVersion": np.int32(version),
        "gender": np.int32(0),
        "frameCount": np.int32(20),
        "frameRate": np.float32(30.0),
        "shapeParameters": np.zeros(10, np.float32),
        "bodyTranslation": np.tile(np.float32([0.0, height, 0.0]), (20, 1)),
        "bodyPose": np.zeros((20, joints, 3), np.float32),
        "headPose": np.zeros((20, 3, 3), np.float32),
    } | changes
    with open(path, "wb") as stream:
        np.savez(stream, **{key: value for key, value in arrays.items() if value is not None})
    return path


def test_a_walk_comes_back_as_it_was(tmp_path: Path) -> None:
    walk = walking_person(2.0, fps=Fraction(30000, 1001))
    write_smpl(tmp_path / "a.smpl", walk)
    read = read_smpl(tmp_path / "a.smpl")
    assert (read.fps, read.space, len(read)) == (Fraction(30000, 1001), "blender", len(walk))
    assert rotation_angle(read.rotations, walk.rotations).max() < 1e-4
    np.testing.assert_allclose(read.root, walk.root, atol=1e-5)


def test_only_known_keys_of_32_bits_are_written_since_readers_refuse_others(tmp_path: Path) -> None:
    write_smpl(tmp_path / "a.smpl", rest_person(4))
    file = np.load(tmp_path / "a.smpl", allow_pickle=False)
    assert set(file.files) == KEYS
    assert {file[key].dtype for key in KEYS} <= {np.dtype("i4"), np.dtype("f4")}
    assert file["bodyPose"].shape == (4, 24, 3)
    # y up: at rest nothing is turned, and the soles of SMPL's body are at zero.
    np.testing.assert_allclose(file["bodyPose"], 0, atol=1e-5)
    assert file["bodyTranslation"][0, 1] == pytest.approx(rest_person(4).root[0, 2] + 0.2233, abs=1e-4)


@pytest.mark.parametrize(("version", "joints", "height"), [(0, 24, 1.16), (1, 22, 1.16), (2, 22, 1.29)])
def test_people_stand_upright_on_the_floor(tmp_path: Path, version: int, joints: int, height: float) -> None:
    clip = read_smpl(write_foreign(tmp_path / "a.smpl", version, joints, height))
    assert clip.joints[0, JOINT_INDEX["Head"], 2] > 1.3
    assert abs(sole_level(clip)) < 0.03
    assert to_space(clip, "world_yup").rotations[0, 0] == pytest.approx([1, 0, 0, 0])


def test_somebody_at_the_origin_comes_up_to_the_floor(tmp_path: Path) -> None:
    clip = read_smpl(write_foreign(tmp_path / "a.smpl", bodyTranslation=None))
    assert abs(sole_level(clip)) < 1e-6
    assert "Moved up" in clip.notes[0]


@pytest.mark.parametrize("rate", [23.976, 29.97, 59.94, 119.88])
def test_single_precision_rates_are_exact_again(tmp_path: Path, rate: float) -> None:
    clip = read_smpl(write_foreign(tmp_path / "a.smpl", frameRate=np.float32(rate)))
    assert clip.fps == Fraction(round(rate) * 1000, 1001)


def test_an_avatar_without_motion_is_one_frame(tmp_path: Path) -> None:
    alone = {"bodyPose": np.zeros((1, 22, 3), np.float32), "frameRate": None, "bodyTranslation": None}
    assert len(read_smpl(write_foreign(tmp_path / "a.smpl", **alone))) == 1
    with pytest.raises(MotionRateUnknown):
        read_smpl(write_foreign(tmp_path / "b.smpl", frameRate=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"bodyPose": None},
        {"bodyPose": np.zeros((20, 46), np.float32)},
        {"smplVersion": np.int32(5)},
        {"bodyTranslation": np.zeros((3, 3), np.float32)},
        {"bodyPose": np.full((20, 22, 3), np.nan, np.float32)},
    ],
)
def test_what_is_no_body_of_smpl_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(MotionFileCorrupt, match=r"a\.smpl"):
        read_smpl(write_foreign(tmp_path / "a.smpl", **changes))
