"""Everything here simply works: footage of every length, rate, size, colour and orientation."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from footage import write_video
from reel2rig.core.video.info import probe


def limb_lengths(clip):
    joints = clip.joints
    return np.linalg.norm(joints[:, [4, 5, 18, 19]] - joints[:, [1, 2, 16, 17]], axis=-1)


@pytest.mark.parametrize("count", [1, 10])
def test_a_clip_shorter_than_the_networks_window_is_captured_whole(capture, footage, tmp_path, count):
    _, (clip,), _ = capture(write_video(tmp_path / "short.mp4", footage.frames[:count]))
    assert clip.frames.tolist() == list(range(count))
    assert clip.valid.all()
    assert clip.space == "world_yup"
    assert 1.3 < np.ptp(clip.joints[0, :, 1]) < 2.1  # a standing adult, in metres, the right way up


@pytest.mark.parametrize("fps", [Fraction(10), Fraction(30000, 1001), Fraction(120)])
def test_the_rate_of_the_video_is_kept_exactly(capture, footage, tmp_path, fps):
    _, (clip,), _ = capture(write_video(tmp_path / "rate.mp4", footage.frames[:20], fps))
    assert clip.fps == fps
    assert len(clip) == 20


def test_limbs_never_change_their_length(capture, footage, tmp_path):
    _, (clip,), _ = capture(write_video(tmp_path / "walk.mp4", footage.frames))
    assert np.ptp(limb_lengths(clip), axis=0).max() < 1e-4


def test_a_phones_rotation_flag_changes_nothing_but_the_storage(capture, footage, tmp_path):
    upright = write_video(tmp_path / "upright.mp4", footage.frames)
    # Stored lying on its side; the flag tells players to turn it back.
    sideways = [np.rot90(image, -1) for image in footage.frames]
    turned = write_video(tmp_path / "phone.mp4", sideways, rotation=90)
    result, (clip,), job = capture(turned, tmp_path / "job1")
    _, (expected,), _ = capture(upright, tmp_path / "job2")
    assert (result["video"]["width"], result["video"]["height"]) == (640, 480)
    # Compressed lying on its side, the picture is not the same to the last bit.
    assert np.linalg.norm(clip.joints - expected.joints, axis=-1).mean() < 0.03
    proxy = probe(job / result["proxy"])
    assert (proxy.width, proxy.height, proxy.rotation) == (640, 480, 0)


def test_variable_rate_footage_is_placed_by_time(capture, footage, tmp_path):
    steady = np.arange(len(footage.frames)) / 30
    # Every third frame of the second half is dropped, as phones do in the dark: times tell, counts do not.
    kept = [k for k in range(len(steady)) if k < 20 or k % 3]
    video = write_video(
        tmp_path / "vfr.mp4", [footage.frames[k] for k in kept], times=[steady[k] for k in kept]
    )
    result, (clip,), job = capture(video, tmp_path / "job1")
    _, (expected,), _ = capture(write_video(tmp_path / "cfr.mp4", footage.frames), tmp_path / "job2")
    assert result["video"]["variable_rate"]
    seconds = clip.frames / float(clip.fps)
    assert seconds[-1] == pytest.approx(steady[-1], abs=0.05)
    same_time = np.interp(seconds, steady, expected.joints[:, 20, 0])  # the left wrist's way
    assert np.abs(same_time - clip.joints[:, 20, 0]).mean() < 0.06
    proxy = probe(job / result["proxy"])
    assert not proxy.variable_rate
    assert proxy.fps == clip.fps


def test_odd_sizes_and_grey_pictures_are_captured(capture, footage, tmp_path):
    odd = [np.ascontiguousarray(image[:479, :633]) for image in footage.frames[:12]]
    _, (clip,), _ = capture(write_video(tmp_path / "odd.mp4", odd), tmp_path / "odd")
    assert (clip.camera.width, clip.camera.height) == (633, 479)
    grey = [
        cv2.cvtColor(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for f in footage.frames[:12]
    ]
    _, (clip,), _ = capture(write_video(tmp_path / "grey.mp4", grey, pix_fmt="gray"), tmp_path / "grey")
    assert len(clip) >= 10


def test_paths_may_hold_spaces_and_any_letters(capture, footage, tmp_path):
    folder = tmp_path / "Aufnahmen für Zoë 動画"
    folder.mkdir()
    result, (clip,), _ = capture(
        write_video(folder / "mein Film.mp4", footage.frames[:5]), job=folder / "der job"
    )
    assert clip.source == "mein Film.mp4"
    assert result["video"]["path"].endswith("mein Film.mp4")


def test_a_trimmed_capture_keeps_the_source_frame_numbers(capture, footage, tmp_path):
    video = write_video(tmp_path / "long.mp4", footage.frames)
    _, (clip,), _ = capture(video, start="10", end="1.0s")
    assert clip.frames.tolist() == list(range(10, 30))


def test_a_short_absence_is_bridged_and_marked(capture, footage, tmp_path):
    empty = np.median(footage.frames, axis=0).astype(np.uint8)
    frames = [empty if 20 <= k < 30 else image for k, image in enumerate(footage.frames)]
    _, (clip,), _ = capture(write_video(tmp_path / "gone.mp4", frames))
    assert clip.frames[0] <= 2
    assert clip.frames[-1] >= len(frames) - 3
    assert np.array_equal(clip.frames, np.arange(clip.frames[0], clip.frames[-1] + 1))
    assert not clip.valid[(clip.frames >= 21) & (clip.frames < 29)].any()
    assert np.isfinite(clip.rotations).all()
