"""One thread, as the long runs have; and results made up for the report."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from reel2rig.core.ablate.results import RowResult, Run, TableResult
from reel2rig.core.ablate.tables import find_table

torch.set_num_threads(1)


def made_up_run(seed: int, pa_mpjpe: float, parameters: int = 400_000) -> Run:
    return Run(
        seed=seed,
        mpjpe=pa_mpjpe + 10,
        pa_mpjpe=pa_mpjpe,
        accel=5.0 + 0.1 * seed,
        frames=100,
        parameters=parameters,
        iterations=10,
        best_epoch=1,
        seconds=1.0,
        curve=(90.0, pa_mpjpe),
    )


def made_up_table(name: str, errors: dict[str, list[float]]) -> TableResult:
    rows = {row.key: row for row in find_table(name).rows}
    return TableResult(
        name,
        tuple(
            RowResult(rows[key], tuple(made_up_run(seed, value) for seed, value in enumerate(values, 1)))
            for key, values in errors.items()
        ),
    )


@pytest.fixture
def make_table() -> Callable[[str, dict[str, list[float]]], TableResult]:
    """Makes a result with the given PA-MPJPE per row and seed."""
    return made_up_table


@pytest.fixture
def table4() -> TableResult:
    """`fde-identity` is as good as ours in every way that counts, `no-dem` is far worse."""
    return made_up_table(
        "table4",
        {"no-dem": [70.0, 70.4, 70.8], "fde-identity": [60.2, 60.3, 60.7], "ours": [60.0, 60.4, 60.8]},
    )
