"""Bodies for the body room's tests: the shipped one, and small SMPL files made on the spot."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from reel2rig.core.motion.body import BodyTemplate, load_body
from scipy.spatial.transform import Rotation


@pytest.fixture(scope="session")
def free_body() -> BodyTemplate:
    return load_body()


@pytest.fixture(scope="session")
def corrected_body(free_body: BodyTemplate) -> BodyTemplate:
    """The free body with made-up pose correctives, which it does not have itself."""
    posedirs = np.random.default_rng(3).normal(0, 0.003, (len(free_body.v_template), 3, 207))
    return dataclasses.replace(free_body, posedirs=posedirs.astype(np.float32))


@pytest.fixture(scope="session")
def poses() -> tuple[np.ndarray, np.ndarray]:
    """Rotations (4, 24, 3, 3) all over the sphere and betas (4, 10), float32."""
    rotations = (
        Rotation.from_quat(np.random.default_rng(1).normal(size=(4 * 24, 4))).as_matrix().reshape(4, 24, 3, 3)
    )
    betas = np.random.default_rng(2).normal(0, 1, (4, 10))
    return rotations.astype(np.float32), betas.astype(np.float32)


@pytest.fixture
def smpl_arrays(free_body: BodyTemplate) -> dict[str, Any]:
    """The dictionary of an official SMPL file, with 300 vertices and 24 shape directions."""
    rng = np.random.default_rng(4)
    weights = rng.random((300, 24)) ** 8
    regressor = rng.random((24, 300)) * (rng.random((24, 300)) < 0.05) + 1e-3
    parents = [2**32 - 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
    return {
        "v_template": rng.normal(0, 0.4, (300, 3)),
        "shapedirs": rng.normal(0, 0.02, (300, 3, 24)),
        "posedirs": rng.normal(0, 0.01, (300, 3, 207)),
        "weights": weights / weights.sum(1, keepdims=True),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "f": rng.integers(0, 300, (500, 3)).astype(np.uint32),
        "kintree_table": np.array([parents, range(24)], np.uint32),
        "bs_type": "lrotmin",
    }
