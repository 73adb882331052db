"""Backbone files: what is taken over is the file's own model, what is wrong is named, nothing is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from reel2rig.core.errors import Reel2RigError
from reel2rig.core.features.images.spin_checkpoint import load_spin
from reel2rig.core.features.images.weights_file import (
    BackboneCorrupt,
    BackboneMissing,
    BackboneUnsafe,
    read_state,
)
from reel2rig.core.network.model import count_parameters
from reel2rig.core.network.regressor import apply_folded, body_from_state
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]
Save = Callable[[object], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(content: object) -> Path:
        torch.save(content, tmp_path / "backbone.pt")
        return tmp_path / "backbone.pt"

    return write


def test_a_spin_checkpoint_gives_trunk_and_regressor_and_says_what_it_took(
    spin_file: Path, trunk_state: State, head_state: State
) -> None:
    spin = load_spin(spin_file)
    assert spin.regressor is not None
    for name, value in spin.trunk.state_dict().items():
        assert torch.equal(value, trunk_state[name].to(value.dtype)), name
    assert set(spin.report.matched) == set(trunk_state) | set(head_state)
    assert spin.report.ignored == ()
    assert {"optimizer", "epoch", "performance"} < set(spin.report.beside)
    assert "model_checkpoint.pt: 331 tensors" in str(spin.report)
    assert count_parameters(spin.regressor) == pytest.approx(3.47e6, rel=2e-3)
    assert not spin.regressor.training


def test_the_regressor_answers_as_the_checkpoint_s_own_model_does(spin_file: Path, head_state: State) -> None:
    """Computed anew from the published layout: [feature | pose | shape | camera], pose as (3, 2) blocks."""
    x, s = torch.randn(5, 2048), head_state
    pose, shape, cam = (s[name].expand(5, -1) for name in ("init_pose", "init_shape", "init_cam"))
    for _ in range(3):
        h = F.linear(torch.cat([x, pose, shape, cam], 1), s["fc1.weight"], s["fc1.bias"])
        h = F.linear(h, s["fc2.weight"], s["fc2.bias"])
        pose = pose + F.linear(h, s["decpose.weight"], s["decpose.bias"])
        shape = shape + F.linear(h, s["decshape.weight"], s["decshape.bias"])
        cam = cam + F.linear(h, s["deccam.weight"], s["deccam.bias"])
    block = pose.view(-1, 3, 2)
    first = F.normalize(block[:, :, 0])
    second = F.normalize(block[:, :, 1] - (first * block[:, :, 1]).sum(1, keepdim=True) * first)
    rotations = torch.stack([first, second, torch.linalg.cross(first, second)], -1).view(5, 24, 3, 3)

    regressor = load_spin(spin_file).regressor
    assert regressor is not None
    body = body_from_state(regressor(x))
    assert torch.allclose(body.rotations, rotations, atol=1e-5)
    assert torch.allclose(body.betas, shape, atol=1e-5)
    # Seen from the pelvis instead of the body's origin: the same points land in the same places.
    pelvis = torch.tensor([0.0, -0.0018, -0.2233])
    assert torch.allclose(body.cam, cam + pelvis, atol=1e-5)
    M, k = regressor.fold()
    assert torch.allclose(apply_folded(x, (M.float(), k.float()))[:, -3:], cam + pelvis, atol=1e-5)


def test_files_of_parallel_training_in_the_old_format_are_read(
    spin_content: dict[str, object], trunk_state: State, tmp_path: Path
) -> None:
    model = spin_content["model"]
    assert isinstance(model, dict)
    content = spin_content | {"model": {f"module.{name}": value for name, value in model.items()}}
    path = tmp_path / "old.pth.tar"
    torch.save(content, path, _use_new_zipfile_serialization=False)
    spin = load_spin(path)
    assert spin.regressor is not None
    assert torch.equal(spin.trunk.conv1.weight, trunk_state["conv1.weight"].float())


def test_a_bare_resnet_has_no_regressor_and_its_classifier_is_left_aside(
    trunk_state: State, save: Save
) -> None:
    bare = {name: value for name, value in trunk_state.items() if "num_batches" not in name}
    classifier = {"fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}
    spin = load_spin(save(bare | classifier))
    assert spin.regressor is None
    assert spin.report.ignored == ("fc.bias", "fc.weight")


def test_safetensors_are_read_too(trunk_state: State, head_state: State, tmp_path: Path) -> None:
    save_file(trunk_state | head_state, tmp_path / "spin.safetensors")
    assert load_spin(tmp_path / "spin.safetensors").regressor is not None


def refusal(path: Path) -> str:
    with pytest.raises(BackboneCorrupt) as refused:
        load_spin(path)
    assert path.name in refused.value.message
    assert refused.value.exit_code == 5
    return refused.value.message


def test_a_missing_key_is_named_with_its_shape(trunk_state: State, save: Save) -> None:
    path = save({name: v for name, v in trunk_state.items() if name != "layer3.2.conv2.weight"})
    assert "lacks the key 'layer3.2.conv2.weight': expected a tensor of shape (256, 256, 3, 3)" in refusal(
        path
    )


def test_half_a_regressor_is_refused(trunk_state: State, head_state: State, save: Save) -> None:
    some = {name: value for name, value in head_state.items() if name != "init_cam"}
    assert "'init_cam': expected a tensor of shape (1, 3)" in refusal(save({"model": trunk_state | some}))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "bn1.weight",
            torch.ones(65),
            "'bn1.weight' is float32 of shape (65,); expected real numbers of shape",
        ),
        ("bn1.weight", torch.ones(64, dtype=torch.int64), "'bn1.weight' is int64"),
        ("bn1.weight", torch.full((64,), torch.nan), "'bn1.weight' holds values that are not finite"),
        ("layer5.0.conv1.weight", torch.ones(2), "unexpected key 'layer5.0.conv1.weight'"),
        ("bn1.weight", "a string", "'bn1.weight' is a str; expected a tensor"),
    ],
)
def test_a_wrong_value_is_named(trunk_state: State, save: Save, name: str, value: object, words: str) -> None:
    assert words in refusal(save({"model": trunk_state | {name: value}}))


@pytest.mark.parametrize("content", [{"model": {}}, {"epoch": 3}, [1, 2], torch.zeros(3)])
def test_a_file_without_weights_is_refused(save: Save, content: object) -> None:
    assert "holds no weights" in refusal(save(content))


def test_files_that_are_cut_off_or_something_else_are_refused(save: Save, tmp_path: Path) -> None:
    whole = save({"conv1.weight": torch.zeros(1000)}).read_bytes()
    for number, content in enumerate((b"", b"no weights at all", whole[: len(whole) // 2])):
        for ending in ("pt", "safetensors"):
            path = tmp_path / f"{number}.{ending}"
            path.write_bytes(content)
            refusal(path)
    with pytest.raises(BackboneMissing, match="does not exist"):
        load_spin(tmp_path / "none.pt")


class Payload:
    """Its pickle has `os.mkdir` called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_malicious_checkpoint_is_refused_and_nothing_is_run(
    tmp_path: Path, new_format: bool, place: str
) -> None:
    payload = Payload(tmp_path / "executed")
    model: dict[str, object] = {"conv1.weight": torch.zeros(2)}
    content: dict[str, object] = {"model": model}
    (content if place == "beside" else model)["x"] = payload
    path = tmp_path / "evil.pt"
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(BackboneUnsafe, match=r"evil\.pt asks for \w+\.mkdir") as refused:
        load_spin(path)
    assert refused.value.code == "features.backbone_unsafe"
    assert not (tmp_path / "executed").exists()


def test_arrays_of_numpy_are_more_than_weights_need(save: Save) -> None:
    with pytest.raises(Reel2RigError, match="_reconstruct"):
        read_state(save({"model": {"a": torch.zeros(2)}, "array": np.zeros(3)}))
