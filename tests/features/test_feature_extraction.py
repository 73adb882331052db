"""Streaming, sampling in time, and the cache, with a trunk that only tells the crop's mean colour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.core.features.images.extract import (
    CropTrack,
    FeatureExtractor,
    FeaturesNotFinite,
    PicturesMissing,
    cached_features,
)
from reel2rig.core.features.images.sampling import features_at_network_times, plan_pictures
from reel2rig.core.pipeline.cache import StageCache
from torch import Tensor, nn


class MeanColour(nn.Module):
    """(B, 3, h, w) -> (B, 2048): the red channel's mean, repeated; counts the crops it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.batches: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        self.batches.append(len(x))
        return x[:, :1].mean((2, 3)).expand(-1, 2048)


def picture(level: int) -> np.ndarray:
    return np.full((60, 80, 3), level, np.uint8)


def level_of(features: np.ndarray) -> np.ndarray:
    return (features[:, 0] * 0.229 + 0.485) * 255


BOX = np.array([40.0, 30.0, 20.0])


def test_images_are_taken_one_batch_at_a_time_and_keep_their_order() -> None:
    trunk, taken = MeanColour(), 0

    def images() -> Iterator[np.ndarray]:
        nonlocal taken
        for level in range(70):
            taken += 1
            yield picture(level)

    calls: list[tuple[int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        assert stage == "features"
        assert taken == done
        calls.append((done, total))

    found = FeatureExtractor(trunk).features(images(), np.tile(BOX, (70, 1)), progress=progress)
    assert np.allclose(level_of(found), np.arange(70), atol=1e-3)
    assert trunk.batches == [32, 32, 6]
    assert calls == [(32, 70), (64, 70), (70, 70)]


def test_a_change_of_the_crops_is_applied_before_the_trunk() -> None:
    found = FeatureExtractor(MeanColour()).features([picture(10)], BOX[None], change=lambda crop: crop + 90)
    assert level_of(found) == pytest.approx([100], abs=1e-3)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(PicturesMissing, match="3 of the 5"):
        FeatureExtractor(MeanColour()).features([picture(1)] * 3, np.tile(BOX, (5, 1)))


def test_weights_that_make_nonsense_are_refused() -> None:
    class Broken(MeanColour):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * torch.inf

    with pytest.raises(FeaturesNotFinite):
        FeatureExtractor(Broken()).features([picture(1)], BOX[None])


class Film:
    """Frames whose level is their number; counts how often it was read, and in which range."""

    def __init__(self) -> None:
        self.readings: list[tuple[int, int]] = []

    def __call__(self, first: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        self.readings.append((first, last))
        for number in range(first, last):
            yield number, picture(number)


def track(*frames: int) -> CropTrack:
    return CropTrack(np.array(frames), np.tile(BOX, (len(frames), 1)))


def test_one_reading_serves_everybody_and_none_is_needed_for_what_is_known(tmp_path: Path) -> None:
    cache, film, trunk = StageCache(tmp_path), Film(), MeanColour()
    extractor = FeatureExtractor(trunk, digest="weights")
    people = [track(4, 5, 6, 9), track(2, 5, 7)]
    found = cached_features(extractor, people, cache, "video", film)
    assert film.readings == [(2, 10)]
    for features, person in zip(found, people, strict=True):
        assert level_of(features) == pytest.approx(person.frames, abs=1e-3)

    again = cached_features(extractor, people[::-1], cache, "video", film)
    assert trunk.seen == 7
    assert len(film.readings) == 1
    assert np.array_equal(again[1], found[0])

    cached_features(extractor, [people[0], track(11)], cache, "video", film)
    assert trunk.seen == 8
    assert film.readings[1:] == [(11, 12)]


def test_other_weights_video_boxes_or_numbers_are_another_question() -> None:
    person, trunk = track(1, 2), MeanColour()
    moved = CropTrack(person.frames, person.boxes + 0.01)
    keys = {
        person.key(FeatureExtractor(trunk, digest="a"), "v"),
        person.key(FeatureExtractor(trunk, digest="b"), "v"),
        person.key(FeatureExtractor(trunk, digest="a"), "w"),
        person.key(FeatureExtractor(trunk, digest="a", dtype=torch.bfloat16), "v"),
        moved.key(FeatureExtractor(trunk, digest="a"), "v"),
        track(1, 3).key(FeatureExtractor(trunk, digest="a"), "v"),
    }
    assert len(keys) == 6
    assert person.key(FeatureExtractor(MeanColour(), digest="a"), "v") in keys


def test_a_film_that_lacks_a_frame_is_refused(tmp_path: Path) -> None:
    def gap(first: int, last: int) -> Iterator[tuple[int, np.ndarray]]:
        return ((n, picture(n)) for n in range(first, last) if n != 5)

    with pytest.raises(PicturesMissing):
        cached_features(FeatureExtractor(MeanColour()), [track(4, 5, 6)], StageCache(tmp_path), "v", gap)
    assert not list(tmp_path.rglob("*.npz"))


@pytest.mark.parametrize(
    ("fps", "every", "rate"),
    [(30, 1, 30), (25, 1, 25), (29.97, 1, 29.97), (60, 2, 30), (59.94, 2, 29.97), (50, 2, 25), (240, 8, 30)],
)
def test_the_trunk_sees_no_more_pictures_than_the_network_needs(fps: float, every: int, rate: float) -> None:
    times = 3.0 + np.arange(81) / fps
    plan = plan_pictures(times)
    assert np.array_equal(plan.rows, np.arange(0, 81, every))
    assert plan.rate == pytest.approx(rate, rel=1e-3)
    assert np.array_equal(plan.retiming.network, times[::every])
    features = torch.randn(len(plan.rows), 4)
    assert torch.equal(features_at_network_times(features, plan), features)
    assert plan.per_picture().identity == (every == 1)


@pytest.mark.parametrize("fps", [12, 24, 48])
def test_where_no_thinning_fits_features_are_linear_in_time(fps: int) -> None:
    times = np.arange(41) / fps
    plan = plan_pictures(times)
    assert np.array_equal(plan.rows, np.arange(41))
    assert np.allclose(np.diff(plan.retiming.network), 1 / 30)
    features = torch.from_numpy(np.stack([times, 1 - times], 1)).float()
    found = features_at_network_times(features, plan).numpy()
    wanted = np.minimum(plan.retiming.network, times[-1])
    assert np.allclose(found, np.stack([wanted, 1 - wanted], 1), atol=1e-5)


def test_a_single_frame_has_a_plan() -> None:
    plan = plan_pictures(np.array([2.5]))
    assert plan.rows.tolist() == [0]
    assert plan.rate == 30
