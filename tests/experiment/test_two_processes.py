"""Two real processes that train together do what one does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from reel2rig.core.train.experiment.config import ExperimentConfig
from reel2rig.core.train.experiment.databases import find_databases
from reel2rig.core.train.experiment.ranks import Ranks
from reel2rig.core.train.experiment.run import prepared

Tiny = Callable[..., ExperimentConfig]
# Every kind of term is on.
EXACT = ("loss.deep_sup=0.5", "train.clip_norm=100", "train.save_iters=2")


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Two processes on this machine, until both have ended."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [*launcher, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=variables,
        check=False,
        timeout=180,
    )


@pytest.fixture(scope="module")
def together(databases: Path, tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What each of two ranks found."""
    folder = tmp_path_factory.mktemp("together")
    script = Path(__file__).with_name("two_ranks.py")
    done = torchrun(script, tiny_file, folder, f"data.root={databases}", *EXACT)
    assert done.returncode == 0, done.stderr
    assert (folder / "run" / "best.safetensors").exists()
    return [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_the_averaged_gradient_is_that_of_one_process_with_the_whole_batch(
    together: list[dict], tiny: Tiny, tmp_path: Path
) -> None:
    config = tiny(*EXACT, "regressor.dropout=0")  # which differs between the ranks by intention
    alone = prepared(config, find_databases(config), tmp_path, Ranks(), lambda _: None)
    alone.step(alone.mixture.rows(0, Ranks()))
    largest = max(float(p.grad.abs().max()) for p in alone.model.parameters())
    for name, p in alone.model.named_parameters():
        for rank in together:
            torch.testing.assert_close(rank["gradient"][name], p.grad, rtol=1e-4, atol=1e-6 * largest)


def test_both_processes_end_with_the_same_weights(together: list[dict]) -> None:
    first, second = (rank["weights"] for rank in together)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_two_processes_resume_as_if_nothing_had_happened(together: list[dict]) -> None:
    for rank in together:
        assert all(torch.equal(rank["weights"][name], rank["resumed"][name]) for name in rank["weights"])


def test_the_first_process_alone_reports_and_validates(together: list[dict]) -> None:
    assert any("validation" in line for line in together[0]["said"])
    assert not any("epoch" in line for line in together[1]["said"])


@pytest.mark.parametrize("output", ["mid", "sequence"])
def test_every_parameter_has_a_gradient_in_every_step(tiny: Tiny, tmp_path: Path, output: str) -> None:
    """Also the recurrent matrices whose steps reach no output: zero, not none, so that ranks never wait."""
    for change in ("stage1.merge=project", "stage1.dem=false", "fde.mode=off", "stage2.superpose=learned"):
        config = tiny(f"model.output={output}", change)
        trainer = prepared(config, find_databases(config), tmp_path, Ranks(), lambda _: None)
        trainer.step(trainer.mixture.rows(0, Ranks()))
        assert all(p.grad is not None for p in trainer.model.parameters())


def test_the_module_trains_under_torchrun(databases: Path, tiny_file: Path, tmp_path: Path) -> None:
    command = ("-m", "reel2rig.core.train.experiment", tiny_file, "--data", databases, "--device", "cpu")
    done = torchrun(*command, "--out", tmp_path / "out", "--set", "train.epochs=1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "out" / "best.safetensors")]
