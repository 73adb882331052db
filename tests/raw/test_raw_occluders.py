"""Datasets prepared with things pasted over the crops."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from reel2rig.core.data.raw.models import Backbone
from reel2rig.core.features.images.extract import FeatureExtractor

BOXES = np.tile([60.0, 60.0, 100.0], (4, 1))
THING = np.dstack([np.full((90, 90, 3), 255, np.uint8), np.full((90, 90), 255, np.uint8)])


class Brightness(torch.nn.Module):
    """A trunk whose features are the mean brightness of a crop."""

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return crops.mean((1, 2, 3))[:, None].expand(-1, 2048)


def features(name: str, things: list[NDArray[np.uint8]], seed: int = 0) -> NDArray[np.float32]:
    pictures = [np.full((120, 120, 3), 40, np.uint8)] * len(BOXES)
    extractor = FeatureExtractor(Brightness(), torch.device("cpu"), "")  # type: ignore[arg-type]
    return Backbone(extractor, things, seed).features(pictures, BOXES, name)


def test_pasted_things_are_seen_by_the_backbone() -> None:
    plain, pasted = features("a", []), features("a", [THING])
    assert (pasted[:, 0] > plain[:, 0] + 0.1).all()


def test_a_track_s_name_and_the_seed_decide_the_pastes() -> None:
    once = features("a", [THING])
    assert np.array_equal(once, features("a", [THING]))
    assert not np.array_equal(once, features("b", [THING]))
    assert not np.array_equal(once, features("a", [THING], seed=1))
