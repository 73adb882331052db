"""The options of `reel2rig capture` that concern the backbone, up to where the worker takes over."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from reel2rig.bridge.cli import capture as command
from reel2rig.bridge.cli.app import app
from reel2rig.core.pipeline.settings import CaptureSettings
from typer.testing import CliRunner


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[CaptureSettings]:
    """The settings of every capture that was started; none is carried out."""
    found: list[CaptureSettings] = []

    def note(_video: Path, _out: Path, settings: CaptureSettings, **_: Any) -> SimpleNamespace:
        found.append(settings)
        return SimpleNamespace(notes=(), job=None, files=())

    monkeypatch.setattr(command, "run_capture", note)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").write_bytes(b"video")
    return found


def test_the_backbone_travels_as_an_absolute_path(asked: list[CaptureSettings], tmp_path: Path) -> None:
    arguments = ["capture", "a.mp4", "-o", "a.npz", "--features", "resnet50", "--backbone", "spin.pt"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    (settings,) = asked
    assert settings.features == "resnet50"
    assert settings.backbone == str(tmp_path / "spin.pt")
    assert settings.checkpoint == "default"


def test_without_the_options_nothing_changes(asked: list[CaptureSettings]) -> None:
    assert CliRunner().invoke(app, ["capture", "a.mp4", "-o", "a.npz"]).exit_code == 0
    assert (asked[0].features, asked[0].backbone) == ("landmarks", None)


def test_resnet50_without_a_backbone_says_what_to_give(asked: list[CaptureSettings]) -> None:
    done = CliRunner().invoke(app, ["capture", "a.mp4", "-o", "a.npz", "--features", "resnet50"])
    assert done.exit_code == 2
    assert "Error [settings.invalid]: The features resnet50 need --backbone" in done.output
    assert asked == []
