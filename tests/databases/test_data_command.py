from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from published_databases import FRAMES, published, write_published
from reel2rig.bridge.cli import data as command
from reel2rig.bridge.cli.app import app
from reel2rig.core.data.databases.database import open_database
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own Python has all packages: nothing is set up, nothing handed on."""
    monkeypatch.setattr(command, "ensure_ready", lambda *_, **__: None)
    monkeypatch.setattr(command, "continue_in_worker_python", lambda _: None)


def test_a_published_file_is_converted_and_shown(tmp_path: Path) -> None:
    source = write_published(tmp_path, "3dpw_train_db.pt")
    target = tmp_path / "3dpw_train"
    done = CliRunner().invoke(app, ["data", "convert", str(source), str(target), "--half"])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(target)
    assert open_database(target).array("features").dtype == np.float16
    for path in (source, target):
        shown = CliRunner().invoke(app, ["data", "show", str(path), "--check", "--json"])
        assert shown.exit_code == 0, shown.output
        told = json.loads(shown.stdout)
        assert told["joint_set"] == "common14"
        assert told["keys"]["joints3D"] == ["float32", FRAMES, 49, 3]
        table = CliRunner().invoke(app, ["data", "show", str(path)]).stdout
        assert f"3 tracks, {FRAMES} frames" in table
        assert "common14" in table


def test_a_bad_database_ends_in_one_sentence_and_a_code(tmp_path: Path) -> None:
    content = published("3dpw_train_db.pt")
    content["features"][7, 0] = np.nan
    source = write_published(tmp_path, "3dpw_train_db.pt", content)
    assert CliRunner().invoke(app, ["data", "show", str(source)]).exit_code == 0
    checked = CliRunner().invoke(app, ["data", "show", str(source), "--check"])
    converted = CliRunner().invoke(app, ["data", "convert", str(source), str(tmp_path / "ours")])
    for done in (checked, converted):
        assert done.exit_code == 2
        assert f"Error [data.not_finite]: {source}: features is not finite in frame 7 " in done.stderr
        assert "Traceback" not in done.output
    assert not (tmp_path / "ours").exists()
