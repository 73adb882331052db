"""Choosing a video: by dropping it, in the file browser, and what is seen of it before the worker has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.operators.video import VideoDrop  # noqa: E402
from reel2rig.blender_addon.panels.video import _range_text  # noqa: E402
from reel2rig.blender_addon.video_facts import VideoFacts, facts_from_scan, known_facts  # noqa: E402

pytestmark = pytest.mark.blender


@pytest.fixture
def film(tmp_path) -> Path:
    """Two seconds at 15 fps, 96 x 64."""
    path = tmp_path / "Tanz ü.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 15, (96, 64))
    for shade in range(30):
        writer.write(np.full((64, 96, 3), 8 * shade, np.uint8))
    writer.release()
    return path


def place(kind):
    return SimpleNamespace(area=kind and SimpleNamespace(type=kind))


def test_videos_may_be_dropped_on_the_viewport_and_nowhere_else(addon):
    handler = bpy.types.REEL2RIG_FH_video
    assert handler.poll_drop(place("VIEW_3D"))
    assert not handler.poll_drop(place("SEQUENCE_EDITOR"))
    assert not handler.poll_drop(place(None))


def test_the_endings_that_can_be_dropped_are_those_of_videos(addon):
    endings = VideoDrop.bl_file_extensions.split(";")
    assert {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".wmv"} <= set(endings)
    assert all(ending.startswith(".") and ending == ending.lower() for ending in endings)


def test_a_drop_calls_an_operator_that_takes_what_a_drop_hands_over(addon):
    name = VideoDrop.bl_import_operator.partition(".")[2]
    properties = getattr(bpy.ops.reel2rig, name).get_rna_type().properties
    assert {"filepath", "directory", "files"} <= set(properties.keys())


@pytest.mark.parametrize("by", ["filepath", "files"])
def test_one_dropped_video_is_chosen_and_nothing_starts(addon, film, by):
    dropped = {"filepath": str(film)} if by == "filepath" else {"directory": str(film.parent) + "/"}
    files = [] if by == "filepath" else [{"name": film.name}]
    assert bpy.ops.reel2rig.drop_video(**dropped, files=files) == {"FINISHED"}
    assert Path(addon.reel2rig.video) == film
    assert not jobs.capturing


def test_the_file_browser_takes_the_same(addon, film):
    assert bpy.ops.reel2rig.open_video(filepath=str(film)) == {"FINISHED"}
    assert Path(addon.reel2rig.video) == film


def test_several_dropped_videos_are_captured_one_after_another(addon, worker, make_video, tmp_path):
    files = [{"name": make_video(stem).name} for stem in ("b", "a", "c")]
    assert bpy.ops.reel2rig.drop_video(directory=str(tmp_path), files=files) == {"FINISHED"}
    assert [Path(request["video"]).stem for request in worker.requests()] == ["b", "a", "c"]
    assert len([thing for thing in addon.objects if thing.type == "ARMATURE"]) == 6
    assert addon.reel2rig.video == ""


def test_the_range_of_one_video_is_not_that_of_others(addon, worker, make_video, tmp_path):
    addon.reel2rig.trim, addon.reel2rig.trim_start, addon.reel2rig.trim_end = True, 3, 9
    files = [{"name": make_video(stem).name} for stem in ("a", "b")]
    bpy.ops.reel2rig.drop_video(directory=str(tmp_path), files=files)
    assert ["start" in request["settings"] for request in worker.requests()] == [False, False]


def test_the_facts_of_a_video_are_read_without_leaving_a_trace(addon, film):
    before = set(bpy.data.user_map())
    addon.reel2rig.video = str(film)
    facts = addon.reel2rig.facts()
    assert (facts.width, facts.height, facts.frame_count, facts.fps) == (96, 64, 30, 15)
    assert facts.size_line() == "96 x 64, 15 fps"
    assert facts.length_line() == "0:02, 30 frames"
    assert set(bpy.data.user_map()) == before


def test_a_file_that_is_no_video_says_so(addon, make_video, tmp_path):
    addon.reel2rig.video = str(make_video("letter"))
    assert "letter.mp4 cannot be read as a video" in addon.reel2rig.facts().problem
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.zeros((8, 8, 3), np.uint8))
    addon.reel2rig.video = str(picture)
    assert "picture.png cannot be read as a video" in addon.reel2rig.facts().problem
    addon.reel2rig.video = str(tmp_path / "gone.mp4")
    assert addon.reel2rig.facts().problem.startswith("There is no video")


def test_a_scan_corrects_what_blender_saw_of_a_turned_video(addon, film):
    addon.reel2rig.video = str(film)
    facts_from_scan(str(film), {"width": 64, "height": 96, "fps": [30000, 1001], "frame_count": 29})
    assert addon.reel2rig.facts() == VideoFacts(64, 96, 29, 30000 / 1001)
    assert addon.reel2rig.facts().size_line() == "64 x 96, 29.97 fps"


def test_the_range_stays_within_the_video(addon, film):
    chosen = addon.reel2rig
    chosen.video, chosen.trim = str(film), True
    chosen.trim_start, chosen.trim_end = 5, 900
    assert (chosen.trim_start, chosen.trim_end) == (5, 29)
    chosen.trim_end = 2
    assert (chosen.trim_start, chosen.trim_end) == (5, 5)
    chosen.trim_start = 100
    assert (chosen.trim_start, chosen.trim_end) == (29, 29)
    chosen.trim_start, chosen.trim_end = 15, 0  # the end of the video
    assert chosen.settings()["end"] is None
    assert _range_text(chosen, known_facts(str(film))) == "0:01.0 to 0:02.0, 15 frames"


def test_a_shorter_video_shortens_the_range(addon, film):
    chosen = addon.reel2rig
    chosen.trim, chosen.trim_start, chosen.trim_end = True, 20, 400
    chosen.video = str(film)
    assert (chosen.trim_start, chosen.trim_end) == (20, 29)


def test_the_playback_range_becomes_the_range_by_time(addon, film):
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.reel2rig.range_from_playback()
    addon.reel2rig.video = str(film)
    addon.render.fps, addon.frame_start, addon.frame_end = 30, 11, 31
    assert bpy.ops.reel2rig.range_from_playback() == {"FINISHED"}
    chosen = addon.reel2rig
    assert (chosen.trim, chosen.trim_start, chosen.trim_end) == (True, 5, 15)
