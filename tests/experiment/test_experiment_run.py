"""A run: it learns, it is interrupted and goes on as if nothing had happened, it refuses what cannot work."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from reel2rig.core.body.layer import BodyLayer
from reel2rig.core.data.databases.catalogue import DatasetMissing
from reel2rig.core.data.databases.database import open_database
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.data.procedural import procedural_motion
from reel2rig.core.evaluate.paper.protocols import protocol_for
from reel2rig.core.network import checkpoint
from reel2rig.core.network.presets import RegressorConfig
from reel2rig.core.network.regressor import IterativeRegressor
from reel2rig.core.train.experiment import run
from reel2rig.core.train.experiment.config import ExperimentConfig
from reel2rig.core.train.experiment.run import FolderInUse, initial_network, train_experiment
from reel2rig.core.train.experiment.schema import BadConfig
from reel2rig.core.train.experiment.supervised import SupervisedNetwork
from reel2rig.core.train.experiment.validation import Validation
from reel2rig.core.train.run_state import NothingToResume, StateCorrupt, read_state

Tiny = Callable[..., ExperimentConfig]


def same_weights(a: Path, b: Path) -> bool:
    """Whether the states of two runs hold the same numbers, bit for bit."""
    first, second = (read_state(folder)["model"] for folder in (a, b))
    return all(torch.equal(first[name], second[name]) for name in first)


def quiet(_: str) -> None:
    pass


def test_a_small_network_learns(tmp_path: Path, tiny: Tiny) -> None:
    """Validation shows the training's motions, on other people before other cameras."""
    motion = [procedural_motion(60, seed) for seed in range(4)]
    for name, kind, tracks in (("crowd_train", "3d", 40), ("walkers_train", "2d", 8), ("crowd_val", "3d", 4)):
        write_synthetic_database(
            tmp_path / name, tracks=tracks, frames=60, C=64, seed=tracks, kind=kind, motion=motion
        )
    config = tiny(
        *("model.C=64", "stage1.d_k=16", "dis.hidden=32", "gru.hidden=32", "regressor.hidden=128"),
        *("data.sets_3d=[crowd]", "data.val.dataset=crowd", f"data.root={tmp_path}", "regressor.dropout=0"),
        *("train.iters=80", "train.batch=16", "train.ratio_2d=0.3", "train.lr=2e-3", "train.report_iters=80"),
    )
    validate = Validation(
        config.eval, protocol_for("crowd"), open_database(tmp_path / "crowd_val"), BodyLayer()
    )
    torch.manual_seed(1)
    before = validate(initial_network(config).eval())
    result = train_experiment(config, tmp_path / "out", device="cpu", say=quiet)
    after = result.history[-1]
    assert after["pa_mpjpe"] < 0.85 * before["pa_mpjpe"]
    assert after["mpjpe"] < 0.65 * before["mpjpe"]
    # The checkpoint is float16: what is measured from it is what was measured in training.
    again = validate(checkpoint.load(result.last))
    assert again["pa_mpjpe"] == pytest.approx(after["pa_mpjpe"], abs=0.1)


def test_three_steps_and_three_resumed_ones_are_six_steps(tiny: Tiny, tmp_path: Path) -> None:
    """Dropout is on, and one interruption falls between epochs, the other inside the second one."""
    whole = train_experiment(tiny(), tmp_path / "whole", device="cpu", say=quiet)
    between, inside = tmp_path / "between", tmp_path / "inside"
    train_experiment(tiny("train.epochs=1"), between, device="cpu", say=quiet)
    resumed = train_experiment(tiny(), between, resume=True, device="cpu", say=quiet)
    assert same_weights(tmp_path / "whole", between)
    assert resumed.history == whole.history

    handler, lines = signal.getsignal(signal.SIGINT), list[str]()

    def interrupt_in_the_second_epoch(line: str) -> None:
        lines.append(line)
        if line.startswith("epoch 2/2, step 1/3"):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train_experiment(tiny(), inside, device="cpu", say=interrupt_in_the_second_epoch)
    assert "interrupted at epoch 2, step 1" in lines[-1]
    assert read_state(inside)["position"]["iteration"] == 1
    train_experiment(tiny(), inside, resume=True, device="cpu", say=quiet)
    assert same_weights(tmp_path / "whole", inside)
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_interrupted_validation_is_done_again(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: object, model: object) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("nothing holds an interruption back here")

    with monkeypatch.context() as patched:
        patched.setattr(Validation, "__call__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_experiment(tiny("train.epochs=1"), tmp_path / "cut", device="cpu", say=quiet)
    assert read_state(tmp_path / "cut")["position"]["iteration"] == 3
    result = train_experiment(tiny("train.epochs=1"), tmp_path / "cut", resume=True, device="cpu", say=quiet)
    assert len(result.history) == 1
    assert result.best.exists()


def test_whoever_insists_is_not_kept_waiting_and_nothing_half_done_is_written(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def insist(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)  # torchrun passes both on
        heard.append(True)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the third one ends it")

    heard: list[bool] = []
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", insist)
    with pytest.raises(KeyboardInterrupt):
        train_experiment(tiny("train.clip_norm=1"), tmp_path, device="cpu", say=quiet)
    assert heard
    assert not (tmp_path / "training.pt").exists()


def test_a_state_can_be_written_between_epochs(tiny: Tiny, tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if "step 3/3" in line:
            raise RuntimeError("the power fails")

    config = tiny("train.epochs=1", "train.save_iters=2")
    with pytest.raises(RuntimeError):
        train_experiment(config, tmp_path, device="cpu", say=stop)
    assert read_state(tmp_path)["position"]["iteration"] == 2


def test_the_learning_rate_falls_when_validation_stands_still(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validation, "__call__", lambda self, model: {"pa_mpjpe": 50.0})
    config = tiny("train.epochs=4", "train.iters=1", "train.plateau.patience=1")
    result = train_experiment(config, tmp_path, device="cpu", say=quiet)
    assert [epoch["lr"] for epoch in result.history] == pytest.approx([1e-3, 1e-3, 1e-3, 1e-4])
    assert checkpoint.notes(result.best)["epoch"] == 1
    assert checkpoint.notes(result.last)["epoch"] == 4


@pytest.mark.parametrize(
    "changes",
    [
        ("model.output=sequence",),
        ("loss.deep_sup=0.5",),
        ("loss.deep_sup=1", "model.output=sequence", "stage2.superpose=none"),
        ("stage2.enabled=false", "data.dup_edges=true", "train.stride=1"),
        ("train.clip_norm=0.01",),
        ("train.precision=bf16",),
        ("train.ratio_2d=0", "data.sets_2d=[]"),
        ("train.ratio_2d=1", "data.sets_3d=[]"),
    ],
)
def test_every_way_to_train_trains(tiny: Tiny, tmp_path: Path, changes: tuple[str, ...]) -> None:
    config = tiny("train.epochs=1", "train.iters=2", *changes)
    result = train_experiment(config, tmp_path, device="cpu", say=quiet)
    trained = read_state(tmp_path)["model"]
    torch.manual_seed(config.train.seed)
    untrained = initial_network(config).state_dict()
    assert math.isfinite(result.history[0]["pa_mpjpe"])
    moved = [name for name in trained if not torch.equal(trained[name], untrained[name])]
    assert len(moved) > 0.9 * len(trained) - 3


def test_bfloat16_changes_the_answer_by_little(tiny: Tiny) -> None:
    torch.manual_seed(1)
    model = initial_network(tiny()).eval()
    for head in model.regressor.decode:  # an untrained regressor hardly looks at its feature
        torch.nn.init.xavier_uniform_(head.weight)
    features = torch.randn(4, 16, 32)
    exact, rounded = (SupervisedNetwork(model, kind, deep=True)(features) for kind in ("fp32", "bf16"))
    assert exact.shape == (4, 4, 1, 157)  # the answer, two branches of stage 2 and stage 1
    difference = (exact - rounded).abs().max()
    assert 0 < difference < 0.02 * (exact - model.regressor.initial).abs().max()
    assert torch.equal(exact[:, 0, 0], model.regressor(model.temporal(features)))


def test_the_curves_can_be_read_in_tensorboard(tiny: Tiny, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_experiment(tiny("train.epochs=1"), tmp_path, device="cpu", say=quiet)
    train_experiment(tiny(), tmp_path, resume=True, device="cpu", say=quiet)
    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    assert {"train/loss", "train/lr", "train/kp3d", "val/pa_mpjpe"} <= set(curves.Tags()["scalars"])
    assert [point.step for point in curves.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]
    assert [point.step for point in curves.Scalars("val/pa_mpjpe")] == [3, 6]


def test_missing_datasets_are_told_all_at_once_before_anything_is_built(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BodyNetwork", None)
    config = tiny("data.sets_2d=[insta,walkers]", "data.sets_3d=[3dpw,actors]", "data.val.dataset=mpii3d")
    with pytest.raises(DatasetMissing) as missing:
        train_experiment(config, tmp_path / "out", device="cpu", say=quiet)
    told = missing.value.message
    assert len(told.splitlines()) == 3
    for expected in ("insta_train_db.h5", "3dpw_train", "mpii3d_val"):
        assert expected in told
    assert "walkers" not in told
    assert not (tmp_path / "out").exists()


def test_runs_that_cannot_start_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"model\.C to 32"):
        train_experiment(tiny("model.C=64"), tmp_path, device="cpu", say=quiet)
    with pytest.raises(BadConfig, match="fp16 needs a CUDA device"):
        train_experiment(tiny("train.precision=fp16"), tmp_path, device="cpu", say=quiet)
    with pytest.raises(BadConfig, match=r"data\.sets_3d.*32 frames"):
        train_experiment(tiny("model.T=32", "data.sets_3d=[dancers]"), tmp_path, device="cpu", say=quiet)
    with pytest.raises(NothingToResume, match="no training to continue"):
        train_experiment(tiny(), tmp_path / "empty", resume=True, device="cpu", say=quiet)
    train_experiment(tiny("train.epochs=1", "train.iters=1"), tmp_path / "run", device="cpu", say=quiet)
    with pytest.raises(FolderInUse, match="holds a training already"):
        train_experiment(tiny(), tmp_path / "run", device="cpu", say=quiet)
    with pytest.raises(BadConfig, match=r"Resume with train\.iters = 1"):
        train_experiment(tiny(), tmp_path / "run", resume=True, device="cpu", say=quiet)
    (tmp_path / "run" / "training.pt").write_bytes(b"not a state")
    config = tiny("train.epochs=1", "train.iters=1")
    with pytest.raises(StateCorrupt, match="cannot be read"):
        train_experiment(config, tmp_path / "run", resume=True, device="cpu", say=quiet)


def test_the_regressor_starts_from_spin_where_wanted(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = IterativeRegressor(32, RegressorConfig(hidden=64))
    given.initial.uniform_()
    told = {"spin.pt": given, "trunk.pt": None, "wide.pt": IterativeRegressor(48, RegressorConfig(hidden=64))}
    monkeypatch.setattr(run, "load_spin", lambda path: SimpleNamespace(regressor=told[path], report=path))
    started = initial_network(tiny("init.spin=spin.pt")).regressor.state_dict()
    assert all(torch.equal(started[name], value) for name, value in given.state_dict().items())
    with pytest.raises(BadConfig, match=r"trunk\.pt has no body regressor"):
        initial_network(tiny("init.spin=trunk.pt"))
    with pytest.raises(BadConfig, match=r"model\.C"):
        initial_network(tiny("init.spin=wide.pt"))
