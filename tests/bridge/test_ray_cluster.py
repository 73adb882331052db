"""`reel2rig batch --ray` on a real cluster of two nodes, one of which is killed, and on one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from farm import farm_variables, two_nodes

pytest.importorskip("ray")
CLIPS = 8
WHOLE = "the first half\nthe second half\n"


@pytest.fixture
def clips(tmp_path) -> Path:
    folder = tmp_path / "takes"
    folder.mkdir()
    for number in range(CLIPS):
        (folder / f"one {number}.mp4").write_bytes(b"take %d" % number)
    return folder


def command(folder: Path, out: Path, *further: str) -> list[str]:
    batch = [sys.executable, "-m", "reel2rig.bridge.cli", "batch", folder, "--out", out]
    return [*map(str, batch), "--format", "bvh", "--json", *further]


def finished(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, env=variables, capture_output=True, text=True, timeout=120, check=False)


def noted(out: Path) -> list[dict]:
    """The finished clips in the manifest, in the order in which they ended."""
    file = out / "reel2rig-batch" / "manifest.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [outcome for line in lines if line and "id" in (outcome := json.loads(line))]


def files(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.is_file())


def half_written(out: Path) -> list[str]:
    return [name for name in files(out) if ".part" in name]


def wait_for(holds: Callable[[], bool], batch: subprocess.Popen) -> None:
    while not holds():
        assert batch.poll() is None, batch.communicate()
        time.sleep(0.05)


def test_a_node_killed_in_mid_batch_loses_nothing(tmp_path, clips):
    hold = tmp_path / "hold"
    variables = farm_variables(tmp_path, STAND_IN_HOLD=str(hold))
    out = tmp_path / "out"
    with two_nodes(variables) as nodes:
        batch = subprocess.Popen(
            command(clips, out, "--ray", nodes.address),
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: len(noted(out)) > 0, batch)
        hold.touch()
        wait_for(lambda: len(half_written(out)) == 2, batch)  # both nodes are in the middle of a file
        nodes.kill_second()
        assert len(half_written(out)) == 2
        hold.unlink()
        told, said = batch.communicate(timeout=120)
    assert batch.returncode == 0, said
    report = json.loads(told)
    assert report["counts"] == {"done": CLIPS, "resumed": 0, "failed": 0, "not_begun": 0}
    assert "is begun again" in said
    assert Counter(outcome["id"] for outcome in noted(out)) == {f"one {n}": 1 for n in range(CLIPS)}
    assert files(out) == [f"one {number}_p01.bvh" for number in range(CLIPS)]
    assert {(out / name).read_text(encoding="utf-8") for name in files(out)} == {WHOLE}
    for outcome in report["clips"]:
        assert "Captured in" in Path(outcome["log"]).read_text(encoding="utf-8")
        assert outcome["host"]


def test_a_cluster_of_ones_own_runs_the_batch_past_a_bad_clip_and_resumes_without_work(tmp_path, clips):
    variables = farm_variables(tmp_path)
    out = tmp_path / "out"
    (clips / "corrupt.mp4").write_bytes(b"bad")

    def run(*further: str) -> tuple[int, dict]:
        done = finished(command(clips, out, "--ray", "local", *further), variables)
        return done.returncode, json.loads(done.stdout)

    code, report = run()
    assert code == 1
    assert report["counts"] == {"done": CLIPS, "resumed": 0, "failed": 1, "not_begun": 0}
    assert [clip["code"] for clip in report["clips"] if clip["state"] == "failed"] == ["file.corrupt"]
    (clips / "corrupt.mp4").unlink()
    code, report = run("--resume")
    assert code == 0
    assert (report["captures"], report["counts"]["resumed"]) == (0, CLIPS)


def test_an_address_where_nobody_answers_is_told_at_once(tmp_path, clips):
    done = finished(command(clips, tmp_path / "out", "--ray", "127.0.0.1:9"), farm_variables(tmp_path))
    assert done.returncode == 4
    assert "Error [ray.unreachable]: No Ray cluster can be used at 127.0.0.1:9" in done.stderr
    assert "ray start --head" in done.stderr


def test_without_ray_the_command_says_how_to_get_it_and_makes_nothing(tmp_path, clips):
    out = tmp_path / "out"
    hidden = "import sys; sys.modules['ray'] = None; from reel2rig.bridge.cli import main; main()"
    without = [sys.executable, "-c", hidden, *command(clips, out, "--ray", "local")[3:]]
    done = finished(without, farm_variables(tmp_path))
    assert done.returncode == 4
    assert "Error [ray.missing]" in done.stderr
    assert "pip install 'reel2rig[ray]'" in done.stderr
    assert not out.exists()
