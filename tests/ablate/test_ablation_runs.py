"""Ablations end to end on a tiny case, with the code that made the page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from reel2rig.core.ablate import one_run
from reel2rig.core.ablate.one_run import Measured, OtherExperiment, fingerprint, row_config, run_row
from reel2rig.core.ablate.report import render
from reel2rig.core.ablate.request import AblationRequest, BadAblation
from reel2rig.core.ablate.results import TableResult
from reel2rig.core.ablate.runner import run_table
from reel2rig.core.ablate.synthetic_setting import MEASURED, SYNTHETIC, Part, synthetic_setting
from reel2rig.core.ablate.tables import TABLES, UnknownRow, find_table
from reel2rig.core.network.checkpoint import load
from reel2rig.core.train.experiment.config import ExperimentConfig

PARTS = (
    Part("synthetic2d", "train", "2d", 2, 24, 1),
    Part(SYNTHETIC, "train", "3d", 2, 24, 2),
    Part(SYNTHETIC, "val", "3d", 1, 20, 3),
    Part(SYNTHETIC, "test", "3d", 1, 20, 4),
)
TINY = ("model.C=16", "stage1.d_k=4", "dis.hidden=4", "gru.hidden=8", "regressor.hidden=8")
SHORT = ("train.epochs=2", "train.iters=2", "train.batch=4")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> ExperimentConfig:
    """The built-in setting, far smaller still."""
    root = tmp_path_factory.mktemp("ablate") / "data"
    return synthetic_setting(root, parts=PARTS, overrides=(*TINY, *SHORT), say=lambda line: None)


@pytest.fixture(scope="module")
def table4(config: ExperimentConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[TableResult, Path]:
    """Two rows, one seed."""
    out = tmp_path_factory.mktemp("out")
    result = run_table(
        find_table("table4"), config, out, seeds=(1,), rows=["no-fde"], measured=MEASURED, device="cpu",
        say=lambda line: None,
    )  # fmt: skip
    return result, out


def test_a_table_is_trained_measured_and_written(table4: tuple[TableResult, Path]) -> None:
    result, out = table4
    assert [item.row.key for item in result.rows] == ["no-fde", "ours"]
    assert TableResult.read(out / "table4.json") == result
    without, ours = (item.runs[0] for item in result.rows)
    assert without.parameters < ours.parameters
    assert ours.frames == 20
    assert ours.iterations == 4
    assert len(ours.curve) == 2
    assert ours.curve[ours.best_epoch - 1] == min(ours.curve)
    assert 0 < ours.pa_mpjpe < ours.mpjpe < 3000
    assert without.pa_mpjpe != ours.pa_mpjpe
    assert "| Ours w/o FDE |" in render(result)


def test_the_setting_says_what_was_run_and_names_no_folder(table4: tuple[TableResult, Path]) -> None:
    result, out = table4
    setting = result.setting
    assert setting["data"]["synthetic (test)"] == {"tracks": 1, "frames": 20}
    assert setting["config"]["model.C"] == 16
    assert setting["measured"] == "synthetic (test)"
    assert str(out.parent) not in json.dumps(setting)


def test_a_finished_run_is_never_repeated(
    config: ExperimentConfig, table4: tuple[TableResult, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, out = table4

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(one_run, "train_experiment", refuse)
    again = run_table(
        find_table("table4"), config, out, seeds=(1,), rows=["no-fde"], measured=MEASURED,
        say=lambda line: None,
    )  # fmt: skip
    assert again == result


def test_tables_share_the_full_method(
    config: ExperimentConfig, table4: tuple[TableResult, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    result, out = table4
    trained: list[Path] = []
    train = one_run.train_experiment

    def watched(config: ExperimentConfig, folder: Path, **options: object) -> object:
        trained.append(Path(folder))
        return train(config, folder, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(one_run, "train_experiment", watched)
    other = run_table(
        find_table("table5"), config, out, seeds=(1,), rows=["no-anchor"], measured=MEASURED, device="cpu",
        say=lambda line: None,
    )  # fmt: skip
    assert [folder.parent.name for folder in trained] == ["no-anchor"]
    ours, before = other.row("ours"), result.row("ours")
    assert ours
    assert before
    assert ours.runs == before.runs


def test_the_same_seed_gives_the_same_figures(
    config: ExperimentConfig, table4: tuple[TableResult, Path], tmp_path: Path
) -> None:
    ours = table4[0].row("ours")
    assert ours
    again = run_row(config, MEASURED, tmp_path / "again", "cpu", say=lambda line: None)
    assert replace(again, seconds=0.0) == replace(ours.runs[0], seconds=0.0)


def test_of_a_training_only_what_is_needed_stays(table4: tuple[TableResult, Path]) -> None:
    folder = table4[1] / "runs" / "ours" / "seed1"
    assert load(folder / "best.safetensors").config.C == 16
    assert not (folder / "training.pt").exists()
    assert not (folder / "last.safetensors").exists()


def test_another_experiment_in_the_same_folder_is_refused(
    config: ExperimentConfig, table4: tuple[TableResult, Path]
) -> None:
    folder = table4[1] / "runs" / "ours" / "seed1"
    changed = replace(config, train=replace(config.train, lr=1e-5))
    with pytest.raises(OtherExperiment, match="other settings or other data"):
        run_row(changed, MEASURED, folder)
    with pytest.raises(OtherExperiment):
        run_row(config, Measured(SYNTHETIC, "val"), folder)


def test_changed_data_have_another_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "db"
    folder.mkdir()
    (folder / "features.npy").write_bytes(bytes(200_000))
    before = fingerprint(folder)
    (folder / "features.npy").write_bytes(bytes(199_999) + b"1")
    assert fingerprint(folder) != before


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_a_network_of_the_built_in_setting(name: str, config: ExperimentConfig) -> None:
    for row in find_table(name).rows:
        changed = row_config(config, row, seed=7)
        assert changed.train.seed == 7
        assert (replace(changed, train=config.train) == config) == (row.key == "ours")


def test_an_unknown_row_is_refused_before_data_are_made(tmp_path: Path) -> None:
    request = AblationRequest(table="table3", config="synthetic", out=tmp_path, rows=("patch4",))
    with pytest.raises(UnknownRow, match="patches4"):
        request.run()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"jobs": 0}, {"measure": "mpii3d"}])
def test_requests_that_make_no_sense_are_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BadAblation, match=f"--{next(iter(wrong))}"):
        AblationRequest(table="table3", config="e3", out=tmp_path, **wrong)  # type: ignore[arg-type]
