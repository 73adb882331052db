"""A file that ends in mid-stream is noticed, and what is there can still be had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from footage import box_types, cut_short, number_of, write_video
from reel2rig.core.video.completeness import is_cut_off
from reel2rig.core.video.errors import NotAVideo, VideoTruncated
from reel2rig.core.video.reader import probe, read_frames


@pytest.fixture(scope="module")
def noisy() -> list[np.ndarray]:
    """Frames that compress badly, so that the file's bytes are spread over all of them."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(60):
        image = rng.integers(0, 255, (120, 160, 3)).astype(np.uint8)
        image[:40] = 20
        for bit in range(10):
            if number >> bit & 1:
                image[:40, 16 * bit : 16 * bit + 16] = 230
        frames.append(image)
    return frames


@pytest.mark.parametrize("kind", ["web.mp4", "clip.mkv", "clip.avi"])
@pytest.mark.parametrize("share", [0.35, 0.8])
def test_a_cut_off_file_is_refused_and_offers_what_it_has(
    tmp_path: Path, noisy: list[np.ndarray], kind: str, share: float
):
    codec = "mpeg4" if kind.endswith("avi") else "libx264"
    whole = write_video(tmp_path / kind, noisy, codec=codec, index_first=True)
    path = cut_short(whole, share, tmp_path / f"cut {kind}")
    with pytest.raises(VideoTruncated, match="--allow-partial") as caught:
        list(read_frames(path))
    readable = caught.value.readable
    assert caught.value.code == "video.truncated"
    assert 5 <= readable < 57  # the first frames are the largest ones
    frames = list(read_frames(path, allow_partial=True))
    assert abs(len(frames) - readable) <= 2
    assert [number_of(frame.image) for frame in frames] == list(range(len(frames)))


def test_the_part_before_the_damage_needs_no_permission(tmp_path: Path, noisy: list[np.ndarray]):
    whole = write_video(tmp_path / "web.mp4", noisy, index_first=True)
    assert box_types(whole).index(b"moov") < box_types(whole).index(b"mdat")
    path = cut_short(whole, 0.6, tmp_path / "cut.mp4")
    assert len(list(read_frames(path, end=10))) == 10


def test_an_mp4_cut_off_before_its_index_says_so(tmp_path: Path, noisy: list[np.ndarray]):
    path = cut_short(write_video(tmp_path / "phone.mp4", noisy), 0.7, tmp_path / "cut.mp4")
    for partial in (False, True):
        with pytest.raises(VideoTruncated, match="index"):
            list(read_frames(path, allow_partial=partial))


@pytest.mark.parametrize("kind", ["clip.mp4", "clip.mkv", "clip.avi", "clip.mov", "clip.ts", "clip.webm"])
def test_healthy_files_are_not_blamed(tmp_path: Path, noisy: list[np.ndarray], kind: str):
    codec = {".avi": "mpeg4", ".webm": "libvpx"}.get(Path(kind).suffix, "libx264")
    path = write_video(tmp_path / kind, noisy[:20], codec=codec)
    assert not is_cut_off(path)
    assert not probe(path).cut_off
    assert len(list(read_frames(path))) == 20


def test_bytes_after_the_end_are_no_damage(tmp_path: Path, noisy: list[np.ndarray]):
    path = write_video(tmp_path / "clip.mp4", noisy[:10])
    with path.open("ab") as file:
        file.write(bytes(5000))
    assert len(list(read_frames(path))) == 10


@pytest.mark.parametrize("share", [0.0001, 0.002, 0.01])
def test_a_stub_of_a_few_bytes_is_refused(tmp_path: Path, noisy: list[np.ndarray], share: float):
    whole = write_video(tmp_path / "web.mp4", noisy, index_first=True)
    with pytest.raises((VideoTruncated, NotAVideo)):
        list(read_frames(cut_short(whole, share, tmp_path / "stub.mp4")))
