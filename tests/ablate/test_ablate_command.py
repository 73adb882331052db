"""`reel2rig ablate` and `reel2rig figures` at the command line."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from reel2rig.bridge.cli import ablate as command
from reel2rig.bridge.cli.app import app
from reel2rig.core.ablate import request
from reel2rig.core.ablate.results import TableResult
from reel2rig.core.ablate.synthetic_setting import SYNTHETIC, Part, synthetic_setting
from typer.testing import CliRunner

PARTS = (
    Part("synthetic2d", "train", "2d", 1, 18, 1),
    Part(SYNTHETIC, "train", "3d", 1, 18, 2),
    Part(SYNTHETIC, "val", "3d", 1, 18, 3),
    Part(SYNTHETIC, "test", "3d", 1, 18, 4),
)
TINY = (
    *("model.C=8", "stage1.d_k=4", "dis.hidden=4", "gru.hidden=8", "regressor.hidden=8"),
    *("train.epochs=1", "train.iters=1", "train.batch=4"),
)


@pytest.fixture(autouse=True)
def _no_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ensure_ready", lambda *_, **__: None)
    monkeypatch.setattr(request, "synthetic_setting", partial(synthetic_setting, parts=PARTS))


def reel2rig(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_table_is_printed_and_goes_on_where_it_was(tmp_path: Path) -> None:
    changes = [part for key in TINY for part in ("--set", key)]
    asked = (
        "ablate",
        "table5",
        "-o",
        tmp_path,
        "--seeds",
        1,
        "--rows",
        "no-anchor",
        "--device",
        "cpu",
        *changes,
    )
    done = reel2rig(*asked)
    assert done.exit_code == 0, done.output
    assert "| L_A | without |" in done.stdout
    assert "[2/2] ours, seed 1" in done.stderr
    result = TableResult.read(tmp_path / "table5.json")
    told = reel2rig(*asked, "--json")
    assert json.loads(told.stdout)["rows"][0]["runs"][0]["pa_mpjpe"] == result.rows[0].runs[0].pa_mpjpe


def test_figures_compare_two_runs_of_an_ablation(tmp_path: Path) -> None:
    changes = [part for key in TINY for part in ("--set", key)]
    reel2rig(
        "ablate", "table5", "-o", tmp_path, "--seeds", 1, "--rows", "no-anchor", "--device", "cpu", *changes
    )
    runs = tmp_path / "runs"
    done = reel2rig(
        *("figures", "anchors", "--with", runs / "ours" / "seed1" / "best.safetensors"),
        *("--without", runs / "no-anchor" / "seed1" / "best.safetensors"),
        *("--database", tmp_path / "data" / "synthetic_test", "-o", tmp_path / "figures", "--frames", 1),
    )
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "figures").glob("*.jpg"))) == 2


def test_mistakes_are_told_in_one_sentence(tmp_path: Path) -> None:
    done = reel2rig("ablate", "table7", "-o", tmp_path)
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "Error [ablate.unknown_table]: Choose one of the tables table3, table4, table5"
    )
    done = reel2rig("ablate", "table3", "-o", tmp_path, "--config", "e3", "--data", tmp_path / "none")
    assert done.exit_code == 2
    assert "mpii3d" in done.stderr
