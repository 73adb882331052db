"""Every block does what it is for, and every block matters."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import torch
from reel2rig.core.network.frequency import enhance
from reel2rig.core.network.integration import DynamicIntegration
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import (
    DisConfig,
    EncoderConfig,
    FdeConfig,
    GruConfig,
    NetworkConfig,
    RegressorConfig,
    Stage1Config,
    Stage2Config,
)
from reel2rig.core.network.regressor import IterativeRegressor, apply_folded

SMALL = NetworkConfig(
    C=32,
    output="sequence",
    stage1=Stage1Config(d_k=8),
    dis=DisConfig(hidden=16),
    gru=GruConfig(hidden=16),
    regressor=RegressorConfig(hidden=32, dropout=0.0),
    encoder=EncoderConfig(inputs=12, hidden=24),
)


def network(config: NetworkConfig = SMALL, seed: int = 0) -> BodyNetwork:
    torch.manual_seed(seed)
    model = BodyNetwork(config).eval()
    # Fresh decoders hardly move the mean state: give them a voice, so that differences can be seen.
    for head in model.regressor.decode:
        torch.nn.init.normal_(head.weight, std=0.3)
    return model


def windows(n: int = 3, seed: int = 1) -> torch.Tensor:
    return torch.randn(n, 16, 12, generator=torch.Generator().manual_seed(seed))


def theta(model: BodyNetwork, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(x).theta()


CONFIGS = [
    replace(SMALL, output=output, stage1=replace(SMALL.stage1, merge=merge, motion=motion, patches=P))
    for output, (merge, motion, P) in product(
        ("mid", "sequence"), (("slot", "same", 2), ("concat", "adjacent", 4), ("project", "raw", 1))
    )
] + [
    replace(SMALL, output=output, stage2=Stage2Config(fragments=H, encoder=encoder, superpose=superpose))
    for output, (H, encoder, superpose) in product(
        ("mid", "sequence"),
        (
            (1, "separate", "self"),
            (4, "shared", "learned"),
            (8, "shared", "cumulative"),
            (2, "separate", "cross"),
        ),
    )
]


@pytest.mark.parametrize("config", CONFIGS)
def test_every_switch_gives_one_body_per_window_or_per_frame(config: NetworkConfig) -> None:
    body = network(config)(windows())
    lead = (3,) if config.output == "mid" else (3, 16)
    assert body.rotations.shape == (*lead, 24, 3, 3)
    assert body.theta().shape == (*lead, 85)
    identity = torch.eye(3).expand_as(body.rotations)
    assert torch.allclose(body.rotations @ body.rotations.transpose(-1, -2), identity, atol=1e-5)
    assert torch.linalg.det(body.rotations).min() > 0.99


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, stage2=replace(SMALL.stage2, superpose="learned")),
        replace(SMALL, stage1=replace(SMALL.stage1, merge="project")),
        replace(SMALL, gru=replace(SMALL.gru, layers=2)),
        replace(SMALL, stage2=Stage2Config(fragments=4, encoder="shared", superpose="cumulative")),
    ],
)
def test_every_parameter_receives_a_gradient(config: NetworkConfig) -> None:
    model = network(config)
    body = model(windows(8))
    (body.rotations.square() * torch.randn_like(body.rotations)).sum().add(
        body.theta().square().sum()
    ).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert silent == []


def test_mid_output_leaves_only_the_unread_recurrences_without_gradient() -> None:
    """The middle is read from each fragment's nearest step: the direction that starts there has no history
    yet.
    """
    model = network(replace(SMALL, output="mid"))
    model(windows(8)).theta().square().sum().backward()
    silent = {name for name, p in model.named_parameters() if not p.grad.abs().max() > 0}
    assert silent == {
        "temporal.stage2.encoders.0.gru.weight_hh_l0_reverse",
        "temporal.stage2.encoders.1.gru.weight_hh_l0",
    }


@pytest.mark.parametrize("output", ["mid", "sequence"])
@pytest.mark.parametrize(
    "block",
    ["stage1.patches.0", "stage1.patches.1", "stage2.encoders.0", "stage2.encoders.1", "stage1.frequency"],
)
def test_disturbing_a_branch_changes_the_answer(block: str, output: str) -> None:
    model = network(replace(SMALL, output=output))  # type: ignore[arg-type]
    before = theta(model, windows())
    projection = model.temporal.get_submodule(block).project  # type: ignore[union-attr]
    with torch.no_grad():
        projection.bias.add_(1.0)  # type: ignore[union-attr]
    assert (theta(model, windows()) - before).abs().max() > 1e-3


def test_disturbing_the_gate_changes_the_answer() -> None:
    model = network()
    before = theta(model, windows())
    with torch.no_grad():
        model.temporal.stage1.excitation.value.weight.mul_(-3.0)  # type: ignore[union-attr]
    assert (theta(model, windows()) - before).abs().max() > 1e-4


def test_the_folded_regressor_equals_its_three_passes() -> None:
    torch.manual_seed(3)
    regressor = IterativeRegressor(64, RegressorConfig(hidden=128, dropout=0.5)).eval()
    for head in regressor.decode:
        torch.nn.init.normal_(head.weight, std=0.05)
    x = torch.randn(20, 64)
    with torch.no_grad():
        difference = regressor(x) - apply_folded(x, regressor.fold())
    assert difference.abs().max() < 1e-5
    assert (regressor(x) - regressor.initial).abs().max() > 0.1  # and neither is a constant


def test_boost_doubles_what_moves_and_keeps_what_does_not() -> None:
    F = torch.randn(2, 16, 5)
    assert torch.allclose(enhance(F, FdeConfig()), 2 * F - F.mean(1, keepdim=True), atol=1e-6)
    still = torch.randn(2, 1, 5).expand(2, 16, 5)
    assert torch.allclose(enhance(still, FdeConfig()), still, atol=1e-6)


def test_frequency_modes_are_the_transforms_they_name() -> None:
    F = torch.randn(2, 16, 6)
    assert torch.equal(enhance(F, FdeConfig(mode="identity")), F)
    assert torch.allclose(
        enhance(F, FdeConfig(k_c=3)) - F, enhance(F, FdeConfig(mode="highpass", k_c=3)), atol=1e-5
    )
    dropped_imaginary = torch.fft.ifft(torch.fft.fft(F, dim=1).real, dim=1).real
    assert torch.allclose(enhance(F, FdeConfig(mode="even")), dropped_imaginary, atol=1e-5)
    mixed = torch.fft.fft(torch.fft.fft(F, dim=2), dim=1).real
    assert torch.allclose(enhance(F, FdeConfig(mode="fnet")), mixed, atol=1e-4)


@pytest.mark.parametrize(
    "config", [DisConfig(hidden=8), DisConfig(hidden=8, final_tanh=False, shared_reduce=True)]
)
def test_integration_weights_sum_to_one(config: DisConfig) -> None:
    torch.manual_seed(0)
    integration = DynamicIntegration([6, 6, 12], config)
    weights = integration([50 * torch.randn(9, d) for d in (6, 6, 12)])
    assert torch.allclose(weights.sum(-1), torch.ones(9), atol=1e-6)
    if config.final_tanh:  # bounded logits bound the weights: no branch can be silenced
        assert weights.min() > 0.06
        assert weights.max() < 0.79
    assert weights.std(0).max() > 1e-3  # per sample, not constant


def test_sharing_the_reduction_saves_parameters_for_equal_widths() -> None:
    sizes = [
        sum(p.numel() for p in DynamicIntegration([6, 6], DisConfig(hidden=8, shared_reduce=s)).parameters())
        for s in (False, True)
    ]
    assert sizes[0] - sizes[1] == 6 * 8 + 8
