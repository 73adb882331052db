"""The presets have the sizes that the method's tables list."""

from dataclasses import replace

import pytest
import torch
from reel2rig.core.network.model import BodyNetwork, count_parameters
from reel2rig.core.network.presets import (
    BadModelConfig,
    FdeConfig,
    GruConfig,
    NetworkConfig,
    Stage1Config,
    Stage2Config,
    UnknownPreset,
    preset,
)

BASE = preset("base")


def millions(config: NetworkConfig) -> float:
    with torch.device("meta"):  # sizes without the memory
        return count_parameters(BodyNetwork(config)) / 1e6


@pytest.mark.parametrize(
    ("name", "expected"), [("paper_l2", 162.31), ("base", 96.20), ("fast", 50.30), ("lite", 39.28)]
)
def test_a_preset_has_the_listed_size(name: str, expected: float) -> None:
    assert millions(preset(name)) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("patches", "expected"), [(1, 107.7), (2, 96.2), (4, 90.6), (8, 87.9)])
def test_more_patches_make_a_smaller_network(patches: int, expected: float) -> None:
    assert millions(replace(BASE, stage1=Stage1Config(patches=patches))) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(("fragments", "expected"), [(1, 71.9), (2, 96.2), (4, 144.7), (8, 241.8)])
def test_separate_fragment_encoders_cost_what_is_listed(fragments: int, expected: float) -> None:
    assert millions(replace(BASE, stage2=Stage2Config(fragments=fragments))) == pytest.approx(
        expected, abs=0.06
    )


@pytest.mark.parametrize(("fragments", "expected"), [(1, 71.9), (2, 73.1), (4, 75.5), (8, 80.2)])
def test_shared_fragment_encoders_cost_what_is_listed(fragments: int, expected: float) -> None:
    config = replace(BASE, stage2=Stage2Config(fragments=fragments, encoder="shared"))
    assert millions(config) == pytest.approx(expected, abs=0.06)


def test_a_second_layer_costs_what_is_listed() -> None:
    assert millions(replace(BASE, gru=GruConfig(layers=2))) == millions(preset("paper_l2"))


def test_one_direction_saves_its_gates_and_half_of_each_projection() -> None:
    both, one = (millions(replace(BASE, gru=GruConfig(bidirectional=b))) for b in (True, False))
    patch = 3 * 512 * (1024 + 512 + 2) + 512 * 1024
    whole = 3 * 1024 * (2048 + 1024 + 2) + 1024 * 2048
    assert both - one == pytest.approx((2 * patch + 3 * whole) / 1e6)


@pytest.mark.parametrize(
    "config",
    [
        replace(BASE, stage1=Stage1Config(enabled=False)),
        replace(BASE, stage2=Stage2Config(enabled=False)),
        replace(BASE, stage1=Stage1Config(dem=False)),
        replace(BASE, fde=FdeConfig(mode="off")),
        replace(BASE, stage2=Stage2Config(superpose="none")),
    ],
)
def test_removing_a_part_removes_its_parameters(config: NetworkConfig) -> None:
    assert millions(config) < millions(BASE) - 0.5


def test_the_default_stays_small_enough_to_ship() -> None:
    assert millions(preset("default")) * 2 < 30  # two bytes a number, thirty megabytes


def test_a_configuration_survives_its_own_dictionary() -> None:
    for name in ("base", "lite", "paper_l2", "default"):
        assert NetworkConfig.from_dict(preset(name).to_dict()) == preset(name)


def test_wrong_names_are_refused_with_a_code() -> None:
    with pytest.raises(UnknownPreset) as unknown:
        preset("huge")
    assert unknown.value.code == "model.unknown_preset"
    with pytest.raises(BadModelConfig):
        NetworkConfig.from_dict({"colour": 3})
    with pytest.raises(BadModelConfig):
        replace(BASE, stage1=Stage1Config(patches=3))
    with pytest.raises(BadModelConfig):
        replace(BASE, fde=FdeConfig(mode="sometimes"))  # type: ignore[arg-type]
