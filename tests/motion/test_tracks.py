"""People taken for each other are put right: merged, split, swapped, and the same again from JSON."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from reel2rig.core.motion.body import free_body_path, load_body
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.rotations import quaternion_from_rotvec, rotation_angle
from reel2rig.core.motion.track_parts import (
    TrackNotSeen,
    TracksApart,
    TracksDiffer,
    merge_clips,
    split_clip,
    swap_clips,
)
from reel2rig.core.motion.tracks import (
    BadTrackEdit,
    TrackEdit,
    TrackMissing,
    apply_edits,
    edits_from_json,
    edits_to_json,
)


@pytest.fixture(scope="module")
def person():
    """A function (track, first, last, ...) -> clip: everybody walks along x with bent knees."""
    body = load_body(free_body_path())

    def make(track, first, last, betas=None, scale=1.0, aside=0.0, valid=None, **changes):
        frames = np.arange(first, last)
        betas = np.zeros(10) if betas is None else np.asarray(betas, float)
        swing = np.zeros((len(frames), 24, 3))
        swing[:, [4, 5], 0] = 0.4 + 0.1 * np.sin(frames / 7)[:, None]
        root = np.stack([frames / 30, np.full(len(frames), 0.9), np.full(len(frames), aside)], axis=-1)
        seen = np.ones(len(frames), bool) if valid is None else np.isin(frames, valid)
        fields = {
            "rotations": quaternion_from_rotvec(swing), "root": root, "betas": betas,
            "rest_joints": body.joints(betas) * scale, "fps": Fraction(30), "frames": frames, "valid": seen,
            "contacts": np.full((len(frames), 4), float(track) / 10), "space": "world_yup",
            "body_scale": scale, "track": track, "source": "two.mp4",
        }  # fmt: skip
        return MotionClip(**(fields | changes))

    return make


def test_a_lost_person_found_again_is_one_with_a_gap_that_is_not_valid(person):
    merged = merge_clips(person("1", 0, 30), person("4", 50, 80))
    assert merged.track == "1"
    assert merged.frames.tolist() == list(range(80))
    assert np.flatnonzero(~merged.valid).tolist() == list(range(30, 50))
    assert np.allclose(merged.root[:, 0], np.arange(80) / 30, atol=1e-5)  # the gap leads evenly across
    assert not merged.contacts[35:45].any()


def test_the_order_of_a_merge_decides_only_who_stays(person):
    early, late = person("1", 0, 30, betas=[1] * 10), person("4", 50, 90)
    one, other = merge_clips(early, late), merge_clips(late, early)
    assert (one.track, other.track) == ("1", "4")
    assert np.allclose(one.root, other.root, atol=1e-6)
    assert np.allclose(one.betas, other.betas, atol=1e-6)


def test_in_an_overlap_the_longer_one_wins_after_a_short_fade(person):
    merged = merge_clips(person("1", 0, 50), person("2", 30, 130, aside=0.3))
    aside = merged.root[:, 2]
    assert np.allclose(aside[:30], 0.0)
    assert np.allclose(aside[36:], 0.3, atol=1e-6)
    assert np.all(np.diff(aside[29:37]) > 0)
    assert np.abs(np.diff(aside)).max() < 0.1
    assert merged.valid.all()


def test_the_one_that_sees_the_person_fills_the_others_gaps(person):
    patchy = person("1", 0, 100, valid=np.r_[0:40, 60:100])
    merged = merge_clips(patchy, person("2", 35, 65, aside=0.2))
    assert merged.valid.all()
    assert np.allclose(merged.root[42:58, 2], 0.2, atol=1e-6)
    assert np.allclose(merged.root[66:, 2], 0.0, atol=1e-6)
    assert np.abs(np.diff(merged.root[:, 2])).max() < 0.1


def test_a_gap_that_nobody_sees_keeps_its_own_filling(person):
    patchy = person("1", 0, 60, valid=np.r_[0:20, 40:60])
    merged = merge_clips(patchy, person("2", 70, 90))
    assert np.array_equal(merged.root[20:40], patchy.root[20:40])


@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_the_merged_body_is_one_that_betas_describe(person, scale):
    body = load_body(free_body_path())
    merged = merge_clips(
        person("1", 0, 30, betas=np.linspace(-1, 1, 10)), person("2", 40, 100, betas=np.ones(10), scale=scale)
    )
    assert np.allclose(merged.rest_joints, merged.body_scale * body.joints(merged.betas), atol=1e-5)
    assert np.allclose(merged.betas[9], 1.0, atol=1e-5)
    assert 1.0 <= merged.body_scale <= scale


def test_feet_stay_as_high_as_they_were_when_the_shape_changes(person):
    tall = person("2", 40, 100, scale=1.15)
    merged = merge_clips(person("1", 0, 30), tall)
    feet = [7, 8, 10, 11]
    assert np.allclose(merged.joints[40:, feet, 1].mean(1), tall.joints[:, feet, 1].mean(1), atol=1e-4)


def test_two_people_side_by_side_are_not_merged(person):
    with pytest.raises(TracksApart, match=r"2\.0 m apart"):
        merge_clips(person("1", 0, 60), person("2", 20, 80, aside=2.0))
    merge_clips(person("1", 0, 60), person("2", 55, 80, aside=2.0))  # a moment of overlap proves nothing


@pytest.mark.parametrize("change", [{"fps": Fraction(25)}, {"source": "other.mp4"}, {"space": "blender"}])
def test_people_of_different_captures_are_neither_merged_nor_swapped(person, change):
    one, other = person("1", 0, 10), person("2", 20, 30, **change)
    for edit in (merge_clips, swap_clips):
        with pytest.raises(TracksDiffer, match="one capture"):
            edit(one, other)


def test_splitting_and_merging_again_gives_the_clip_back(person):
    clip = person("1", 10, 60, betas=np.ones(10))
    early, late = split_clip(clip, 25, "7")
    assert (early.track, late.track) == ("1", "7")
    assert (early.frames[-1], late.frames[0]) == (24, 25)
    again = merge_clips(early, late)
    assert np.allclose(again.root, clip.root, atol=1e-6)
    assert rotation_angle(again.rotations, clip.rotations).max() < 1e-3
    assert np.allclose(again.betas, clip.betas)
    assert again.valid.all()


@pytest.mark.parametrize("frame", [5, 10, 60, 99])
def test_a_split_needs_the_person_on_both_sides(person, frame):
    with pytest.raises(TrackNotSeen, match="both sides"):
        split_clip(person("1", 10, 60), frame, "2")


def test_a_split_in_the_unseen_beginning_is_refused(person):
    with pytest.raises(TrackNotSeen):
        split_clip(person("1", 0, 60, valid=np.arange(30, 60)), 20, "2")


def test_swapped_people_go_on_with_each_others_motion_in_their_own_shape(person):
    one, other = person("1", 0, 60, betas=np.ones(10)), person("2", 0, 60, betas=-np.ones(10), aside=1.5)
    first, second = swap_clips(one, other, 40)
    assert (first.track, second.track) == ("1", "2")
    assert np.array_equal(first.betas, one.betas)
    assert np.array_equal(second.rest_joints, other.rest_joints)
    assert np.allclose(first.root[:40], one.root[:40])
    assert np.allclose(first.root[40:, [0, 2]], other.root[40:, [0, 2]], atol=1e-6)
    assert np.allclose(second.root[40:, [0, 2]], one.root[40:, [0, 2]], atol=1e-6)
    feet = [7, 8, 10, 11]
    assert np.allclose(first.joints[40:, feet, 1].mean(1), other.joints[40:, feet, 1].mean(1), atol=1e-4)


def test_swapping_twice_gives_both_back(person):
    one, other = person("1", 0, 60, betas=np.ones(10)), person("2", 10, 70, aside=1.5)
    first, second = swap_clips(*swap_clips(one, other, 40), 40)
    assert np.allclose(first.root, one.root, atol=1e-4)
    assert np.allclose(second.root, other.root, atol=1e-4)
    assert np.array_equal(second.frames, other.frames)


def test_swapping_whole_exchanges_all_of_it(person):
    one, other = person("1", 0, 30), person("2", 10, 50, aside=1.5)
    first, second = swap_clips(one, other)
    assert np.array_equal(first.frames, other.frames)
    assert np.allclose(first.root, other.root, atol=1e-5)
    assert np.array_equal(second.frames, one.frames)


def test_a_swap_across_a_hole_marks_it_not_valid(person):
    first, second = swap_clips(person("1", 0, 30), person("2", 33, 80), 35)
    assert np.flatnonzero(~first.valid).tolist() == list(range(30, 35))
    assert first.frames[-1] == 79
    assert second.frames.tolist() == [33, 34]


def test_impossible_swaps_are_refused(person):
    with pytest.raises(TrackNotSeen, match="Neither"):
        swap_clips(person("1", 0, 30), person("2", 0, 30), 50)
    with pytest.raises(TrackNotSeen, match="Nothing would be left of person 2"):
        swap_clips(person("1", 0, 30), person("2", 40, 60), 35)


def test_edits_are_applied_in_order_and_survive_json(person):
    clips = [person("1", 0, 60), person("2", 0, 60, aside=1.5), person("3", 70, 90)]
    edits = (
        TrackEdit("merge", ("1", "3")),
        TrackEdit("split", ("2",), 30),
        TrackEdit("swap", ("1", "2"), 20),
    )
    kept = edits_from_json(edits_to_json(edits))
    assert kept == edits
    people = apply_edits(clips, kept)
    assert [clip.track for clip in people] == ["1", "2", "3"]  # 3 is free again after the merge
    assert people[2].frames[0] == 30
    assert people[1].frames[-1] == 89
    assert apply_edits(clips, ()) == tuple(clips)


def test_an_edit_of_somebody_who_is_not_there_names_those_who_are(person):
    with pytest.raises(TrackMissing, match=r"no person 9; there are 1, 2"):
        apply_edits([person("1", 0, 9), person("2", 0, 9)], [TrackEdit("merge", ("1", "9"))])


@pytest.mark.parametrize(
    ("kind", "tracks", "frame"),
    [("melt", ("1",), 3), ("merge", ("1",), None), ("merge", ("1", "1"), None), ("split", ("1",), None),
     ("split", ("1", "2"), 3), ("swap", ("1", "2"), 1.5), ("swap", ("1", "2"), True)],
)  # fmt: skip
def test_edits_that_make_no_sense_are_refused(kind, tracks, frame):
    with pytest.raises(BadTrackEdit):
        TrackEdit(kind, tracks, frame)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"kind": "merge"}]', '{"kind": 1}', "3"])
def test_a_damaged_text_is_refused(text):
    with pytest.raises(BadTrackEdit):
        edits_from_json(text)


def test_an_empty_text_holds_no_edits():
    assert edits_from_json("") == ()
