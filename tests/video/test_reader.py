"""Frames come out upright, numbered, timed and trimmed, whatever the file is like."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from footage import number_of, numbered_frames, write_video
from reel2rig.core.video.errors import BadTrim, NotAVideo, VideoNotFound
from reel2rig.core.video.reader import parse_trim, probe, read_frames


@pytest.mark.parametrize(
    "fps", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25), Fraction(10), Fraction(120)]
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_rate_is_exact_and_every_frame_has_its_time(tmp_path: Path, fps: Fraction, suffix: str):
    path = write_video(tmp_path / f"clip{suffix}", numbered_frames(40), fps)
    info = probe(path)
    frames = list(read_frames(path))
    assert info.fps == fps
    assert not info.variable_rate
    assert info.frame_count == len(frames) == 40
    assert (
        [number_of(frame.image) for frame in frames] == [frame.index for frame in frames] == list(range(40))
    )
    # Matroska stores whole milliseconds.
    assert np.abs(np.array([frame.time for frame in frames]) - np.arange(40) / float(fps)).max() < 0.0011
    assert info.duration == pytest.approx(40 / float(fps))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_phones_rotation_flag_is_honoured(tmp_path: Path, rotation: int):
    upright = numbered_frames(3, (120, 160))
    stored = [np.rot90(image, -rotation // 90) for image in upright]
    path = write_video(tmp_path / "phone.mp4", stored, rotation=rotation)
    info = probe(path)
    assert info.rotation == rotation
    assert (info.width, info.height) == (120, 160)
    for frame, expected in zip(read_frames(path), upright, strict=True):
        assert frame.image.flags.c_contiguous
        assert np.abs(frame.image.astype(int) - expected).mean() < 12


def test_variable_rate_frames_keep_their_own_times(tmp_path: Path):
    times = np.cumsum([0, *([1 / 30] * 20), *([1 / 15] * 10), *([1 / 30] * 10)])
    path = write_video(tmp_path / "screen.mp4", numbered_frames(len(times)), times=times)
    info = probe(path)
    assert info.variable_rate
    assert info.fps in (Fraction(24), Fraction(25), Fraction(24000, 1001))  # 40 frames in 1.67 s
    assert np.allclose([frame.time for frame in read_frames(path)], times, atol=1e-3)
    assert info.duration == pytest.approx(times[-1] + 1 / float(info.fps), abs=1e-3)


def test_one_dropped_frame_makes_the_rate_variable_and_moves_nothing(tmp_path: Path):
    times = np.delete(np.arange(41) / 30, 20)
    path = write_video(tmp_path / "drop.mp4", numbered_frames(40), times=times)
    info = probe(path)
    assert info.variable_rate
    assert info.fps in (Fraction(30), Fraction(30000, 1001))
    assert np.allclose([frame.time for frame in read_frames(path)], times, atol=1e-3)


@pytest.mark.parametrize("size", [(161, 121), (160, 121), (50, 37)])
def test_odd_sizes_come_out_whole(tmp_path: Path, size: tuple[int, int]):
    path = write_video(tmp_path / "odd.mp4", numbered_frames(5, size))
    frames = list(read_frames(path))
    assert [frame.image.shape for frame in frames] == [(size[1], size[0], 3)] * 5
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 3, 4]


def test_greyscale_footage_gives_three_equal_channels(tmp_path: Path):
    path = write_video(tmp_path / "grey.mkv", numbered_frames(4), codec="ffv1", pix_fmt="gray")
    for frame in read_frames(path):
        assert frame.image.shape[2] == 3
        assert np.ptp(frame.image.astype(int), axis=2).max() <= 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_one_frame_is_a_video(tmp_path: Path, suffix: str):
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    path = write_video(tmp_path / f"one{suffix}", numbered_frames(1), codec=codec)
    assert probe(path).frame_count == 1
    assert [frame.index for frame in read_frames(path)] == [0]


def test_paths_may_have_spaces_and_any_letters(tmp_path: Path):
    folder = tmp_path / "Müllers Aufnahmen – 映像"
    folder.mkdir()
    path = write_video(folder / "tänzer 2.mp4", numbered_frames(3))
    assert len(list(read_frames(path))) == 3


@pytest.mark.parametrize(("start", "end"), [(0, 5), (7, 20), (100, 110), (149, None), (0, 1)])
def test_trimming_gives_exactly_the_frames_asked_for(tmp_path: Path, start: int, end: int | None):
    path = write_video(tmp_path / "long.mp4", numbered_frames(150), Fraction(30000, 1001))
    frames = list(read_frames(path, start, end))
    wanted = list(range(start, 150 if end is None else end))
    assert [frame.index for frame in frames] == wanted
    assert [number_of(frame.image) for frame in frames] == wanted  # a far start is sought, not counted
    assert frames[0].time == pytest.approx(start * 1001 / 30000, abs=1e-4)


def test_trim_points_are_frames_or_seconds(tmp_path: Path):
    info = probe(write_video(tmp_path / "clip.mp4", numbered_frames(90), Fraction(30000, 1001)))
    assert parse_trim("12", info) == 12
    assert parse_trim("1.5s", info) == 45  # 44.955 frames
    assert parse_trim(" 2S ", info) == 60
    assert parse_trim("1000", info) == parse_trim("1000s", info) == 90


@pytest.mark.parametrize("text", ["", "-1", "-0.5s", "one", "1.5", "s", "nan s", "1/0s"])
def test_a_trim_point_that_is_neither_is_refused(tmp_path: Path, text: str):
    info = probe(write_video(tmp_path / "clip.mp4", numbered_frames(3)))
    with pytest.raises(BadTrim, match="trim point"):
        parse_trim(text, info)


def test_a_range_without_frames_is_refused_at_once(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(10))
    for start, end in ((10, None), (5, 5), (8, 3)):
        with pytest.raises(BadTrim, match="10 frames"):
            read_frames(path, start, end)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(VideoNotFound, match=r"nowhere\.mp4") as caught:
        probe(tmp_path / "nowhere.mp4")
    assert caught.value.code == "video.not_found"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"hello, this is a text\n" * 100, bytes(range(256)) * 40])
def test_what_is_not_a_video_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "holiday.mp4"
    path.write_bytes(content)
    with pytest.raises(NotAVideo, match=r"holiday\.mp4") as caught:
        probe(path)
    assert caught.value.code == "video.not_a_video"


def test_a_folder_is_not_a_video(tmp_path: Path):
    with pytest.raises(VideoNotFound):
        probe(tmp_path)
