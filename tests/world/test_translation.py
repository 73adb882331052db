"""Where a body stands before the camera, from its landmarks alone."""

import numpy as np
import pytest
from reel2rig.core.world.translation import (
    LANDMARK_TRUST,
    default_focal_px,
    depth_from_crop,
    place_frames,
)

WIDTH, HEIGHT = 1920, 1080


def placed(body, scene, **changes):
    given = scene.prediction
    fields = {
        "landmarks": body.posed(given.rotations, given.betas[0]).landmarks,
        "image": given.image,
        "visibility": given.visibility,
        "focal_px": scene.camera.focal_px,
        "width": WIDTH,
        "height": HEIGHT,
    }
    return place_frames(**(fields | changes))


def test_exact_landmarks_give_the_exact_place(body, walk):
    scene = walk(30)
    found = placed(body, scene)
    assert np.abs(found.root - scene.path).max() < 1e-3
    assert found.error.max() < 1e-3


def test_noise_on_the_landmarks_leaves_depth_unbiased(body, walk):
    scene = walk(120, noise=0.02)
    ratio = placed(body, scene).root[:, 2] / scene.path[:, 2]
    assert abs(ratio.mean() - 1) < 0.01
    assert ratio.std() < 0.03


def test_a_third_of_the_landmarks_may_be_wrong(body, walk):
    scene = walk(40)
    image = scene.prediction.image.copy()
    rng = np.random.default_rng(0)
    wrong = rng.choice(np.flatnonzero(LANDMARK_TRUST), 6, replace=False)
    image[:, wrong] += rng.normal(0, 250, (40, 6, 2))
    error = np.abs(placed(body, scene, image=image).root - scene.path)
    assert np.median(error[:, 2] / scene.path[:, 2]) < 0.01


def test_landmarks_that_are_not_visible_have_no_say(body, walk):
    scene = walk(10)
    image, visibility = scene.prediction.image.copy(), scene.prediction.visibility.copy()
    image[:, 25:] = -1e6
    visibility[:, 25:] = 0.0
    assert np.abs(placed(body, scene, image=image, visibility=visibility).root - scene.path).max() < 1e-2


def test_depth_is_known_less_well_than_the_sideways_place(body, walk):
    scene = walk(5, noise=0.01)
    covariance = np.linalg.inv(placed(body, scene).information)
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    assert np.all(spread[:, 2] > 3 * spread[:, :2].max(axis=1))
    assert np.all(spread[:, 2] > 0.02 * scene.path[:, 2])


def test_with_nothing_seen_the_crop_camera_gives_the_depth_and_nothing_is_claimed(body, walk):
    scene = walk(4)
    nothing = np.zeros((4, 33))
    found = placed(body, scene, visibility=nothing, crop_depth=np.full(4, 3.5))
    assert np.allclose(found.root, [0, 0, 3.5], atol=1e-3)
    assert not found.information.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e9])
def test_landmarks_that_are_no_numbers_do_no_harm(body, walk, bad):
    scene = walk(3)
    image = scene.prediction.image.copy()
    image[1] = bad
    found = placed(body, scene, image=image)
    assert np.isfinite(found.root).all()
    assert np.isfinite(found.information).all()
    assert np.all(found.root[:, 2] > 0)


def test_the_crop_camera_s_depth_is_two_focal_lengths_over_its_size():
    depth = depth_from_crop([[0.9, 0, 0], [0, 0, 0]], [[5, 5, 400], [5, 5, 400]], 1000.0)
    assert depth[0] == pytest.approx(2 * 1000 / (0.9 * 400))
    assert np.isnan(depth[1])


def test_the_default_focal_length_is_the_diagonal():
    assert default_focal_px(1920, 1080) == pytest.approx(np.sqrt(1920**2 + 1080**2))
