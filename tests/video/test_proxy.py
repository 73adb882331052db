"""The copy that Blender shows stands upright and keeps the footage's time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from footage import number_of, numbered_frames, write_video
from reel2rig.core.errors import OutputError
from reel2rig.core.video.proxy import needs_proxy, write_proxy
from reel2rig.core.video.reader import probe, read_frames


def test_plain_footage_needs_no_proxy(tmp_path: Path):
    assert not needs_proxy(probe(write_video(tmp_path / "clip.mp4", numbered_frames(5))))


def test_a_rotated_clip_becomes_upright_frame_by_frame(tmp_path: Path):
    upright = numbered_frames(12, (121, 161))
    stored = [np.rot90(image, -1) for image in upright]
    path = write_video(tmp_path / "phone.mp4", stored, Fraction(30000, 1001), rotation=90)
    assert needs_proxy(probe(path))
    out = write_proxy(path, tmp_path / "proxy.mp4")
    info = probe(out)
    assert (info.width, info.height, info.rotation) == (121, 161, 0)
    assert info.fps == Fraction(30000, 1001)
    assert [number_of(frame.image) for frame in read_frames(out)] == list(range(12))


def test_variable_rate_footage_becomes_constant_at_the_same_times(tmp_path: Path):
    times = np.cumsum([0, *([1 / 30] * 20), *([2 / 15] * 10)])
    path = write_video(tmp_path / "screen.mp4", numbered_frames(31), times=times)
    source = probe(path)
    assert needs_proxy(source)
    info = probe(write_proxy(path, tmp_path / "proxy.mp4"))
    assert not info.variable_rate
    assert info.fps == source.fps
    assert info.duration == pytest.approx(source.duration, abs=1 / float(info.fps))
    for frame in read_frames(tmp_path / "proxy.mp4"):
        shown = times[number_of(frame.image)]
        newest = times[times <= frame.time + 0.5 / float(info.fps) + 1e-6][-1]
        assert shown == newest


def test_nothing_half_written_stays_when_it_stops(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(10))

    def stop(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_proxy(path, tmp_path / "proxy.mp4", progress=stop)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["clip.mp4"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(3))
    with pytest.raises(OutputError, match=r"proxy\.mp4"):
        write_proxy(path, tmp_path / "nowhere" / "proxy.mp4")
