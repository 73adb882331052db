"""Backbone files in the published layouts, with random weights, and a video of a rendered person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.core.features.images.resnet import ResNet50Trunk
from torch import Tensor

torch.set_num_threads(1)

State = dict[str, Tensor]


@pytest.fixture(scope="session")
def trunk() -> ResNet50Trunk:
    """Random weights; every block adds a tenth, so that features neither vanish nor explode."""
    torch.manual_seed(0)
    trunk = ResNet50Trunk()
    for name, value in trunk.state_dict().items():
        if name.endswith("bn3.weight"):
            value.fill_(0.1)
        elif name.endswith(("running_mean", "bias")):
            value.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    return trunk


@pytest.fixture(scope="session")
def trunk_state(trunk: ResNet50Trunk) -> State:
    """In half precision: half the bytes to write, and readers must cope with it."""
    return {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in trunk.state_dict().items()
    }


@pytest.fixture(scope="session")
def head_state() -> State:
    """The body regressor of a SPIN checkpoint, random, about an upright person who faces the camera."""
    random = torch.Generator().manual_seed(1)

    def layer(name: str, out: int, into: int, spread: float) -> State:
        return {
            f"{name}.weight": torch.randn(out, into, generator=random) * spread / into**0.5,
            f"{name}.bias": torch.randn(out, generator=random) * spread,
        }

    pose = torch.tensor([1.0, 0, 0, 1, 0, 0]).repeat(24)
    pose[3] = -1.0
    return {
        **layer("fc1", 1024, 2048 + 157, 0.5),
        **layer("fc2", 1024, 1024, 0.5),
        **layer("decpose", 144, 1024, 0.1),
        **layer("decshape", 10, 1024, 0.1),
        **layer("deccam", 3, 1024, 0.02),
        "init_pose": pose[None],
        "init_shape": torch.zeros(1, 10),
        "init_cam": torch.tensor([[0.9, 0.0, 0.0]]),
    }


@pytest.fixture(scope="session")
def spin_content(trunk_state: State, head_state: State) -> dict[str, object]:
    """What the published checkpoint holds: the model, the optimizer's state, counters of several kinds."""
    return {
        "model": trunk_state | head_state,
        "optimizer": {
            "state": {0: {"step": 7, "exp_avg": torch.zeros(3), "exp_avg_sq": torch.zeros(3)}},
            "param_groups": [{"lr": 5e-5, "betas": (0.9, 0.999), "params": [0]}],
        },
        "epoch": 23,
        "batch_idx": np.int64(11),
        "batch_size": 64,
        "dataset_perm": [3, 1, 2],
        "total_step_count": np.int32(70_000),
        "performance": np.float64(59.2),
        "best": np.float32(41.1),
        "finished": np.bool_(True),
    }


@pytest.fixture(scope="session")
def spin_file(spin_content: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spin") / "model_checkpoint.pt"
    torch.save(spin_content, path)
    return path
