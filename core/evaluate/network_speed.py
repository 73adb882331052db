"""Frames per second of the exact cached inference over the plain path: same clip, weights, outputs and
process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from ..errors import Reel2RigError
from ..network.clip import run_clip
from ..network.model import BodyNetwork
from ..network.presets import NetworkConfig
from ..network.regressor import BodyState
from .ratios import Ratio, paired_seconds

EQUAL = 1e-5  # of rotation matrix entries, betas and crop cameras
VOICE = 0.02  # spread of the random decoders: bodies that move by tenths of a radian, none of them degenerate


class OutputsDiffer(Reel2RigError):
    code = "bench.outputs_differ"


def random_network(config: NetworkConfig, seed: int = 0) -> BodyNetwork:
    """Weights that no training has seen, for speed and equality; decoders loud enough for bodies to move."""
    torch.manual_seed(seed)
    model = BodyNetwork(config).eval().requires_grad_(False)
    for head in model.regressor.decode:
        torch.nn.init.normal_(head.weight, std=VOICE)  # type: ignore[arg-type]
    return model


def random_inputs(config: NetworkConfig, frames: int, seed: int = 1) -> Tensor:
    """(frames, n) positive numbers about 0.4, as pooled image features are."""
    width = config.encoder.inputs if config.encoder.hidden else config.C
    return torch.randn(frames, width, generator=torch.Generator().manual_seed(seed)).abs() / 2


def largest_difference(a: BodyState, b: BodyState) -> float:
    """Over all numbers of rotation matrices, betas and cameras."""
    pairs = ((a.rotations, b.rotations), (a.betas, b.betas), (a.cam, b.cam))
    return max(float((x - y).abs().max()) for x, y in pairs)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch on `count` threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def measure(config: NetworkConfig, frames: int, runs: int) -> dict[str, Any]:
    """Paired runs on one thread over one clip of `frames`; plain is the "naive" path of method section 9.1:
    every window by itself, in batches.

    Raises:
        OutputsDiffer: the two do not say the same, so that their speeds cannot be compared.
    """
    model, inputs = random_network(config), random_inputs(config, frames)
    cached_body, plain_body = run_clip(model, inputs), run_clip(model, inputs, plain=True)
    difference = largest_difference(cached_body, plain_body)
    if difference > EQUAL:
        raise OutputsDiffer(
            f"Report this: cached and plain inference differ by {difference:.1e}, more than {EQUAL:.0e}."
        )
    with threads(1):
        cached, plain = paired_seconds(
            lambda: run_clip(model, inputs), lambda: run_clip(model, inputs, plain=True), runs
        )
    return {
        "ratio": Ratio.of([b / a for a, b in zip(cached, plain, strict=True)]).to_json(),
        "frames": frames,
        "output": config.output,
        "largest_difference": difference,
        "bodies_spread": float(plain_body.rotations.std(0).max()),
        "cached_fps": Ratio.of([frames / s for s in cached]).to_json(),
        "plain_fps": Ratio.of([frames / s for s in plain]).to_json(),
    }
