"""A small moving network, and databases in which it is exactly right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.body.spin_joints import SpinJoints
from reel2rig.core.data.databases.database import Database, open_database
from reel2rig.core.data.databases.writer import DatabaseWriter
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.regressor import BodyState
from reel2rig.core.network.rotations import rotvec_from_matrix
from small_networks import WIDTH, small_network

torch.set_num_threads(1)
Arrays = dict[str, Any]


@pytest.fixture(scope="session")
def body() -> BodyLayer:
    return BodyLayer()


@pytest.fixture(scope="session")
def model() -> BodyNetwork:
    """Random, and its bodies move visibly from frame to frame."""
    return small_network()


@pytest.fixture(scope="session")
def features() -> Callable[[int, int], np.ndarray]:
    """(frames, seed) -> (frames, width)."""
    return lambda frames, seed=0: np.random.default_rng(seed).normal(0, 1, (frames, WIDTH)).astype(np.float32)


@pytest.fixture(scope="session")
def plain_answers(model: BodyNetwork) -> Callable[..., BodyState]:
    """One body per frame from one window after the other, step by step: what method section 8 says."""
    T, before = model.config.T, model.config.mid

    def answer(features: np.ndarray, edge: str) -> BodyState:
        parts, frames = [], len(features)
        for t in range(frames):
            window = np.arange(t - before, t - before + T)
            if edge == "static" and (t < before or t > frames - T + before):
                window[:] = t
            parts.append(model(torch.from_numpy(features[window.clip(0, frames - 1)])[None]))
        return BodyState(*(torch.cat([getattr(p, n) for p in parts]) for n in ("rotations", "betas", "cam")))

    return answer


@pytest.fixture(scope="session")
def answered(plain_answers: Callable[..., BodyState], body: BodyLayer) -> Callable[..., Arrays]:
    """Features (F, width) -> every key of a 3D database in which the network is exactly right about them."""
    spin = SpinJoints(body)

    def make(features: np.ndarray, edge: str = "static") -> Arrays:
        state, F = plain_answers(features, edge), len(features)
        joints = spin.joints49(state.rotations, state.betas).numpy()
        return {
            "features": features,
            "pose": rotvec_from_matrix(state.rotations).reshape(F, 72).numpy(),
            "shape": state.betas.numpy(),
            "joints3D": joints,
            "joints2D": np.concatenate([np.zeros((F, 14, 2)), np.ones((F, 14, 1))], -1),
        }

    return make


@pytest.fixture
def database(tmp_path: Path) -> Callable[..., Database]:
    """Writes and opens a database of the given tracks."""
    made = iter(range(1000))

    def make(
        tracks: Sequence[Arrays],
        names: Sequence[str] | None = None,
        genders: Sequence[str] | None = None,
        drop: Sequence[str] = (),
        fps: float | None = 30,
    ) -> Database:
        tracks = [{key: value for key, value in track.items() if key not in drop} for track in tracks]
        keys = set(tracks[0])
        about: dict[str, Any] = {"has_3d": "joints3D" in keys, "has_smpl": {"pose", "shape"} <= keys}
        folder = tmp_path / f"made{next(made)}"
        with DatabaseWriter(folder, name="made", joint_set="common14", fps=fps, **about) as writer:
            for i, arrays in enumerate(tracks):
                name = names[i] if names else f"track {i}"
                writer.add_track(name, "raw", arrays, gender=genders[i] if genders else "neutral")
            return open_database(writer.finish())

    return make
