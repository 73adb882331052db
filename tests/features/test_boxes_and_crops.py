"""Where crops are, and that points find their way into a crop and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reel2rig.core.features.images.boxes import NoBox, box_from_keypoints, scaled, smooth_boxes
from reel2rig.core.features.images.crops import crop_image, normalise, to_crop, to_image, translation

BODY = np.array([[100, 50, 1.0], [130, 90, 0.9], [70, 90, 0.31], [100, 130, 0.8], [999, 999, 0.3]])
BOX = st.tuples(st.floats(-500, 4000), st.floats(-500, 4000), st.floats(20, 3000)).map(np.array)


def test_a_box_surrounds_the_visible_keypoints_by_either_rule() -> None:
    assert box_from_keypoints(BODY) == pytest.approx([100, 90, 110])  # extent 60 x 80: diagonal 100
    assert box_from_keypoints(BODY, "longer") == pytest.approx([100, 90, 88])
    both = box_from_keypoints(np.stack([BODY, BODY + np.array([5.0, 0, 0])]))
    assert both[:, 0] == pytest.approx([100, 105])
    assert scaled(both, 1.3)[:, 2] == pytest.approx([143, 143])


def test_nothing_visible_or_a_single_point_gives_no_box() -> None:
    hidden, single = BODY.copy(), BODY.copy()
    hidden[:, 2] = 0.2
    single[1:, 2] = 0.0
    assert np.isnan(box_from_keypoints(np.stack([hidden, single]))).all()


def test_missing_boxes_lie_between_their_neighbours_and_rows_keep_their_frames() -> None:
    """Also when the first frames are the missing ones: a box that moves steadily stays on its own frame."""
    t = np.arange(200.0)
    boxes = np.column_stack([100 + 2 * t, 300 - t, np.full(200, 80.0)])
    gaps = boxes.copy()
    gaps[90:100] = np.nan
    assert np.allclose(smooth_boxes(gaps)[40:160], boxes[40:160], atol=1e-6)
    late = boxes.copy()
    late[:30] = np.nan
    found = smooth_boxes(late)
    assert len(found) == 200
    assert np.allclose(found[70:160], boxes[70:160], atol=1e-6)
    assert np.ptp(found[:3, 0]) < 0.5
    assert abs(found[0, 0] - boxes[30, 0]) < 3


def test_a_box_that_jumps_for_a_moment_and_comes_back_is_ignored() -> None:
    boxes = np.tile([200.0, 150.0, 90.0], (60, 1))
    wild = boxes.copy()
    wild[30:34] = [600, 20, 400]
    wild[0] = [900, 0, 10]
    assert np.allclose(smooth_boxes(wild), boxes, atol=1e-9)


def test_trembling_boxes_become_calm() -> None:
    random = np.random.default_rng(0)
    boxes = np.array([200.0, 150.0, 90.0]) + random.normal(0, 3, (120, 3))
    found = smooth_boxes(boxes)
    assert np.abs(np.diff(found, axis=0)).mean() < 0.05 * np.abs(np.diff(boxes, axis=0)).mean()


def test_at_a_low_frame_rate_the_filters_do_not_lose_somebody_who_turns_back() -> None:
    seconds = np.arange(100) / 10  # 10 frames per second
    x = 500 + 300 * np.sin(2 * np.pi * seconds / 4)
    boxes = np.column_stack([x, np.full(100, 200.0), np.full(100, 120.0)])
    assert np.abs(smooth_boxes(boxes, rate=10)[10:-10, 0] - x[10:-10]).max() < 60  # still inside the box
    assert np.abs(smooth_boxes(boxes, rate=30)[10:-10, 0] - x[10:-10]).max() > 100


def test_one_frame_is_enough_and_no_box_at_all_is_refused() -> None:
    assert smooth_boxes(np.array([[5.0, 6.0, 70.0]])) == pytest.approx(np.array([[5.0, 6.0, 70.0]]))
    with pytest.raises(NoBox):
        smooth_boxes(np.full((3, 3), np.nan))


@settings(max_examples=50, deadline=None)
@given(BOX, st.tuples(st.floats(-1000, 5000), st.floats(-1000, 5000)))
def test_points_return_from_a_crop(box: np.ndarray, point: tuple[float, float]) -> None:
    points = np.array([point])
    assert np.abs(to_image(to_crop(points, box), box) - points).max() < 1e-3
    assert to_crop(box[None, :2], box) == pytest.approx(np.array([[112.0, 112.0]]))


def test_a_crop_shows_the_picture_where_its_points_say_and_black_outside() -> None:
    image = np.full((400, 600, 3), 90, np.uint8)
    cv2.circle(image, (420, 130), 9, (250, 40, 10), -1)
    box = np.array([390.0, 160.0, 380.0])  # reaches over the upper edge
    crop = crop_image(image, box)
    assert crop.shape == (224, 224, 3)
    seen = crop[..., 0].astype(int) - crop[..., 1] > 100
    rows, columns = np.nonzero(seen)
    assert [columns.mean(), rows.mean()] == pytest.approx(to_crop([[420, 130]], box)[0], abs=0.3)
    assert (crop[:15] == 0).all()
    assert (crop[20:30, 5:20] == 90).all()


def test_normalised_crops_have_the_published_mean_and_deviation() -> None:
    crops = np.zeros((2, 8, 8, 3), np.uint8)
    crops[1] = 255
    x = normalise(crops)
    assert x.shape == (2, 3, 8, 8)
    assert x[0, :, 0, 0].tolist() == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    assert x[1, :, 3, 5].tolist() == pytest.approx(
        [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    )


@settings(max_examples=50, deadline=None)
@given(st.floats(0.3, 1.5), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), BOX)
def test_the_translation_puts_the_pelvis_where_the_crop_camera_sees_it(
    s: float, tx: float, ty: float, box: np.ndarray
) -> None:
    focal, width, height = 1500.0, 1920, 1080
    x, y, z = translation(np.array([[s, tx, ty]]), box[None], focal, width, height)[0]
    seen = np.array([[focal * x / z + width / 2, focal * y / z + height / 2]])
    in_crop = np.array([[112 + 112 * s * tx, 112 + 112 * s * ty]])
    assert np.abs(to_image(in_crop, box) - seen).max() < 1e-3
    assert 1.0 * focal / z == pytest.approx(s * box[2] / 2)  # a metre at the pelvis covers s half crops
