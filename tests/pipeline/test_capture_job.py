"""What a capture leaves in its job folder, and what it refuses."""

import json

import numpy as np
import pytest
from footage import cut_short, write_video
from reel2rig.core.errors import Cancelled
from reel2rig.core.people.detect import NobodyFound
from reel2rig.core.pipeline.cache import StageCache, content_digest, stage_key
from reel2rig.core.pipeline.choice import UnknownPerson
from reel2rig.core.pipeline.settings import BadSetting, CaptureSettings
from reel2rig.core.video.errors import VideoTruncated


@pytest.fixture
def video(footage, tmp_path):
    return write_video(tmp_path / "walk.mp4", footage.frames)


def test_the_root_is_the_pelvis_and_moves_the_way_the_person_walked(capture, video, footage):
    _, (clip,), _ = capture(video, focal_px=footage.focal_px)
    assert np.array_equal(clip.joints[:, 0], clip.root)
    truth = footage.joints[0][:, 0]
    travelled, expected = (np.linalg.norm(path[-1] - path[0]) for path in (clip.root, truth))
    assert travelled == pytest.approx(expected, rel=0.25)
    assert abs(clip.joints[:, [10, 11], 1].min()) < 0.12  # toes near the floor
    seen = clip.camera.project(clip.joints)
    focal, size = footage.focal_px, np.array([640, 480])
    drawn = footage.joints[0][..., :2] / footage.joints[0][..., 2:] * focal + size / 2
    assert np.linalg.norm(seen - drawn, axis=-1).mean() < 20  # of about 290 px of height


def test_a_known_height_scales_the_world_and_leaves_the_picture(capture, video, tmp_path):
    _, (plain,), _ = capture(video, tmp_path / "a")
    _, (tall,), _ = capture(video, tmp_path / "a", height_m=1.95)
    ratio = tall.body_scale / plain.body_scale
    assert ratio != pytest.approx(1.0, abs=0.01)
    assert np.allclose(tall.joints, plain.joints * ratio, atol=2e-3)
    assert np.abs(tall.camera.project(tall.joints) - plain.camera.project(plain.joints)).max() < 0.1


def test_the_same_video_and_settings_give_the_same_numbers(capture, video, tmp_path):
    _, (first,), _ = capture(video, tmp_path / "a")
    _, (second,), _ = capture(video, tmp_path / "b")
    assert np.array_equal(first.rotations, second.rotations)
    assert np.array_equal(first.root, second.root)


def test_a_second_capture_in_the_same_job_reads_the_video_no_more(capture, video, tmp_path):
    calls = []
    job = tmp_path / "job"
    capture(video, job, progress=lambda stage, done, total: calls.append((stage, done)))
    read = sum(stage == "people" for stage, _ in calls)
    calls.clear()
    capture(video, job, smoothing=0, progress=lambda stage, done, total: calls.append((stage, done)))
    assert sum(stage == "people" for stage, _ in calls) == 1 < read
    calls.clear()
    capture(video, job, end="20", progress=lambda stage, done, total: calls.append((stage, done)))
    assert sum(stage == "people" for stage, _ in calls) > 1


def test_smoothing_calms_and_zero_leaves_the_motion_as_it_came(capture, video, tmp_path):
    _, (raw,), _ = capture(video, tmp_path / "a", smoothing=0)
    _, (smooth,), _ = capture(video, tmp_path / "a")

    def restlessness(clip):
        return np.abs(np.diff(clip.joints - clip.root[:, None], n=2, axis=0)).mean()

    assert restlessness(smooth) < 0.8 * restlessness(raw)


def test_the_result_names_every_person_with_length_confidence_and_thumbnail(capture, video):
    result, _, job = capture(video)
    (track,) = result["tracks"]
    assert track["frames"] >= 40
    assert 0.5 < track["confidence"] <= 1
    assert (job / track["thumbnail"]).read_bytes().startswith(b"\x89PNG")
    assert json.loads((job / "result.json").read_text()) == result


def test_a_cancelled_capture_leaves_no_result(capture, video, tmp_path):
    def cancel(stage, done, total):
        if stage == "people" and done > 10:
            raise Cancelled("Cancelled on request.")

    with pytest.raises(Cancelled):
        capture(video, tmp_path / "job", progress=cancel)
    assert not (tmp_path / "job" / "result.json").exists()
    assert not list((tmp_path / "job").rglob("*.tmp"))


def test_an_empty_street_is_refused(capture, footage, tmp_path):
    empty = np.median(footage.frames, axis=0).astype(np.uint8)
    with pytest.raises(NobodyFound):
        capture(write_video(tmp_path / "street.mp4", [empty] * 12))


def test_a_person_who_is_not_there_is_refused(capture, video):
    with pytest.raises(UnknownPerson, match="found are 1"):
        capture(video, person="7")


def test_a_cut_off_video_is_refused_and_partly_read_on_request(capture, footage, tmp_path):
    whole = write_video(tmp_path / "whole.mp4", footage.frames, index_first=True)
    broken = cut_short(whole, 0.6, tmp_path / "broken.mp4")
    with pytest.raises(VideoTruncated, match="--allow-partial"):
        capture(broken)
    _, (clip,), _ = capture(broken, allow_partial=True)
    assert 8 < len(clip) < len(footage.frames)


def test_what_is_left_of_a_cut_off_phone_video_gets_its_proxy(capture, footage, tmp_path):
    sideways = [np.rot90(image, -1) for image in footage.frames]
    whole = write_video(tmp_path / "whole.mp4", sideways, rotation=90, index_first=True)
    result, _, job = capture(cut_short(whole, 0.6, tmp_path / "broken.mp4"), allow_partial=True)
    assert (job / result["proxy"]).stat().st_size > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"person": "everyone"},
        {"person": "0"},
        {"max_people": 0},
        {"smoothing": float("nan")},
        {"height_m": 17.0},
        {"focal_px": -1.0},
        {"device": "abacus"},
        {"unknown": 1},
        {"refine": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(BadSetting):
        CaptureSettings.from_json(settings)


def test_settings_survive_their_json():
    settings = CaptureSettings(person="1,3", start="4.5s", height_m=1.8, refine=False)
    assert CaptureSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_a_damaged_cache_counts_as_none(tmp_path):
    cache, key = StageCache(tmp_path), stage_key("people", {"video": "x"})
    cache.save(key, {"a": np.arange(3)})
    assert cache.load(key)["a"].tolist() == [0, 1, 2]
    file = tmp_path / "stages" / f"{key}.npz"
    file.write_bytes(file.read_bytes()[:40])
    assert cache.load(key) is None


def test_a_job_reads_a_video_once_to_know_it_again(tmp_path):
    video, cache = tmp_path / "walk.mp4", StageCache(tmp_path)
    video.write_bytes(b"frames")
    digest = cache.digest(video)
    assert digest == content_digest(video)
    video.unlink()
    assert cache.digest(video) == digest
