"""Computing once per frame what windows share changes nothing but the time it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from reel2rig.core.network.cached.engine import CachedEngine
from reel2rig.core.network.cached.gru import Direction
from reel2rig.core.network.clip import run_clip
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import FdeConfig, NetworkConfig, preset
from reel2rig.core.network.regressor import BodyState
from reel2rig.core.network.rotations import orthonormal
from small_networks import SMALL, SWITCHES, small_inputs, small_network

LENGTHS = (1, 2, 15, 16, 17, 40)
ONE_LAYER = [name for name, config in SWITCHES.items() if config.gru.layers == 1]


def difference(a: BodyState, b: BodyState) -> float:
    return max(float((getattr(a, n) - getattr(b, n)).abs().max()) for n in ("rotations", "betas", "cam"))


def by_the_definition(model: BodyNetwork, inputs: torch.Tensor, output: str) -> BodyState:
    """Window by window, frame by frame, with nothing of the clip code: what the answer means."""
    T, frames = model.config.T, len(inputs)

    def window(start: int) -> BodyState:
        rows = [min(max(i, 0), frames - 1) for i in range(start, start + T)]
        with torch.no_grad():
            return model(inputs[rows][None], output)

    if output == "mid":
        parts = [window(t - T // 2) for t in range(frames)]
        return BodyState(*(torch.cat([getattr(p, n) for p in parts]) for n in ("rotations", "betas", "cam")))
    last = max(frames - T, 0)
    answers = {start: window(start) for start in {*range(0, last + 1, 4), last}}
    fade = torch.hann_window(T + 2, periodic=False)[1:-1] + 1e-3
    mixed = []
    for t in range(frames):
        # A window that is only there because the clip ends serves the frames that still wait then.
        at = [s for s in answers if s <= t < s + T and (s % 4 == 0 or t > frames - T)]
        w = torch.stack([fade[t - s] for s in at])
        w = w / w.sum()
        mixed.append(
            [
                sum(w[i] * getattr(answers[s], n)[0, t - s] for i, s in enumerate(at))
                for n in ("rotations", "betas", "cam")
            ]
        )
    rotations, betas, cam = (torch.stack([m[i] for m in mixed]) for i in range(3))
    return BodyState(orthonormal(rotations[..., 0], rotations[..., 1]), betas, cam)


@pytest.mark.parametrize("output", ["mid", "sequence"])
@pytest.mark.parametrize("name", ONE_LAYER)
def test_cached_inference_equals_the_network_window_by_window(name: str, output: str) -> None:
    config = SWITCHES[name]
    # Half as loud as elsewhere: with the whole DFT or a residual path the features are large, and what is
    # compared here is the arithmetic, not how a nearly degenerate pair of columns enlarges its last bits.
    model = small_network(config)
    for key, weight in model.regressor.decode.named_parameters():
        if key.endswith("weight"):
            weight.mul_(0.5)
    inputs = small_inputs(config, 40)
    for frames in LENGTHS if name.startswith("preset") else (1, 17, 30):
        expected = by_the_definition(model, inputs[:frames], output)
        assert difference(run_clip(model, inputs[:frames], output), expected) < 1e-5, frames
        if frames > 2:
            assert expected.rotations.std(0).max() > 4e-3  # it is not all the same anyway


@pytest.mark.parametrize("output", ["mid", "sequence"])
def test_two_layers_are_cached_where_they_can_be(output: str) -> None:
    model = small_network(SWITCHES["preset paper_l2"])
    inputs = small_inputs(model.config, 25)
    assert difference(run_clip(model, inputs, output), by_the_definition(model, inputs, output)) < 1e-5


@pytest.mark.parametrize("name", ["fast", "lite", "base", "default"])
def test_presets_at_their_own_size_are_equal(name: str) -> None:
    torch.manual_seed(0)
    model = BodyNetwork(preset(name)).eval().requires_grad_(False)
    for head in model.regressor.decode:
        torch.nn.init.normal_(head.weight, std=0.02)
    inputs = small_inputs(model.config, 9).abs()
    cached, plain = run_clip(model, inputs), run_clip(model, inputs, plain=True)
    assert difference(cached, plain) < 1e-5
    assert plain.rotations.std(0).max() > 1e-3


def test_the_plain_path_is_the_definition_too() -> None:
    for output in ("mid", "sequence"):
        model, inputs = small_network(), small_inputs(SMALL, 23)
        plain = run_clip(model, inputs, output, plain=True)
        assert difference(plain, by_the_definition(model, inputs, output)) < 1e-5


def test_each_frame_is_projected_once(monkeypatch: pytest.MonkeyPatch) -> None:
    projected: list[int] = []
    original = CachedEngine.project

    def counting(self: CachedEngine, features: torch.Tensor):
        projected.append(len(features))
        return original(self, features)

    monkeypatch.setattr(CachedEngine, "project", counting)
    run_clip(small_network(), small_inputs(SMALL, 40))
    assert sum(projected) == 40


def test_only_the_steps_that_reach_the_output_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    original = Direction._step

    def counting(self: Direction, p: torch.Tensor, h: torch.Tensor | None):
        steps.append(len(p))
        return original(self, p, h)

    monkeypatch.setattr(Direction, "_step", counting)
    run_clip(small_network(), small_inputs(SMALL, 20), "mid")
    # Two patches and the frequency branch take 9 + 8 of their 32 steps, each fragment 8 + 1 of its 16.
    assert sum(steps) == 20 * (3 * 17 + 2 * 9)
    steps.clear()
    run_clip(small_network(), small_inputs(SMALL, 16), "sequence")
    assert sum(steps) == 3 * 32 + 2 * 16


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, fde=FdeConfig("even"))])
def test_shifting_the_clip_shifts_the_answers(config: NetworkConfig) -> None:
    model, inputs = small_network(config), small_inputs(config, 60)
    whole, later = run_clip(model, inputs), run_clip(model, inputs[11:])
    assert torch.allclose(whole.rotations[11 + 8 : -7], later.rotations[8:-7], atol=1e-5)


def test_static_edges_show_the_first_eight_and_last_seven_frames_alone() -> None:
    model, inputs = small_network(), small_inputs(SMALL, 30)
    static, replicated = run_clip(model, inputs, edge="static"), run_clip(model, inputs)
    for t in range(30):
        if t < 8 or t >= 23:
            with torch.no_grad():
                alone = model(inputs[t].expand(1, 16, -1))
            assert torch.allclose(static.rotations[t], alone.rotations[0], atol=1e-5)
            if t > 0:
                assert not torch.allclose(static.rotations[t], replicated.rotations[t], atol=1e-3)
        else:
            assert torch.allclose(static.rotations[t], replicated.rotations[t], atol=1e-5)


def test_half_precision_stays_near_and_answers_in_single_precision() -> None:
    model, inputs = small_network(), small_inputs(SMALL, 20)
    exact = run_clip(model, inputs)
    model.temporal.to(torch.bfloat16)
    rough = run_clip(model, inputs)
    assert rough.rotations.dtype == torch.float32
    assert 0 < difference(rough, exact) < 0.2
