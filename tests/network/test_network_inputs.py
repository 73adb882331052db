"""What the network refuses to be fed, and how it says so."""

from __future__ import annotations

import pytest
import torch
from reel2rig.core.network.clip import run_clip
from reel2rig.core.network.inputs import FeaturesNotFinite, WrongFeatures
from reel2rig.core.network.stream import BodyStream
from small_networks import SMALL, SWITCHES, small_inputs, small_network


def test_features_of_another_width_are_refused_with_file_and_width() -> None:
    with pytest.raises(WrongFeatures) as refused:
        run_clip(small_network(), torch.zeros(20, 31), source="walk.npy")
    assert refused.value.code == "model.wrong_features"
    for said in ("walk.npy", "32", "(20, 31)"):
        assert said in refused.value.message


def test_a_network_with_an_encoder_expects_its_inputs_and_not_features() -> None:
    model = small_network(SWITCHES["preset default"])
    with pytest.raises(WrongFeatures, match=r"encoder inputs of shape \(frames, 12\)"):
        run_clip(model, torch.zeros(20, 32))


def test_one_window_is_no_clip() -> None:
    with pytest.raises(WrongFeatures, match="32"):
        run_clip(small_network(), torch.zeros(1, 16, 32))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_refused_with_the_first_frame(value: float) -> None:
    inputs = small_inputs(SMALL, 20)
    inputs[13, 4] = inputs[17, 0] = value
    with pytest.raises(FeaturesNotFinite) as refused:
        run_clip(small_network(), inputs, source="walk.npy")
    assert refused.value.code == "model.features_not_finite"
    assert "frame 13 " in refused.value.message
    assert "walk.npy" in refused.value.message


def test_a_stream_counts_the_frames_of_the_whole_clip() -> None:
    stream, inputs = BodyStream(small_network()), small_inputs(SMALL, 20)
    inputs[13, 4] = float("nan")
    for x in inputs[:13]:
        stream.push(x)
    with pytest.raises(FeaturesNotFinite, match="frame 13 "):
        stream.push(inputs[13])
