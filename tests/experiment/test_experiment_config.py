"""Configurations: what the named ones say, what files and flags may say, what is refused."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

import pytest
from reel2rig.core.network.presets import BadModelConfig, preset
from reel2rig.core.train.experiment.config import ExperimentConfig
from reel2rig.core.train.experiment.load import config_names, load_experiment, load_training
from reel2rig.core.train.experiment.schema import BadConfig, flat
from reel2rig.core.train.experiment.simulated import SimulatedTraining
from reel2rig.core.train.settings import TrainSettings

# Method section 6: name -> 2D sets (PennAction apart), 3D sets, stride, epochs, SMPL labels of Human3.6M.
TABLE = {
    "e1": (("insta", "posetrack"), ("3dpw", "mpii3d", "h36m"), 1, 30, False),
    "e2": (("insta", "posetrack"), ("3dpw", "mpii3d", "h36m"), 1, 45, True),
    "e3": (("insta", "posetrack"), ("mpii3d", "h36m"), 16, 30, True),
}
# Method section 8b, key by key.
DEFAULTS = {
    "model.preset": "base", "model.T": 16, "model.C": 2048, "model.output": "mid",
    "stage1.enabled": True, "stage1.patches": 2, "stage1.dem": True, "stage1.motion": "same",
    "stage1.d_k": 512, "stage1.merge": "slot", "fde.mode": "boost", "fde.k_c": 1, "fde.gamma": 1.0,
    "stage2.enabled": True, "stage2.fragments": 2, "stage2.encoder": "separate", "stage2.superpose": "self",
    "dis.hidden": 256, "dis.final_tanh": True, "dis.shared_reduce": False,
    "gru.layers": 1, "gru.hidden": 1024, "gru.bidirectional": True, "gru.residual": False,
    "loss.kp2d": 300, "loss.kp3d": 300, "loss.pose": 60, "loss.shape": 0.06, "loss.anchor": 10,
    "loss.anchor_area": "heron", "loss.anchor_set": "ours", "loss.perim_order": "outline",
    "loss.w_area": 1, "loss.w_perim": 1, "loss.deep_sup": 0,
    "train.epochs": 30, "train.iters": 500, "train.batch": 32, "train.ratio_2d": 0.6, "train.lr": 5e-5,
    "train.wd": 0, "train.plateau.factor": 0.1, "train.plateau.patience": 5, "train.stride": 1,
    "train.seed": 1, "train.clip_norm": 0, "train.precision": "fp32",
    "data.sets_2d": ["insta"], "data.sets_3d": ["3dpw", "mpii3d", "h36m"],
    "eval.edge": "static", "eval.gt_body": "neutral", "eval.filter": "none",
}  # fmt: skip


def test_the_defaults_are_those_of_the_method() -> None:
    values = flat(ExperimentConfig())
    assert {key: values[key] for key in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", TABLE)
def test_the_experiments_are_those_of_the_methods_table(name: str) -> None:
    config = load_experiment(name)
    data, train = config.data, config.train
    assert (data.sets_2d, data.sets_3d, train.stride, train.epochs, data.h36m_smpl) == TABLE[name]
    assert (train.rows_2d, train.batch - train.rows_2d) == (19, 13)
    assert config.network == preset("base")
    assert data.penn == (name != "e2")
    assert ("penn" in data.all_2d) == data.penn


def test_the_default_training_is_described_by_a_file_too(tmp_path: Path) -> None:
    assert config_names() == ["default", "e1", "e2", "e3"]
    config = load_training("default")
    assert isinstance(config, SimulatedTraining)
    assert config == SimulatedTraining()
    made = config.settings("motion.npz", tmp_path)
    assert asdict(made) == asdict(TrainSettings("motion.npz", tmp_path, minutes=60.0))
    named = {field.name for field in fields(TrainSettings)} - {
        "motion",
        "out",
        "resume",
        "network",
        "weights",
    }
    assert named == {field.name for field in fields(config.simulated)}
    with pytest.raises(BadConfig, match="simulated landmarks"):
        load_experiment("default")


def test_a_preset_gives_the_network_and_other_keys_change_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("stage2: {fragments: 4}\nmodel: {preset: lite}\n")
    config = load_experiment(path)
    assert (config.stage1.d_k, config.gru.hidden, config.stage2.encoder) == (256, 512, "shared")
    assert config.network.stage2.fragments == 4
    assert load_experiment(path, ["model.preset=fast"]).stage2.encoder == "separate"
    assert load_experiment("e1", ["train.epochs=2", "stage1.patches=4"]).train.epochs == 2


# Every alternative of method section 13, and of the sections it refers to, is one key.
@pytest.mark.parametrize(
    "override",
    [
        *(f"stage1.motion={value}" for value in ("same", "adjacent", "raw")),
        *(f"stage1.merge={value}" for value in ("slot", "concat", "project")),
        *(f"fde.mode={value}" for value in ("boost", "highpass", "identity", "even", "fnet", "off")),
        *(
            f"stage2.superpose={value}"
            for value in ("self", "learned", "cumulative", "cross", "gain1", "none")
        ),
        *(f"{stage}={n}" for stage in ("stage1.patches", "stage2.fragments") for n in (1, 2, 4, 8)),
        *("stage1.enabled=false", "stage2.enabled=false", "stage1.dem=false", "stage2.encoder=shared"),
        *("model.output=sequence", "model.preset=paper_l2", "gru.layers=2", "stage1.d_k=256"),
        *("loss.anchor_area=heron_sq", "loss.perim_order=listed", "loss.anchor=30", "loss.deep_sup=1"),
        *("loss.w_area=0", "loss.w_perim=0", "loss.balance=true"),
        *(f"loss.anchor_set={value}" for value in ("ours", "wrists", "five", "random")),
        *("dis.final_tanh=false", "dis.shared_reduce=true", "data.penn=false", "data.crop_scale=1.2"),
        *("data.dup_edges=true", "eval.edge=replicate", "eval.filter=slerp0.3", "train.clip_norm=1"),
    ],
)
def test_every_alternative_reading_is_a_key(override: str) -> None:
    key, _, value = override.partition("=")
    chosen = str(flat(load_experiment("e1", [override]))[key]).lower()
    assert chosen in (value, f"{value}.0")


def test_words_and_numbers_that_yaml_reads_otherwise_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text("fde: {mode: off}\ntrain: {lr: 5e-5}\ngru:\n")
    config = load_experiment(path)
    assert (config.fde.mode, config.train.lr, config.gru.hidden) == ("off", 5e-5, 1024)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.epoch=3", r"train\.epoch .*epochs, iters, batch"),
        ("trian.epochs=3", r"trian .*model, stage1"),
        ("train.epochs=many", r"train\.epochs .*whole number.*'many'"),
        ("train.epochs=1.5", r"train\.epochs .*whole number"),
        ("train.epochs=true", r"train\.epochs .*whole number"),
        ("train.lr=fast", r"train\.lr .*a number"),
        ("train.precision=fp8", r"train\.precision .*fp32, bf16, fp16"),
        ("fde.mode=lowpass", r"fde\.mode .*boost, highpass"),
        ("model.preset=default", r"model\.preset .*base, fast, lite, paper_l2"),
        ("data.sets_3d=3dpw", r"data\.sets_3d .*list"),
        ("stage1.dem=2", r"stage1\.dem .*true or false"),
        ("train=5", r"train .*keys with values"),
        ("train.plateau.factor=2", r"train\.plateau\.factor"),
        ("train.ratio_2d=1.5", r"train\.ratio_2d"),
        ("train.batch=0", r"train\.batch"),
        ("data.sets_3d=[]", r"data\.sets_3d"),
        ("eval.gt_body=gendered", r"eval\.male"),
        ("data.dup_edges=true,", r"data\.dup_edges .*true or false"),
        ("loss.velocity=1", r"loss\.velocity .*model\.output"),
        ("loss.anchor_set=feet", r"loss\.anchor_set .*ours, wrists, five, random"),
        ("train.epochs", r"section\.key=value"),
        ("train.epochs=[", r"--set train\.epochs"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(override: str, told: str) -> None:
    with pytest.raises(BadConfig, match=told) as refused:
        load_experiment("e1", [override])
    assert refused.value.code == "train.bad_config"
    assert "\n" not in refused.value.message


def test_a_network_that_cannot_be_built_is_refused_when_the_file_is_read() -> None:
    with pytest.raises(BadModelConfig, match=r"stage1\.patches"):
        load_experiment("e1", ["stage1.patches=3"])


@pytest.mark.parametrize(
    ("text", "told"),
    [("train: [", "YAML"), ("- a\n- b\n", "sections"), ("a: !!python/name:os.system", "YAML")],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig, match=told):
        load_experiment(path)
    with pytest.raises(BadConfig, match="default, e1, e2, e3"):
        load_experiment(tmp_path / "absent.yaml")
