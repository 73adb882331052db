"""Results of other systems, in the layouts that they publish: everybody, right way up, on one floor."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.files.errors import (
    MotionFileCorrupt,
    MotionFileMissing,
    MotionKindUnknown,
    MotionTooLarge,
)
from reel2rig.core.motion.files.floor import sole_level
from reel2rig.core.motion.rotations import quaternion_from_rotvec, quaternion_to_matrix
from reel2rig.core.motion.skeletons import JOINT_INDEX
from reel2rig.core.motion.spaces import move_clip
from reel2rig.core.results.read import read_motion
from result_layouts import (
    FOCAL,
    HEIGHT,
    WIDTH,
    write_gvhmr,
    write_phalp,
    write_tram,
    write_vibe,
    write_wham,
)
from walking import walking_person

WALK = walking_person(2.0)
FIRST = move_clip(WALK, np.eye(3), [0.0, 3.0, 0.0]).replace(frames=WALK.frames + 10)
SECOND = move_clip(
    WALK, quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, 1.0])), [1.0, 2.0, 0.0]
).replace(frames=WALK.frames + 20)

Writer = Callable[[Path], Path]
WRITERS: dict[str, Writer] = {
    "WHAM": lambda folder: write_wham(folder / "wham_output.pkl", FIRST, SECOND),
    "4D-Humans": lambda folder: write_phalp(folder / "demo_a.pkl", FIRST, SECOND),
    "VIBE": lambda folder: write_vibe(folder / "vibe_output.pkl", FIRST, SECOND),
    "TCMR": lambda folder: write_vibe(folder / "tcmr_output.pkl", FIRST, SECOND, system="tcmr"),
    "TRAM": lambda folder: write_tram(folder / "clip", FIRST, SECOND),
}


def shape_error(read: MotionClip, clip: MotionClip) -> float:
    """Largest distance in metres after the best turn about the vertical and the best move."""
    ours, theirs = (one.joints.reshape(-1, 3).astype(np.float64) for one in (read, clip))
    ours, theirs = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    across = ours[:, :2].T @ theirs[:, :2]
    angle = np.arctan2(across[0, 1] - across[1, 0], across[0, 0] + across[1, 1])
    turn = quaternion_to_matrix(quaternion_from_rotvec([0.0, 0.0, angle]))
    return float(np.linalg.norm(ours @ turn.T - theirs, axis=1).max())


def apart(first: MotionClip, second: MotionClip, frame: int = 40) -> float:
    places = [clip.root[list(clip.frames).index(frame), :2] for clip in (first, second)]
    return float(np.linalg.norm(places[0] - places[1]))


@pytest.mark.parametrize("system", WRITERS)
def test_everybody_stands_upright_on_one_floor_and_walks_as_far(system: str, tmp_path: Path) -> None:
    clips = read_motion(WRITERS[system](tmp_path))
    assert len(clips) == 2
    for read, clip in zip(clips, (FIRST, SECOND), strict=True):
        assert read.space == "blender"
        assert shape_error(read, clip) < 0.005
        assert abs(sole_level(read)) < 0.005
        head = read.joints[:, JOINT_INDEX["Head"]] - read.joints[:, 0]
        assert (head[:, 2] > 0.5).all()


@pytest.mark.parametrize("system", WRITERS)
def test_people_stand_to_each_other_as_they_were_filmed(system: str, tmp_path: Path) -> None:
    first, second = read_motion(WRITERS[system](tmp_path))
    assert apart(first, second) == pytest.approx(apart(FIRST, SECOND), abs=0.01)


@pytest.mark.parametrize("system", WRITERS)
def test_source_frame_numbers_are_kept(system: str, tmp_path: Path) -> None:
    first, second = read_motion(WRITERS[system](tmp_path))
    np.testing.assert_array_equal(first.frames, FIRST.frames)
    np.testing.assert_array_equal(second.frames, SECOND.frames)
    assert first.track != second.track


@pytest.mark.parametrize("system", WRITERS)
def test_no_system_states_a_rate_so_30_is_assumed_and_told(system: str, tmp_path: Path) -> None:
    path = WRITERS[system](tmp_path)
    for clip in read_motion(path):
        assert clip.fps == 30
        assert any(
            note.startswith(f"{system} does not write down the video's frame rate") for note in clip.notes
        )
    for clip in read_motion(path, Fraction(30000, 1001)):
        assert clip.fps == Fraction(30000, 1001)
        assert not any("frame rate" in note for note in clip.notes)


@pytest.mark.parametrize("legacy", [False, True])
def test_gvhmr_s_person_of_smplx_stands_on_the_floor(legacy: bool, tmp_path: Path) -> None:
    (read,) = read_motion(write_gvhmr(tmp_path / "hmr4d_results.pt", FIRST, legacy))
    assert shape_error(read, FIRST) < 0.005
    assert abs(sole_level(read)) < 1e-6
    np.testing.assert_array_equal(read.frames, np.arange(len(FIRST)))
    np.testing.assert_allclose(read.root[0, :2], 0, atol=1e-5)
    assert any("means nothing on the free body" in note for note in read.notes)


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("lzma", 3)])
def test_dumps_may_be_compressed(compress: Any, tmp_path: Path) -> None:
    for path in (
        write_wham(tmp_path / "a.pkl", FIRST, compress=compress),
        write_phalp(tmp_path / "b.pkl", FIRST, compress=compress),
    ):
        (read,) = read_motion(path)
        assert shape_error(read, FIRST) < 0.005


def test_frames_that_a_system_left_out_are_filled_in_as_not_seen(tmp_path: Path) -> None:
    kept = np.r_[0:20, 35:60]
    names = ("rotations", "root", "frames", "valid", "contacts")
    gap = FIRST.replace(**{name: getattr(FIRST, name)[kept] for name in names})
    (read,) = read_motion(write_wham(tmp_path / "wham_output.pkl", gap))
    np.testing.assert_array_equal(read.frames, FIRST.frames)
    np.testing.assert_array_equal(np.flatnonzero(~read.valid), np.arange(20, 35))
    assert shape_error(read, FIRST) < 0.6


def test_frames_in_which_the_tracker_only_guessed_count_as_not_seen(tmp_path: Path) -> None:
    (read,) = read_motion(write_phalp(tmp_path / "a.pkl", FIRST, guessed=(30, 31)))
    np.testing.assert_array_equal(read.frames[~read.valid], [30, 31])


def test_frames_in_another_order_are_put_in_theirs(tmp_path: Path) -> None:
    path = write_wham(tmp_path / "wham_output.pkl", FIRST)
    content = joblib.load(path)
    order = np.random.default_rng(1).permutation(len(FIRST))
    content[0] = {key: value[order] for key, value in content[0].items()}
    joblib.dump(content, path)
    (read,) = read_motion(path)
    assert shape_error(read, FIRST) < 0.005


def test_4d_humans_gives_the_camera_and_takes_its_telephoto_lens_out(tmp_path: Path) -> None:
    (read,) = read_motion(write_phalp(tmp_path / "a.pkl", FIRST))
    assert read.camera is not None
    assert (read.camera.width, read.camera.height) == (WIDTH, HEIGHT)
    assert read.camera.focal_px == pytest.approx(FOCAL)
    seen = read.camera.project(read.joints[0, 0])
    assert 0 < seen[0] < WIDTH
    assert 0 < seen[1] < HEIGHT
    assert np.linalg.norm(read.camera.position[:2] - read.root[0, :2]) == pytest.approx(
        np.linalg.norm(FIRST.root[0, :2] - [0.0, -4.0]), abs=0.05
    )


def test_tram_s_moving_camera_does_not_move_the_people(tmp_path: Path) -> None:
    still = read_motion(write_tram(tmp_path / "still", FIRST, moving=False))[0]
    moving = read_motion(write_tram(tmp_path / "moving", FIRST))[0]
    np.testing.assert_allclose(still.root, moving.root, atol=0.01)
    (tmp_path / "moving" / "camera.npy").unlink()
    (alone,) = read_motion(tmp_path / "moving" / "hps" / "hps_track_0.npy")
    assert any("no camera.npy" in note for note in alone.notes)


def test_tram_s_folders_may_be_given_as_a_whole(tmp_path: Path) -> None:
    write_tram(tmp_path / "clip", FIRST, SECOND)
    for folder in (tmp_path / "clip", tmp_path / "clip" / "hps"):
        assert [clip.track for clip in read_motion(folder)] == ["0", "1"]
    with pytest.raises(MotionFileMissing, match="folder without results"):
        read_motion(tmp_path)


def test_people_of_wham_who_are_never_seen_together_are_told(tmp_path: Path) -> None:
    late = SECOND.replace(frames=SECOND.frames + 500)
    clips = read_motion(write_wham(tmp_path / "wham_output.pkl", FIRST, late))
    assert any("never seen together" in note for clip in clips for note in clip.notes)


def test_a_person_of_wham_without_the_camera_s_view_is_read(tmp_path: Path) -> None:
    path = write_wham(tmp_path / "wham_output.pkl", FIRST, SECOND)
    content = joblib.load(path)
    for one in content.values():
        del one["pose"], one["trans"]
    joblib.dump(content, path)
    assert len(read_motion(path)) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pose_world", np.zeros((60, 71), np.float32)),
        ("pose_world", np.full((60, 72), np.nan, np.float32)),
        ("trans_world", np.zeros((59, 3), np.float32)),
        ("frame_ids", np.arange(60) + 0.5),
        ("frame_ids", np.arange(61)),
        ("betas", "many"),
    ],
)
def test_damaged_keys_are_named(key: str, value: Any, tmp_path: Path) -> None:
    path = write_wham(tmp_path / "wham_output.pkl", FIRST)
    content = joblib.load(path)
    content[0][key] = value
    joblib.dump(content, path)
    with pytest.raises(MotionFileCorrupt, match=f"'{key}'"):
        read_motion(path)


def test_frame_numbers_that_lie_absurdly_far_apart_are_refused(tmp_path: Path) -> None:
    frames = np.array(FIRST.frames)
    frames[-1] = 900_000_000
    path = write_wham(tmp_path / "wham_output.pkl", FIRST.replace(frames=frames))
    with pytest.raises(MotionTooLarge, match="899999991 frames"):
        read_motion(path)


@pytest.mark.parametrize("content", [{}, {"a": 1}, {1: {"b": 2}}, [1, 2], {"pred_cam_R": np.eye(3)}])
def test_a_pickle_of_something_else_is_refused_in_a_sentence(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.pkl"
    joblib.dump(content, path)
    with pytest.raises(MotionKindUnknown, match=r"other\.pkl is no result of"):
        read_motion(path)


def test_nobody_in_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    frame = {"time": 0, "tid": [], "smpl": [], "camera": [], "size": [], "tracked_time": []}
    joblib.dump({"0.jpg": frame}, path)
    with pytest.raises(MotionKindUnknown, match="holds nobody"):
        read_motion(path)
