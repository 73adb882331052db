"""`reel2rig evaluate` and what it prints."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from reel2rig.bridge.cli import evaluate as command
from reel2rig.bridge.cli.app import app
from reel2rig.core.data.databases.synthetic import write_synthetic_database
from reel2rig.core.evaluate.paper.published import TABLE_1, TABLE_2
from reel2rig.core.evaluate.paper.report import sheets
from reel2rig.core.evaluate.paper.request import Entry, EvaluationRequest, labels
from reel2rig.core.evaluate.paper.scores import Scores
from reel2rig.core.motion.body import load_body
from reel2rig.core.motion.clip import MotionClip
from reel2rig.core.motion.files.npz import write_clip
from reel2rig.core.network.checkpoint import save
from small_networks import WIDTH
from typer.testing import CliRunner


@pytest.fixture
def reel2rig(monkeypatch, tmp_path):
    """Runs a command in this process, with its environment taken as ready and an empty home."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(command, "ensure_ready", lambda *_, **__: None)
    return lambda *arguments: CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Synthetic people under the names of three sets; Human3.6M is not there."""
    folder = tmp_path_factory.mktemp("databases")
    for seed, name in enumerate(("3dpw", "mpii3d", "mine")):
        place = folder / f"{name}_test"
        write_synthetic_database(place, tracks=1, frames=20, C=WIDTH, seed=seed, name=name)
    return folder


@pytest.fixture
def checkpoint(model, tmp_path):
    save(model, tmp_path / "tried.safetensors")
    return tmp_path / "tried.safetensors"


def scores(**changes):
    values = dict(
        mpjpe=80.0, pa_mpjpe=50.0, mpvpe=None, accel=7.0, accel_mps2=6.3, frames=9, tracks=2, set="mpii3d",
        truth="annotated joints", edge="static", filter="none", match_vibe=False, fps=30.0, per_track=(),
    )  # fmt: skip
    return Scores(**(values | changes))


def asked(*sets, **changes):
    return EvaluationRequest((Path("a"),), Path("root"), sets, Path("bodies"), **changes)


def entry(label="ours", **measured):
    return Entry(label, 16, measured, dict.fromkeys(measured, "place"))


def test_our_row_stands_beside_every_published_one_and_what_was_not_measured_is_empty():
    first, second = sheets([entry(mpii3d=scores())], asked("mpii3d"))
    assert [row.ours for row in first.rows] == [False] * 9 + [True]
    assert [row.method for row in second.rows] == [f"{r.method} ({r.year})" for r in TABLE_2.rows] + ["ours"]
    assert first.columns == TABLE_1.columns
    assert first.rows[-1].values == (None, None, None, None, 80, 50, 7, None, None, None)
    assert first.rows[6].values == (86.5, 52.7, 103.2, 6.8, 97.6, 63.5, 8.5, 73.6, 52.0, 3.9)
    assert second.rows[-1].values == (80, 50, 7)


def test_only_the_tables_that_were_asked_for_are_made():
    made = sheets([entry(mpii3d=scores())], asked("mpii3d"), [2])
    assert [sheet.title for sheet in made] == ["Beside table 2 of the paper"]


def test_a_set_of_ones_own_gets_a_plain_sheet_with_both_units_of_accel():
    (sheet,) = sheets([entry(mine=scores(set="common14", mpvpe=90.0))], asked("mine"))
    assert [measure for _, measure in sheet.columns] == ["mpjpe", "pa_mpjpe", "mpvpe", "accel", "accel_mps2"]
    assert [row.values for row in sheet.rows] == [(80, 50, 90, 7, 6.3)]


def test_the_caption_says_under_which_protocol_the_numbers_were_made():
    measured = entry(h36m=scores(truth="annotated joints", edge="static", match_vibe=True))
    (sheet,) = sheets([measured], asked("h36m", camera="frontal", match_vibe=True))
    said = " ".join(sheet.caption)
    for part in (
        "frontal camera",
        "annotated joints",
        "static",
        "9 frames of 2 tracks",
        "6.30",
        "VIBE",
        "free body",
    ):
        assert part in said
    (sheet,) = sheets([measured], asked("h36m"))
    assert "all four cameras" in " ".join(sheet.caption)


def test_checkpoints_of_the_same_name_are_told_apart_by_their_folders():
    assert labels([Path("/runs/a/best.safetensors"), Path("/runs/b.safetensors")]) == ["best", "b"]
    assert labels([Path("/runs/a/best.x"), Path("/runs/b/best.x"), Path("c.x")]) == ["a/best", "b/best", "c"]


def test_an_error_that_is_not_a_number_is_no_value():
    first, _ = sheets([entry(mpii3d=scores(accel=math.nan))], asked("mpii3d"))
    assert first.rows[-1].values[6] is None


def test_the_command_prints_the_table_with_our_rows(reel2rig, checkpoint, root):
    done = reel2rig("--checkpoint", checkpoint, "--data", root, "--set", "3dpw", "--set", "mine")
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if "│" in line]
    assert sum("(20" in line for line in lines) == len(TABLE_1.rows)
    ours = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "tried" in line]
    assert ours[0][5:11] == ["-"] * 6
    assert all(float(value) > 0 for value in [*ours[0][1:5], *ours[1][1:6]])
    assert "3DPW test: 14 joints, mid-hip" in done.output


def test_json_holds_the_same_numbers_and_a_filtered_row_of_its_own(reel2rig, checkpoint, root):
    arguments = ("--checkpoint", checkpoint, "--data", root, "--set", "mpii3d", "--filter", "slerp")
    done = reel2rig(*arguments, "--table", 2, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [row["method"] for row in told["ours"]] == ["tried", "tried + slerp0.3"]
    (table,) = told["tables"]
    measured = told["ours"][0]["sets"]["mpii3d"]
    assert table["rows"][-2]["values"] == [measured["mpjpe"], measured["pa_mpjpe"], measured["accel"]]
    assert measured["frames"] == sum(track["frames"] for track in measured["per_track"]) == 20
    assert measured["mpvpe"] is None
    assert told["request"]["edge"] == "static"


def test_a_missing_dataset_is_said_before_anything_else(reel2rig, root):
    done = reel2rig("--checkpoint", "none.safetensors", "--data", root)  # all three sets, h36m is not there
    assert done.exit_code == 2
    assert "Error [data.dataset_missing]" in done.output
    assert "h36m_test" in done.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "evaluate.nothing_asked"),
        (("--checkpoint", "none.safetensors", "--data", "ROOT", "--set", "mine"), "model.checkpoint_missing"),
        (
            ("--checkpoint", "CHECKPOINT", "--data", "ROOT", "--set", "3dpw", "--gt-body", "gendered"),
            "evaluate.missing_gender",
        ),
        (("world", "none.npz", "none.npz"), "motion.file_not_found"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_code(reel2rig, checkpoint, root, arguments, code):
    places = {"ROOT": root, "CHECKPOINT": checkpoint}
    done = reel2rig(*(places.get(argument, argument) for argument in arguments))
    assert f"Error [{code}]" in done.output
    assert done.exit_code in (2, 5)


def test_two_motions_are_compared_from_their_files(reel2rig, tmp_path):
    template = load_body()
    path = np.arange(40)[:, None] * np.array([0.02, 0, 0])

    def write(name, root):
        clip = MotionClip(
            rotations=np.broadcast_to([1.0, 0, 0, 0], (40, 24, 4)), root=root, betas=np.zeros(10),
            rest_joints=template.joints(np.zeros(10)), fps=30, frames=np.arange(40), valid=np.ones(40, bool),
            contacts=np.zeros((40, 4)), space="world_yup",
        )  # fmt: skip
        write_clip(tmp_path / name, clip)
        return tmp_path / name

    truth, stretched = write("truth.npz", path), write("stretched.npz", 1.1 * path)
    told = json.loads(reel2rig("world", stretched, truth, "--json").stdout)
    assert told["rte"] == pytest.approx(0.1 * 100 * np.abs(np.arange(40) - 19.5).mean() / 39, rel=1e-3)
    assert told["foot_sliding"] is None
    printed = reel2rig("world", stretched, truth)
    assert printed.exit_code == 0
    assert "WA-MPJPE100" in printed.output
    assert "-" in next(line for line in printed.output.splitlines() if "foot sliding" in line)
