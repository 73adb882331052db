"""Reading a video for people, whatever the video is like and whenever they come and go."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from footage import cut_short, seen_by_camera, write_video
from reel2rig.core.errors import Cancelled
from reel2rig.core.people.detect import NobodyFound, scan_people
from reel2rig.core.people.model_files import LandmarkModelCorrupt
from reel2rig.core.video.errors import VideoTruncated

Frames = list[np.ndarray]


def test_a_late_comer_is_followed_from_the_entry(
    tmp_path: Path, landmark_model: Path, walker: Frames, nobody: np.ndarray
):
    path = write_video(tmp_path / "late.mp4", [*[nobody] * 12, *walker[:20]])
    scan = scan_people(path, landmark_model)
    assert len(scan.tracks) == 1
    assert scan.tracks[0].frames[0] == 12
    assert scan.tracks[0].frames[-1] == 31


def test_somebody_who_leaves_and_returns_keeps_the_id_across_the_gap(
    tmp_path: Path, landmark_model: Path, walker: Frames, nobody: np.ndarray
):
    path = write_video(tmp_path / "back.mp4", [*walker[:20], *[nobody] * 30, *walker[35:55]])
    scan = scan_people(path, landmark_model)
    assert len(scan.tracks) == 1
    frames = scan.tracks[0].frames
    assert not set(range(21, 49)) & set(frames.tolist())  # the gap is a gap, not a guess
    assert len(frames) > 34
    assert frames[-1] == 69


@pytest.mark.parametrize("count", [1, 2, 10])
def test_a_few_frames_are_enough(tmp_path: Path, landmark_model: Path, walker: Frames, count: int):
    scan = scan_people(write_video(tmp_path / "few.mp4", walker[:count]), landmark_model)
    assert [len(track) for track in scan.tracks] == [count]
    assert scan.indices.tolist() == list(range(count))


@pytest.mark.parametrize("fps", [10, 120, 2000])
def test_any_rate_works(tmp_path: Path, landmark_model: Path, walker: Frames, fps: int):
    path = write_video(tmp_path / "rate.mkv", walker[:8], fps, codec="ffv1")
    times = np.arange(8) / fps
    scan = scan_people(path, landmark_model)
    assert len(scan.tracks[0]) == 8
    assert np.abs(scan.times - times).max() < 0.0011


def test_greyscale_people_in_a_path_with_spaces_and_umlauts(
    tmp_path: Path, landmark_model: Path, walker: Frames
):
    folder = tmp_path / "Größe 2 – 映画"
    folder.mkdir()
    grey = [np.repeat(image.mean(2, keepdims=True).astype(np.uint8), 3, axis=2) for image in walker[20:50]]
    model = folder / "mein modell.task"
    model.write_bytes(landmark_model.read_bytes())
    scan = scan_people(write_video(folder / "grau weiß.mp4", grey), model)
    assert len(scan.tracks[0]) >= 28


def test_a_cut_ends_every_track(tmp_path: Path, landmark_model: Path, walker: Frames):
    other_place = [np.ascontiguousarray(255 - image[:, ::-1]) for image in walker[30:50]]
    path = write_video(tmp_path / "cut.mp4", [*walker[:20], *other_place])
    scan = scan_people(path, landmark_model)
    assert scan.shots == ((0, 20), (20, 40))
    for track in scan.tracks:
        assert track.frames[-1] < 20 or track.frames[0] >= 20
    assert any("2 shots" in note for note in scan.notes)


def test_a_panning_camera_is_said(tmp_path: Path, landmark_model: Path, walker: Frames):
    frames = [seen_by_camera(image, (480, 360), 250 + 3 * i, 240) for i, image in enumerate(walker[:40])]
    scan = scan_people(write_video(tmp_path / "pan.mp4", frames), landmark_model)
    assert scan.camera.moving
    assert any("camera moves" in note for note in scan.notes)
    assert len(scan.tracks[0]) >= 36


def test_trimming_numbers_frames_by_the_source(tmp_path: Path, landmark_model: Path, walker: Frames):
    path = write_video(tmp_path / "trim.mp4", walker[:30])
    scan = scan_people(path, landmark_model, start=10, end=18)
    assert scan.indices.tolist() == list(range(10, 18))
    assert scan.times[0] == pytest.approx(10 / 30)
    assert scan.tracks[0].frames.tolist() == list(range(8))


def test_one_person_at_most_when_asked(crossing, tmp_path: Path, landmark_model: Path):
    path = write_video(tmp_path / "two.mp4", crossing.films["both"].frames[:12])
    assert len(scan_people(path, landmark_model, max_people=1).tracks) == 1


def test_a_place_without_people_is_said(tmp_path: Path, landmark_model: Path, nobody: np.ndarray):
    path = write_video(tmp_path / "empty street.mp4", [nobody] * 8)
    with pytest.raises(NobodyFound, match=r"empty street\.mp4") as caught:
        scan_people(path, landmark_model)
    assert caught.value.code == "people.none_found"
    assert caught.value.exit_code == 2


def test_a_cut_off_video_is_refused_or_used_as_far_as_it_goes(
    tmp_path: Path, landmark_model: Path, walker: Frames
):
    whole = write_video(tmp_path / "whole.mp4", walker[:30], index_first=True)
    path = cut_short(whole, 0.7, tmp_path / "cut.mp4")
    with pytest.raises(VideoTruncated):
        scan_people(path, landmark_model)
    scan = scan_people(path, landmark_model, allow_partial=True)
    assert 5 < len(scan.times) < 30
    assert any("cut off" in note for note in scan.notes)


def test_progress_rises_to_the_end_and_cancelling_leaves_no_thread(
    tmp_path: Path, landmark_model: Path, walker: Frames
):
    path = write_video(tmp_path / "clip.mp4", walker[:12])
    seen = []
    scan_people(path, landmark_model, progress=lambda *step: seen.append(step))
    assert seen == [("people", done, 12) for done in range(1, 13)]

    def stop(stage: str, done: int, total: int) -> None:
        if done == 4:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        scan_people(path, landmark_model, progress=stop)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("people", "read-ahead"))]


def test_the_native_library_keeps_quiet(
    tmp_path: Path, landmark_model: Path, walker: Frames, capfd: pytest.CaptureFixture[str]
):
    path = write_video(tmp_path / "clip.mp4", walker[:5])
    capfd.readouterr()
    scan_people(path, landmark_model)
    assert capfd.readouterr().err == ""
    os.write(2, b"still open")
    assert capfd.readouterr().err == "still open"


def test_a_model_that_mediapipe_cannot_run_is_said(tmp_path: Path, walker: Frames):
    model = tmp_path / "broken.task"
    model.write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(LandmarkModelCorrupt, match=r"broken\.task"):
        scan_people(write_video(tmp_path / "clip.mp4", walker[:2]), model)
