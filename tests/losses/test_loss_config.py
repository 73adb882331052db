"""What the `loss:` section of an experiment may say."""

from __future__ import annotations

from typing import Any

import pytest
from reel2rig.core.losses.config import BadLossConfig, LossConfig


def test_the_defaults_are_the_released_weights_and_our_reading() -> None:
    config = LossConfig()
    assert (config.kp2d, config.kp3d, config.pose, config.shape, config.anchor) == (300, 300, 60, 0.06, 10)
    assert (config.anchor_area, config.anchor_set, config.perim_order) == ("heron", "ours", "outline")
    assert (config.w_area, config.w_perim, config.balance) == (1, 1, False)
    assert (config.deep_sup, config.velocity) == (0, 0)


def test_a_configuration_survives_the_way_through_plain_values() -> None:
    config = LossConfig(kp2d=10, anchor_set="five", balance=True, perim_order="listed")
    assert LossConfig.from_dict(config.to_dict()) == config
    assert LossConfig.from_dict({}) == LossConfig()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"anchor_set": "feet"}, r"loss\.anchor_set to one of ours, wrists, five, random; 'feet'"),
        ({"anchor_area": None}, r"loss\.anchor_area to one of heron, heron_sq"),
        ({"perim_order": "any"}, r"loss\.perim_order"),
        ({"kp3d": -1}, r"loss\.kp3d to a number of 0 or more; it is -1"),
        ({"anchor": float("nan")}, r"loss\.anchor to a number"),
        ({"w_area": "1"}, r"loss\.w_area to a number"),
        ({"pose": True}, r"loss\.pose to a number"),
        ({"balance": 1}, r"loss\.balance to true or false"),
        ({"landmarks": 3}, r"Remove the unknown setting loss\.landmarks"),
        ({"kp2d": 0, "kp3d": 0, "pose": 0, "shape": 0, "w_area": 0, "w_perim": 0}, "all 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadLossConfig, match=said) as caught:
        LossConfig.from_dict(values)
    assert caught.value.code == "losses.bad_config"
