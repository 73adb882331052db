"""The geometry that tracking rests on: outlines, removal, expectation, recognition."""

from __future__ import annotations

import numpy as np
import pytest
from footage import texture
from reel2rig.core.people.appearance import clothes_colours, cut_out, likeness
from reel2rig.core.people.painting import Background, hidden_share
from reel2rig.core.people.poses import Pose, distance, grown, outline, overlap, touch
from reel2rig.core.people.search import enlarged, fine_squares, is_new, squares
from scanned_crossing import Crossing


def pose_of(crossing: Crossing, name: str, frame: int) -> Pose:
    track = crossing.scans[name].tracks[0]
    return Pose(track.image[frame], track.visibility[frame], track.world[frame])


def test_an_outline_covers_its_person_and_little_else(crossing: Crossing):
    for name in ("near", "far"):
        for frame in (5, 40, 70):
            drawn = crossing.films[name].masks[0][frame]
            mask = outline(pose_of(crossing, name, frame), drawn.shape) > 0
            assert (drawn & mask).sum() > 0.93 * drawn.sum()
            assert (mask & ~drawn).sum() < 1.3 * drawn.sum()


def test_who_is_nearer_has_the_larger_scale(crossing: Crossing):
    near, far = pose_of(crossing, "near", 10), pose_of(crossing, "far", 10)
    assert near.scale > 1.15 * far.scale


def test_a_learnt_background_takes_people_out_without_a_trace(crossing: Crossing, nobody: np.ndarray):
    frames = crossing.films["near"].frames
    background = Background()
    for frame in range(0, 75, 8):
        background.learn(frames[frame], [pose_of(crossing, "near", frame)])
    cleared = background.without(frames[40], [pose_of(crossing, "near", 40)], grow=1.3)
    before = np.abs(frames[40].astype(int) - nobody).mean(2)
    after = np.abs(cleared.astype(int) - nobody).mean(2)
    assert (before > 25).sum() > 5000
    assert (after > 25).sum() < 200


def test_an_unknown_background_is_continued_smoothly(crossing: Crossing, nobody: np.ndarray):
    frame, pose = crossing.films["near"].frames[40], pose_of(crossing, "near", 40)
    cleared = Background().without(frame, [pose], grow=1.2)
    mask = crossing.films["near"].masks[0][40]
    assert np.abs(cleared[mask].mean(0) - nobody[mask].mean(0)).max() < 20
    assert np.shares_memory(frame, Background().without(frame, []))  # nobody to remove, nothing copied


def test_a_background_that_has_moved_is_not_believed(crossing: Crossing):
    frame, pose = crossing.films["near"].frames[40], pose_of(crossing, "near", 40)
    background = Background()
    background.learn(texture(640, 480), [])
    mask = crossing.films["near"].masks[0][40]
    cleared = background.without(frame, [pose])
    smooth = Background().without(frame, [pose])
    assert np.array_equal(cleared[mask], smooth[mask])


def test_the_one_in_front_is_kept(crossing: Crossing):
    both = crossing.films["both"]
    near, far = pose_of(crossing, "near", 36), pose_of(crossing, "far", 36)
    cleared = Background().without(both.frames[36], [far], keep=[near])
    mask = both.masks[0][36]
    changed = np.abs(cleared.astype(int) - both.frames[36]).sum(2) > 0
    assert (changed & mask).sum() < 0.06 * mask.sum()


def test_the_hidden_share_follows_the_truth(crossing: Crossing):
    whole = np.array([mask.sum() for mask in crossing.films["far"].masks[0]])
    shown = np.array([mask.sum() for mask in crossing.films["both"].masks[1]])
    for frame in (0, 10, 36, 38, 40, 70):
        share = hidden_share(pose_of(crossing, "far", frame), [pose_of(crossing, "near", frame)], (480, 640))
        assert share == pytest.approx(1 - shown[frame] / whole[frame], abs=0.25)


def test_clothes_tell_people_apart(crossing: Crossing):
    def colours(name: str, frame: int) -> np.ndarray:
        found = clothes_colours(crossing.films[name].frames[frame], pose_of(crossing, name, frame))
        assert found is not None
        return found

    for name, other in (("near", "far"), ("far", "near")):
        same = likeness(colours(name, 5), colours(name, 65))
        assert same > 0.7
        assert same - likeness(colours(name, 5), colours(other, 65)) > 0.3


def test_nobody_in_view_gives_no_colours(crossing: Crossing):
    pose = pose_of(crossing, "near", 5).moved(np.array([5000.0, 0.0]))
    assert clothes_colours(crossing.films["near"].frames[5], pose) is None


def test_a_thumbnail_works_at_the_edge_and_for_giants(crossing: Crossing):
    frame, pose = crossing.films["near"].frames[5], pose_of(crossing, "near", 5)
    for shift in ([-300.0, 0.0], [400.0, 200.0]):
        assert cut_out(frame, pose.moved(np.array(shift))).shape == (192, 128, 3)
    large = np.repeat(np.repeat(frame, 3, axis=0), 3, axis=1)
    giant = Pose(pose.image * 3, pose.visibility, pose.world)
    small, big = cut_out(frame, pose).astype(int), cut_out(large, giant).astype(int)
    assert np.abs(small - big).mean() < 8


def test_boxes():
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert touch((0, 0, 2, 2), (1, 1, 3, 3))
    assert not touch((0, 0, 2, 2), (2.1, 0, 3, 2))
    assert grown((0, 0, 10, 20), 2) == (-15, -10, 25, 30)


@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (1920, 1080), (300, 300), (37, 50), (16, 900)])
def test_search_squares_cover_the_picture_and_stay_inside(size: tuple[int, int]):
    for parts in (squares(size), fine_squares(size)):
        for x0, y0, x1, y1 in parts:
            assert 0 <= x0 < x1 <= size[1]
            assert 0 <= y0 < y1 <= size[0]
    seen = np.zeros(size, bool)
    for x0, y0, x1, y1 in fine_squares(size):
        seen[y0:y1, x0:x1] = True
    assert seen.all()


@pytest.mark.parametrize("zoom", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("centre", [(3.0, 5.0), (320.0, 100.0), (639.0, 479.0)])
def test_enlarging_keeps_the_relative_place(zoom: float, centre: tuple[float, float]):
    rows, columns = np.mgrid[0:480, 0:640]
    image = np.dstack([columns, rows]).astype(np.int32)
    part = enlarged(image, np.array(centre), zoom)
    height, width = part.shape[:2]
    x, y = int(centre[0] / 640 * width), int(centre[1] / 480 * height)
    assert np.abs(part[y, x] - centre).max() <= 2
    assert width / height == pytest.approx(640 / 480, rel=0.02)


def test_somebody_known_is_not_new(crossing: Crossing):
    near, far = pose_of(crossing, "near", 5), pose_of(crossing, "far", 5)
    size = (480, 640)
    assert is_new(near, [far], size)
    assert not is_new(near, [near.moved(np.array([8.0, 0.0]))], size)
    assert not is_new(near.moved(np.array([900.0, 0.0])), [], size)
    assert not is_new(Pose(near.image, near.visibility * 0.3, near.world), [], size)
    assert distance(near, near) == 0
