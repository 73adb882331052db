"""Checkpoints: what is written comes back, what is broken is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from reel2rig.core.network import checkpoint
from reel2rig.core.network.model import BodyNetwork
from reel2rig.core.network.presets import (
    DisConfig,
    EncoderConfig,
    GruConfig,
    NetworkConfig,
    Stage1Config,
    UnknownPreset,
)
from safetensors.torch import save_file

TINY = NetworkConfig(
    C=16,
    stage1=Stage1Config(d_k=4),
    dis=DisConfig(hidden=8),
    gru=GruConfig(hidden=8),
    encoder=EncoderConfig(inputs=6, hidden=8),
)


def test_a_model_comes_back_with_its_configuration_notes_and_half_precision(tmp_path: Path) -> None:
    model = BodyNetwork(TINY).eval()
    checkpoint.save(model, tmp_path / "m.safetensors", {"steps": 7})
    again = checkpoint.load(tmp_path / "m.safetensors")
    assert again.config == TINY
    assert checkpoint.notes(tmp_path / "m.safetensors") == {"steps": 7}
    for name, value in model.state_dict().items():
        assert torch.allclose(again.state_dict()[name], value, rtol=1e-3, atol=1e-4), name
    assert not again.training
    assert list(tmp_path.iterdir()) == [tmp_path / "m.safetensors"]  # no temporary file stays


def assert_corrupt(path: Path) -> None:
    with pytest.raises(checkpoint.CheckpointCorrupt) as refused:
        checkpoint.load(path)
    assert refused.value.code == "model.checkpoint_corrupt"
    assert path.name in refused.value.message
    assert refused.value.exit_code == 5


def test_broken_files_are_refused(tmp_path: Path) -> None:
    good = tmp_path / "good.safetensors"
    checkpoint.save(BodyNetwork(TINY), good)
    whole = good.read_bytes()
    for name, content in (("empty", b""), ("text", b"not a model at all"), ("cut", whole[: len(whole) // 2])):
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(content)
        assert_corrupt(path)


def test_weights_of_another_network_or_another_program_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    assert_corrupt(other)
    model = BodyNetwork(TINY)
    model.config = replace(TINY, C=32)  # a header that lies about the tensors
    checkpoint.save(model, tmp_path / "lie.safetensors")
    assert_corrupt(tmp_path / "lie.safetensors")


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    model = BodyNetwork(TINY)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    checkpoint.save(model, tmp_path / "nan.safetensors")
    assert_corrupt(tmp_path / "nan.safetensors")


def test_a_missing_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(checkpoint.CheckpointMissing) as missing:
        checkpoint.load(tmp_path / "nowhere.safetensors")
    assert "nowhere.safetensors" in missing.value.message


def test_a_checkpoint_of_another_network_than_asked_for_is_refused_with_both_values(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    checkpoint.save(BodyNetwork(TINY), path)
    assert checkpoint.load(path, expect=TINY).config == TINY
    assert checkpoint.load(path, expect=replace(TINY, output="sequence")).config == TINY
    for expect, key, held, wanted in (
        ("base", "C", "16", "2048"),
        (replace(TINY, gru=GruConfig(hidden=8, layers=2)), "gru.layers", "1", "2"),
        (replace(TINY, stage1=Stage1Config(d_k=4, motion="raw")), "stage1.motion", "same", "raw"),
    ):
        with pytest.raises(checkpoint.CheckpointOfAnotherNetwork) as refused:
            checkpoint.load(path, expect=expect)
        assert refused.value.code == "model.checkpoint_of_another_network"
        assert f"mine.safetensors has {key} = {held}, not {wanted}" in refused.value.message
    with pytest.raises(UnknownPreset):
        checkpoint.load(path, expect="huge")
