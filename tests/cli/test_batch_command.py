"""`reel2rig batch` as a whole: the real command over the fake worker and a stand-in for Blender."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from farm import farm_variables
from reel2rig.bridge.batch.manifest import STATE_FOLDER

COMMAND = [sys.executable, "-m", "reel2rig.bridge.cli", "batch"]


class Farm:
    """A folder of clips, a home and a folder for results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out ü"
        self.clips = folder / "clips"
        self.clips.mkdir()
        self.variables = farm_variables(folder)

    def add(self, *names: str) -> None:
        for name in names:
            path = self.clips / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(
                name.encode("utf-8", "surrogateescape")
            )  # never decoded, but each another content

    def start(self, *arguments: object, **changes: str) -> subprocess.Popen:
        chosen = [self.clips, "--out", self.out, "--format", "fbx", "--no-setup", *arguments]
        return subprocess.Popen(
            [*COMMAND, *map(os.fspath, map(_text, chosen))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env=self.variables | changes,
        )

    def run(self, *arguments: object, **changes: str) -> subprocess.CompletedProcess:
        process = self.start(*arguments, **changes)
        told, complaint = process.communicate(timeout=120)
        assert "Traceback" not in told + complaint, complaint
        return subprocess.CompletedProcess(process.args, process.returncode, told, complaint)

    def report(self) -> dict:
        return json.loads((self.out / STATE_FOLDER / "report.json").read_text(encoding="utf-8"))

    def states(self) -> dict[str, str]:
        return {clip["id"]: clip["state"] for clip in self.report()["clips"]}

    def results(self) -> list[str]:
        return sorted(path.name for path in self.out.iterdir() if path.is_file())

    def done(self) -> list[str]:
        file = self.out / STATE_FOLDER / "manifest.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line for line in lines if '"state": "done"' in line]

    def held(self) -> dict[str, str]:
        """Variables by which the stand-in waits in the middle of every file, until `go_on`."""
        hold = self.folder / "hold"
        hold.touch()
        return {"STAND_IN_HOLD": str(hold)}

    def go_on(self) -> None:
        (self.folder / "hold").unlink(missing_ok=True)

    def is_writing(self) -> bool:
        """Whether a file is half-written."""
        return self.out.exists() and any(".part" in path.name for path in self.out.iterdir())

    def without_worker(self) -> None:
        """From now on no capture can succeed."""
        worker = next((self.folder / "home" / "env").rglob("python*"))
        worker.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")

    def processes(self) -> list[int]:
        """All that run with this farm's home."""
        home = f"REEL2RIG_HOME={self.variables['REEL2RIG_HOME']}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if home in (place / "environ").read_bytes():
                    found.append(int(place.name))
            except OSError:
                continue
        return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def wait_until(condition, seconds=60.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def farm(tmp_path):
    if sys.platform == "win32":
        pytest.skip("the stand-ins are shell scripts")
    return Farm(tmp_path)


def test_bad_clips_never_stop_the_others(farm):
    farm.add("one.mp4", "corrupt.mp4", "die.mp4", "crash.mp4", "two.mp4", "z.mp4")
    done = farm.run("--person", "all")
    assert done.returncode == 1
    assert farm.states() == {
        "corrupt": "failed",
        "crash": "failed",
        "die": "failed",
        "one": "done",
        "two": "done",
        "z": "done",
    }
    assert farm.results() == ["one_p01.fbx", "two_p01.fbx", "two_p02.fbx", "z_p01.fbx"]
    codes = {clip["id"]: clip["code"] for clip in farm.report()["clips"] if clip["state"] == "failed"}
    assert codes == {"corrupt": "file.corrupt", "crash": "blender.failed", "die": "worker.killed"}
    # A user reads why, and where more is told, without opening a file.
    assert "3 of 6 clips are done" in done.stdout
    for clip in farm.report()["clips"]:
        log = Path(clip["log"]).read_text(encoding="utf-8")
        assert clip["state"] in log.splitlines()[-1]
        if clip["state"] == "failed":
            assert clip["message"] in done.stdout
            assert clip["message"] in log
    assert farm.processes() == []


def test_all_clips_done_is_exit_code_0_and_resuming_captures_nothing(farm):
    farm.add("one.mp4", "two.mp4")
    first = farm.run()
    assert (first.returncode, farm.report()["captures"]) == (0, 2), first.stderr
    written = {path: path.stat().st_mtime_ns for path in farm.out.iterdir()}
    farm.without_worker()
    second = farm.run("--resume", "--json")
    assert second.returncode == 0, second.stderr
    report = json.loads(second.stdout)
    assert report == farm.report()
    assert (report["captures"], report["counts"]["resumed"]) == (0, 2)
    files = [path for path in farm.out.iterdir() if path.is_file()]
    assert {path: path.stat().st_mtime_ns for path in files}.items() <= written.items()


def test_a_kept_capture_serves_other_settings(farm):
    farm.add("one.mp4")
    assert farm.run().returncode == 0
    farm.without_worker()
    other = farm.run("--resume", "--format", "glb", "--smoothing", "1")
    assert other.returncode == 0, other.stderr
    assert farm.results() == ["one_p01.fbx", "one_p01.glb"]
    assert farm.report()["captures"] == 0
    # Another setting of the capture itself asks for a new one, and so does starting afresh.
    assert farm.run("--resume", "--max-people", "2").returncode == 1
    assert farm.run().returncode == 1


def test_what_changed_or_went_missing_is_done_again(farm):
    farm.add("one.mp4", "other.mp4")
    assert farm.run().returncode == 0
    (farm.clips / "one.mp4").write_bytes(b"another video of the same name")
    (farm.out / "other_p01.fbx").unlink()
    assert farm.run("--resume").returncode == 0
    report = farm.report()
    assert (report["captures"], report["counts"]["resumed"]) == (1, 0)  # of `other` the capture was there
    assert farm.results() == ["one_p01.fbx", "other_p01.fbx"]
    # The same content under another time is the same clip.
    os.utime(farm.clips / "one.mp4", ns=(1, 1))
    farm.without_worker()
    assert farm.run("--resume").returncode == 0
    assert farm.report()["counts"]["resumed"] == 2


def test_a_batch_that_was_killed_goes_on_where_it_was(farm):
    farm.add("a.mp4", "b.mp4", "slow.mp4", "z.mp4")
    process = farm.start()
    wait_until(lambda: len(farm.done()) == 2 and len(farm.processes()) >= 3)
    process.kill()  # -9: nobody can tidy up
    process.communicate()
    wait_until(lambda: farm.processes() == [])
    assert farm.results() == ["a_p01.fbx", "b_p01.fbx"]
    manifest = farm.out / STATE_FOLDER / "manifest.jsonl"
    manifest.write_text(manifest.read_text() + '{"id": "slow", "input"')  # as a power cut leaves a line
    done = farm.run("--resume")
    assert done.returncode == 0, done.stderr
    assert farm.results() == ["a_p01.fbx", "b_p01.fbx", "slow_p01.fbx", "z_p01.fbx"]
    report = farm.report()
    assert (report["captures"], report["counts"]["resumed"]) == (2, 2)


def test_a_file_that_was_being_written_when_all_was_killed_leaves_nothing_behind(farm):
    farm.add("one.mp4")
    process = farm.start(**farm.held())
    wait_until(farm.is_writing)
    for pid in farm.processes():
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert farm.results() != ["one_p01.fbx"]
    farm.go_on()
    assert farm.run("--resume").returncode == 0
    assert farm.results() == ["one_p01.fbx"]
    assert farm.report()["captures"] == 0  # its capture had been kept


@pytest.mark.parametrize("where", ["worker", "blender"])
def test_ctrl_c_stops_in_order_and_what_is_done_stays(farm, where):
    farm.add("a.mp4")
    assert farm.run().returncode == 0
    farm.add("slow.mp4" if where == "worker" else "b.mp4", "z.mp4")
    process = farm.start("--resume", **({} if where == "worker" else farm.held()))
    log = farm.out / STATE_FOLDER / "logs" / "slow.log"
    wait_until(
        farm.is_writing if where == "blender" else lambda: log.exists() and "people on" in log.read_text()
    )
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "--resume" in complaint
    assert "Traceback" not in complaint
    assert farm.processes() == []
    assert farm.results() == ["a_p01.fbx"]
    assert farm.report()["counts"] == {"done": 1, "resumed": 1, "failed": 0, "not_begun": 2}
    farm.go_on()
    assert farm.run("--resume").returncode == 0
    assert len(farm.results()) == 3


def test_two_batches_do_not_write_to_one_folder(farm):
    farm.add("slow.mp4")
    process = farm.start()
    wait_until(lambda: (farm.out / STATE_FOLDER / "manifest.lock").exists())
    second = farm.run()
    assert second.returncode == 2
    assert "Error [batch.busy]" in second.stderr
    process.kill()
    process.communicate()
    # The lock of somebody who is gone holds nobody.
    wait_until(lambda: farm.processes() == [])
    shutil.rmtree(farm.clips)
    farm.clips.mkdir()
    farm.add("one.mp4")
    assert farm.run().returncode == 0


def test_odd_and_equal_names_give_each_clip_its_own_files(farm):
    names = ["x/take.mp4", "y/take.mp4", "y/TAKE.mp4", "走る [1].mp4", 'a\'b "c" %s {person}.mp4', "-o.mp4"]
    farm.add(*names)
    (farm.clips / os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"not utf-8")
    done = farm.run("--name", "{clip}-{person}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(farm.results()) == len(names) + 1
    assert len({name.casefold() for name in farm.results()}) == len(names) + 1
    assert {"x_take-p01.fbx", "走る [1]-p01.fbx", "-o-p01.fbx"} <= set(farm.results())
    farm.without_worker()
    assert farm.run("--resume", "--name", "{clip}-{person}").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["--format", "obj"], "output.unknown_format", 3),
        (["--retarget", "none.blend"], "batch.rig_missing", 2),
        (["--name", "x"], "batch.name_invalid", 2),
        (["--fps", "0"], "motion.bad_rate", 2),
        (["--smoothing", "99"], "cleanup.invalid", 2),
        (["none.mp4"], "batch.input_missing", 2),
    ],
)
def test_mistakes_are_told_in_a_sentence_before_anything_begins(farm, arguments, code, exit_code):
    farm.add("one.mp4")
    done = farm.run(*arguments)
    assert done.returncode == exit_code
    assert f"Error [{code}]: " in done.stderr
    assert not farm.out.exists()


def test_a_shard_without_a_clip_has_nothing_to_do(farm):
    farm.add("one.mp4")
    assert farm.run("--shard", "2/2").returncode == 0
    assert farm.results() == []


def test_a_folder_for_results_that_cannot_be_made_is_refused(farm):
    farm.add("one.mp4")
    farm.out.write_bytes(b"a file")
    done = farm.run()
    assert done.returncode == 3
    assert "Error [output." in done.stderr
