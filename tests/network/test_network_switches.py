"""Every switch of the configuration does something, and none lets windows of a batch see one another."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import (
    DisConfig,
    FdeConfig,
    GruConfig,
    NetworkConfig,
    RegressorConfig,
    Stage1Config,
    Stage2Config,
)
from small_networks import SMALL, SWITCHES, small_inputs, small_network


def theta(model: BodyNetwork, windows: torch.Tensor, output: str) -> torch.Tensor:
    with torch.no_grad():
        body = model(windows, output)
    return torch.cat([body.rotations.flatten(-3), body.betas, body.cam], -1)


@pytest.mark.parametrize("output", ["mid", "sequence"])
@pytest.mark.parametrize("name", SWITCHES)
def test_a_window_does_not_see_its_batch_mates(name: str, output: str) -> None:
    model = small_network(SWITCHES[name])
    windows = small_inputs(model.config, 5, model.config.T)
    together = theta(model, windows, output)
    alone = torch.cat([theta(model, windows[i : i + 1], output) for i in range(5)])
    assert torch.allclose(together, alone, atol=2e-5)
    others = windows.clone()
    others[1:] = 3 * others[1:].flip(1)
    assert torch.allclose(theta(model, others, output)[0], together[0], atol=2e-5)


# Pairs of configurations with the same parameters: only the switch can make the difference.
SAME_WEIGHTS: dict[str, tuple[NetworkConfig, NetworkConfig]] = {
    "stage1.motion adjacent": (SMALL, replace(SMALL, stage1=Stage1Config(d_k=8, motion="adjacent"))),
    "stage1.motion raw": (SMALL, replace(SMALL, stage1=Stage1Config(d_k=8, motion="raw"))),
    **{
        f"fde.mode {mode}": (SMALL, replace(SMALL, fde=FdeConfig(mode)))
        for mode in ("highpass", "identity", "even", "fnet")
    },
    "fde.k_c": (SMALL, replace(SMALL, fde=FdeConfig(k_c=3))),
    "fde.gamma": (SMALL, replace(SMALL, fde=FdeConfig(gamma=0.5))),
    **{
        f"stage2.superpose {how}": (SMALL, replace(SMALL, stage2=Stage2Config(superpose=how)))
        for how in ("cumulative", "cross", "gain1")
    },
    "dis.final_tanh": (SMALL, replace(SMALL, dis=DisConfig(16, final_tanh=False))),
    "gru.residual": (SMALL, replace(SMALL, gru=GruConfig(hidden=16, residual=True))),
    "regressor.iterations": (
        SMALL,
        replace(SMALL, regressor=RegressorConfig(hidden=32, iterations=2)),
    ),
}


@pytest.mark.parametrize("output", ["mid", "sequence"])
@pytest.mark.parametrize("name", SAME_WEIGHTS)
def test_a_switch_changes_the_answer_of_the_same_weights(name: str, output: str) -> None:
    first, second = (small_network(config) for config in SAME_WEIGHTS[name])
    # Louder integrations: fresh ones weigh everything alike, bounded or not.
    for key, value in first.state_dict().items():
        if "score" in key:
            value.mul_(4)
    second.load_state_dict(first.state_dict())
    windows = small_inputs(SMALL, 4, 16)
    assert (theta(first, windows, output) - theta(second, windows, output)).abs().max() > 1e-4


def test_a_learned_gain_starts_as_the_plain_replica_and_then_matters() -> None:
    learned = small_network(replace(SMALL, stage2=Stage2Config(superpose="learned")))
    itself = small_network()
    weights = {k: v for k, v in learned.state_dict().items() if k != "temporal.stage2.gain"}
    itself.load_state_dict(weights)
    windows = small_inputs(SMALL, 4, 16)
    assert torch.allclose(theta(learned, windows, "mid"), theta(itself, windows, "mid"), atol=1e-6)
    learned.temporal.stage2.gain.fill_(0.0)
    control = small_network(replace(SMALL, stage2=Stage2Config(superpose="gain1")))
    control.load_state_dict(weights)
    assert torch.allclose(theta(learned, windows, "mid"), theta(control, windows, "mid"), atol=1e-6)
    assert not torch.allclose(theta(learned, windows, "mid"), theta(itself, windows, "mid"), atol=1e-4)


def test_a_shared_reduction_is_one_module_for_inputs_of_one_width() -> None:
    own, shared = (
        small_network(replace(SMALL, dis=DisConfig(16, shared_reduce=s))).temporal for s in (False, True)
    )
    assert (len(own.stage2.plain.reduce), len(shared.stage2.plain.reduce)) == (2, 1)
    # Patches are half as wide as the frequency branch: two widths, so two reductions for three inputs.
    assert (len(own.stage1.integration.reduce), len(shared.stage1.integration.reduce)) == (3, 2)
    same = [torch.ones(1, 32), torch.ones(1, 32)]
    for temporal, equal in ((own, False), (shared, True)):
        integration = temporal.stage2.plain
        a, b = (integration.reduce[slot](x) for slot, x in zip(integration.slots, same, strict=True))
        assert torch.equal(a, b) == equal


def test_a_shared_fragment_encoder_answers_equal_fragments_equally() -> None:
    half = small_inputs(SMALL, 1, 8)
    windows = torch.cat([half, half], 1)
    for encoder, equal in (("shared", True), ("separate", False)):
        model = small_network(replace(SMALL, stage2=Stage2Config(encoder=encoder)))
        assert model.temporal.stage2 is not None
        first, second = model.temporal.stage2(windows).fragments
        assert torch.allclose(first, second, atol=1e-6) == equal


def test_removed_parts_have_no_say() -> None:
    """Without the gate, without a stage, without a branch: the modules are gone, not idle."""
    gone = {
        "no excitation": "stage1.excitation",
        "no stage 1": "stage1",
        "no stage 2": "stage2",
        "frequency off": "stage1.frequency",
        "superpose none": "stage2.superposed",
    }
    whole = dict(small_network().temporal.named_modules())
    for name, module in gone.items():
        assert module in whole
        assert module not in dict(small_network(SWITCHES[name]).temporal.named_modules())
