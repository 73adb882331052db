"""Training: it learns, it resumes as if nothing had happened, it refuses what it cannot do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.core.data.procedural import procedural_motion
from reel2rig.core.network import checkpoint
from reel2rig.core.network.presets import EncoderConfig, GruConfig, RegressorConfig, Stage1Config, preset
from reel2rig.core.train.batches import build_sampler, make_batch
from reel2rig.core.train.settings import BadTrainSettings, TrainSettings
from reel2rig.core.train.trainer import Trainer, train_default
from scipy.spatial.transform import Rotation

DEFAULT = preset("default")
TINY = replace(
    DEFAULT,
    C=32,
    stage1=Stage1Config(d_k=8),
    gru=GruConfig(hidden=16),
    regressor=RegressorConfig(hidden=32, dropout=0.0),
    encoder=EncoderConfig(inputs=DEFAULT.encoder.inputs, hidden=48),
)


@pytest.fixture(scope="module")
def motion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A motion file made of procedural motion: two clips, one of them held out."""
    clips = [procedural_motion(120, seed) for seed in (1, 2)]
    poses = [Rotation.from_matrix(c.rotations.reshape(-1, 3, 3)).as_rotvec().reshape(-1, 72) for c in clips]
    path = tmp_path_factory.mktemp("motion") / "motion.npz"
    np.savez(
        path,
        poses=np.concatenate(poses).astype(np.float32),
        trans=np.concatenate([c.trans for c in clips]),
        clip_start=np.array([0, 120]),
        clip_len=np.array([120, 120]),
        clip_name=np.array(["a", "b"]),
        validation=np.array([False, True]),
    )
    return path


def settings(motion: Path, out: Path, **changes: object) -> TrainSettings:
    given = {"steps": 20, "batch": 8, "lr": 3e-3, "warmup": 2, "frame_share": 0.0, "network": TINY}
    return TrainSettings(motion, out, **{**given, **changes})  # type: ignore[arg-type]


def test_twenty_steps_lower_the_loss_on_a_batch_they_were_not_shown(motion: Path, tmp_path: Path) -> None:
    trainer = Trainer(settings(motion, tmp_path), say=lambda _: None)
    sampler = build_sampler(motion, 1)
    unseen = make_batch(sampler, trainer.body, trainer.plan, 999)

    def loss() -> float:
        with torch.no_grad():
            return float(torch.stack(list(trainer.losses(unseen, temporal=True).values())).sum())

    before = loss()
    for number in range(20):
        trainer.step(make_batch(sampler, trainer.body, trainer.plan, number))
    assert loss() < 0.97 * before


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(motion: Path, tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    train_default(settings(motion, whole, steps=8, frame_share=0.25), say=lambda _: None)

    class Stopped(Exception):
        pass

    lines: list[str] = []

    def stop_after_the_checkpoint(line: str) -> None:
        lines.append(line)
        if line.startswith("step 4:"):
            raise Stopped

    cut = settings(motion, halves, steps=8, frame_share=0.25, checkpoint_steps=3)
    trainer = Trainer(cut, say=lambda _: None)
    sampler = build_sampler(motion, 1)
    for number in range(3):
        trainer.step(make_batch(sampler, trainer.body, trainer.plan, number))
    trainer.save_state()
    train_default(replace(cut, resume=True), say=lambda _: None)

    a, b = (checkpoint.load(folder / "last.safetensors").state_dict() for folder in (whole, halves))
    for name in a:
        assert torch.equal(a[name], b[name]), name


def test_a_run_leaves_checkpoints_that_load_and_say_what_was_measured(motion: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    best = train_default(settings(motion, tmp_path, steps=3, report_steps=1), say=lines.append)
    model = checkpoint.load(best)
    assert model.config == TINY
    measured = checkpoint.notes(best)["validation"]
    assert set(measured) == {"raw", "sequence", "mid"}
    assert measured["raw"]["mpjpe"] > 20
    assert any(line.startswith("step 1 ") for line in lines)
    assert any("raw world landmarks" in line for line in lines)
    # The mean of the training motion is where the regressor starts from: arms hang, they are not spread.
    shoulder = model.regressor.initial[:144].reshape(24, 6)[16]
    assert not torch.allclose(shoulder, torch.tensor([1.0, 0, 0, 1, 0, 0]), atol=0.1)


def test_settings_that_cannot_work_are_refused(motion: Path, tmp_path: Path) -> None:
    for changes in (
        {"minutes": 1.0},
        {"steps": None},
        {"steps": -1},
        {"batch": 0},
        {"network": preset("base")},
    ):
        with pytest.raises(BadTrainSettings) as refused:
            settings(motion, tmp_path, **changes)
        assert refused.value.code == "train.bad_settings"
    with pytest.raises(BadTrainSettings, match="no training to continue"):
        Trainer(settings(motion, tmp_path / "empty", resume=True))
