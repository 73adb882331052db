"""Flags over configurations, as the command line and the module take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reel2rig.core.train import trainer
from reel2rig.core.train.experiment import run
from reel2rig.core.train.experiment.__main__ import parsed
from reel2rig.core.train.experiment.config import ExperimentConfig
from reel2rig.core.train.experiment.request import TrainRequest
from reel2rig.core.train.experiment.run import TrainingResult
from reel2rig.core.train.experiment.schema import BadConfig
from reel2rig.core.train.settings import TrainSettings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the two trainings were asked for; neither runs."""
    calls: list[Any] = []

    def experiment(config: ExperimentConfig, out: Path, **options: Any) -> TrainingResult:
        calls.append((config, out, options))
        return TrainingResult(out / "best", out / "last", [])

    def default(settings: TrainSettings, say: object) -> Path:
        calls.append(settings)
        return Path(settings.out) / "best"

    monkeypatch.setattr(run, "train_experiment", experiment)
    monkeypatch.setattr(trainer, "train_default", default)
    return calls


def ask(line: str) -> Path:
    return parsed(line.split()).run()


def test_the_default_training_takes_a_motion_file_and_its_old_flags(asked: list[Any], tmp_path: Path) -> None:
    assert ask(f"default --motion m.npz --out {tmp_path}") == tmp_path / "best"
    assert asked[-1] == TrainSettings(Path("m.npz"), tmp_path, minutes=60.0)
    ask(f"default --motion m.npz --out {tmp_path} --steps 5 --seed 3 --batch 8 --lr 1e-5 --body b --resume")
    assert asked[-1] == TrainSettings(
        Path("m.npz"), tmp_path, steps=5, seed=3, batch=8, lr=1e-5, resume=True, body="b"
    )
    ask(f"default --motion m.npz --out {tmp_path} --minutes 2.5 --checkpoint-minutes 1 --set loss.anchor=0")
    assert (asked[-1].minutes, asked[-1].checkpoint_minutes, asked[-1].weights.anchor) == (2.5, 1, 0)


def test_an_experiment_takes_flags_and_single_keys(asked: list[Any], tmp_path: Path) -> None:
    line = (
        f"e3 --data /d:1 --out {tmp_path} --seed 2 --body b.npz --resume --device cpu --set stage1.patches=4"
    )
    assert ask(line) == tmp_path / "best"
    config, out, options = asked[-1]
    assert (config.data.root, config.data.body, config.train.seed) == ("/d:1", "b.npz", 2)
    assert (config.stage1.patches, config.train.stride, out) == (4, 16, tmp_path)
    assert (options["resume"], options["device"]) == (True, "cpu")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"config": "e1", "motion": Path("m.npz")}, "Leave out --motion: e1 trains on databases"),
        ({"config": "e1", "minutes": 3.0}, "Leave out --minutes"),
        ({"config": "e1", "checkpoint_minutes": 3.0}, "Leave out --checkpoint-minutes"),
        ({"config": "default", "data": Path("d"), "motion": Path("m.npz")}, "Leave out --data"),
        ({"config": "default"}, "Give --motion"),
        ({"config": "e9"}, "Choose one of default, e1, e2, e3"),
    ],
)
def test_flags_without_a_use_are_refused(
    asked: list[Any], tmp_path: Path, flags: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadConfig, match=told):
        TrainRequest(out=tmp_path, **flags).run()
    assert not asked
