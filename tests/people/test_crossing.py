"""Two people who cross keep their ids, and each is seen as if alone."""

from __future__ import annotations

import numpy as np
import pytest
from reel2rig.core.people.detect import PeopleScan
from scanned_crossing import Crossing


def test_both_people_are_found_and_nobody_else(crossing: Crossing):
    tracks = crossing.scans["both"].tracks
    assert [track.id for track in tracks] == [1, 2]
    assert len(tracks[0]) >= len(tracks[1])
    assert crossing.track("near") is not crossing.track("far")
    for track in tracks:
        assert track.frames[0] == 0
        assert track.frames[-1] == 74  # the same id before and after


@pytest.mark.parametrize("name", ["near", "far"])
def test_nobody_changes_places(crossing: Crossing, name: str):
    track = crossing.track(name)
    truth = crossing.films[name]
    joints = truth.joints[0][track.frames, 0]  # pelvis in camera space
    pixels = joints[:, :2] / joints[:, 2:] * truth.focal_px + [320, 240]
    hips = track.image[:, 23:25, :2].mean(1)
    # MediaPipe's hips lie some pixels below the pelvis joint; the other person is far more than that away.
    assert np.linalg.norm(hips - pixels, axis=1).max() < 20


@pytest.mark.parametrize("name", ["near", "far"])
def test_each_result_equals_that_person_alone_within_three_centimetres(crossing: Crossing, name: str):
    together, alone = crossing.track(name), crossing.scans[name].tracks[0]
    frames, here, there = np.intersect1d(together.frames, alone.frames, return_indices=True)
    world = np.linalg.norm(together.world[here] - alone.world[there], axis=2).mean(1)
    pixels = np.linalg.norm(together.image[here, :, :2] - alone.image[there, :, :2], axis=2).mean(1)
    depth = crossing.films[name].joints[0][frames, 0, 2]
    in_image = pixels * depth / crossing.films[name].focal_px
    assert world.mean() < 0.03
    assert in_image.mean() < 0.03
    assert np.median(world) < 0.015
    assert np.median(in_image) < 0.015


def test_the_one_behind_is_missing_where_hidden_and_nowhere_else(crossing: Crossing):
    films = crossing.films
    whole = np.array([mask.sum() for mask in films["far"].masks[0]])
    shown = np.array([mask.sum() for mask in films["both"].masks[1]])
    hidden = 1 - shown / whole
    assert hidden.max() > 0.5
    missing = np.setdiff1d(np.arange(75), crossing.track("far").frames)
    assert set(np.flatnonzero(hidden > 0.25)) <= set(missing)
    assert len(missing) <= (hidden > 0.02).sum() + 6
    assert len(crossing.track("near")) == 75


def test_a_person_alone_is_seen_in_every_frame(crossing: Crossing):
    for name in ("near", "far"):
        scan: PeopleScan = crossing.scans[name]
        assert len(scan.tracks) == 1
        assert len(scan.tracks[0]) == 75
        assert scan.tracks[0].mean_confidence > 0.7
        assert scan.camera.static
        assert scan.shots == ((0, 75),)
        assert scan.notes == ()


def test_thumbnails_show_their_person(crossing: Crossing):
    shirts = {}
    for name in ("near", "far"):
        footage = crossing.films[name]
        rows, columns = np.nonzero(footage.masks[0][0])
        chest = rows < np.quantile(rows, 0.4)
        shirts[name] = np.median(footage.frames[0][rows[chest], columns[chest]], axis=0)
    for name, other in (("near", "far"), ("far", "near")):
        thumbnail = crossing.track(name).thumbnail
        assert thumbnail.shape == (192, 128, 3)
        share = {who: (np.abs(thumbnail - shirts[who]).sum(2) < 70).mean() for who in (name, other)}
        assert share[name] > 0.015
        assert share[name] > 5 * share[other]
