"""The weights that are shipped: they beat what they are fed, and they need what they are fed."""

from __future__ import annotations

import torch
from reel2rig.core.data.synthetic import Pairs
from reel2rig.core.network import checkpoint
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import preset
from reel2rig.core.train.validation import measure, measure_raw


class Disturbed(torch.nn.Module):
    """An encoder whose output is zeroed or put in a random order of frames."""

    def __init__(self, encoder: torch.nn.Module, how: str) -> None:
        super().__init__()
        self.encoder, self.how = encoder, how

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.encoder(x)
        if self.how == "zero":
            return torch.zeros_like(features)
        order = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))
        return features[order]


def test_the_shipped_weights_are_the_default_network_and_small_enough() -> None:
    model = checkpoint.load_default()
    assert model.config.C == preset("default").C
    assert model.config.encoder == preset("default").encoder
    assert checkpoint.default_path().stat().st_size <= 30_000_000
    assert checkpoint.notes(checkpoint.default_path())["validation"]["sequence"]["pa_mpjpe"] > 0


def test_they_beat_the_raw_world_landmarks(body, filmed: list[Pairs]) -> None:
    raw, shipped = measure_raw(filmed), measure(checkpoint.load_default(), filmed, body)
    assert shipped.mpjpe < 0.8 * raw.mpjpe
    assert shipped.pa_mpjpe < 0.9 * raw.pa_mpjpe
    assert shipped.accel < 0.5 * raw.accel


def test_random_weights_lose_to_the_raw_world_landmarks(body, filmed: list[Pairs]) -> None:
    torch.manual_seed(0)
    untrained = BodyNetwork(preset("default")).eval()
    raw, random = measure_raw(filmed), measure(untrained, filmed, body)
    assert random.pa_mpjpe > 1.3 * raw.pa_mpjpe
    assert random.mpjpe > 1.3 * raw.mpjpe


def test_without_its_features_or_with_shuffled_frames_the_pose_is_lost(body, filmed: list[Pairs]) -> None:
    whole = measure(checkpoint.load_default(), filmed, body).pa_mpjpe
    for how in ("zero", "shuffle"):
        model = checkpoint.load(checkpoint.default_path())
        model.encoder = Disturbed(model.encoder, how)  # type: ignore[assignment]
        assert measure(model, filmed, body).pa_mpjpe > 1.3 * whole, how
