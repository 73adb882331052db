"""Every switch of the network at a size that a test can afford."""

from __future__ import annotations

from dataclasses import replace

import torch
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import (
    PRESETS,
    DisConfig,
    EncoderConfig,
    FdeConfig,
    GruConfig,
    NetworkConfig,
    RegressorConfig,
    Stage1Config,
    Stage2Config,
)

WIDTH = 32
SMALL = NetworkConfig(
    C=WIDTH,
    stage1=Stage1Config(d_k=8),
    dis=DisConfig(hidden=16),
    gru=GruConfig(hidden=16),
    regressor=RegressorConfig(hidden=32, dropout=0.5),
)


def shrunk(config: NetworkConfig) -> NetworkConfig:
    """The same switches, with widths divided until a test can afford them."""
    by = config.C // WIDTH
    return replace(
        config,
        C=WIDTH,
        stage1=replace(config.stage1, d_k=config.stage1.d_k // by),
        dis=replace(config.dis, hidden=16),
        gru=replace(config.gru, hidden=config.gru.hidden // by),
        regressor=replace(config.regressor, hidden=32),
        encoder=EncoderConfig(12, 24) if config.encoder.hidden else EncoderConfig(),
    )


def _stage1(**changes) -> NetworkConfig:
    return replace(SMALL, stage1=replace(SMALL.stage1, **changes))


def _gru(**changes) -> NetworkConfig:
    return replace(SMALL, gru=replace(SMALL.gru, **changes))


SWITCHES: dict[str, NetworkConfig] = {
    **{f"preset {name}": shrunk(config) for name, config in PRESETS.items()},
    **{f"motion {motion}": _stage1(motion=motion) for motion in ("adjacent", "raw")},
    **{f"merge {merge}": _stage1(merge=merge) for merge in ("concat", "project")},
    **{f"{P} patches": _stage1(patches=P) for P in (1, 4, 8)},
    "no stage 1": _stage1(enabled=False),
    "no stage 2": replace(SMALL, stage2=Stage2Config(enabled=False)),
    "no excitation": _stage1(dem=False),
    "boost from bin 3": replace(SMALL, fde=FdeConfig(k_c=3, gamma=0.5)),
    "highpass from bin 2": replace(SMALL, fde=FdeConfig("highpass", k_c=2)),
    **{
        f"frequency {mode}": replace(SMALL, fde=FdeConfig(mode))
        for mode in ("highpass", "identity", "even", "fnet", "off")
    },
    **{
        f"superpose {how}": replace(SMALL, stage2=Stage2Config(superpose=how))
        for how in ("learned", "cumulative", "cross", "gain1", "none")
    },
    **{
        f"{H} fragments, {encoder}": replace(SMALL, stage2=Stage2Config(fragments=H, encoder=encoder))
        for H, encoder in ((1, "separate"), (4, "separate"), (8, "separate"), (2, "shared"), (4, "shared"))
    },
    "4 cumulative fragments": replace(SMALL, stage2=Stage2Config(fragments=4, superpose="cumulative")),
    "4 crossed fragments, shared": replace(SMALL, stage2=Stage2Config(True, 4, "shared", "cross")),
    "one direction": _gru(bidirectional=False),
    "residual": _gru(residual=True),
    "residual, boost from bin 3": replace(_gru(residual=True), fde=FdeConfig(k_c=3)),
    "unbounded integration, shared": replace(SMALL, dis=DisConfig(16, final_tanh=False, shared_reduce=True)),
    "window of 8": replace(SMALL, T=8),
}


def small_network(config: NetworkConfig = SMALL, seed: int = 0) -> BodyNetwork:
    """Random weights in inference mode, with decoders loud enough for bodies to move."""
    torch.manual_seed(seed)
    model = BodyNetwork(config).eval().requires_grad_(False)
    for head in model.regressor.decode:
        torch.nn.init.normal_(head.weight, std=0.1)
    return model


def small_inputs(config: NetworkConfig, *shape: int, seed: int = 1) -> torch.Tensor:
    """(*shape, width of one frame's input), decided by `seed`."""
    width = config.encoder.inputs if config.encoder.hidden else config.C
    return torch.randn(*shape, width, generator=torch.Generator().manual_seed(seed))
