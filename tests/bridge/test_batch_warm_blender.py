"""A Blender that stays open: crashes, hangs, noise on its stdout, and its end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from reel2rig.bridge.batch.blender import MARK, WarmBlender
from reel2rig.bridge.errors import BlenderFailed
from reel2rig.bridge.headless_blender import BlenderProgram
from reel2rig.bridge.processes import pid_alive
from reel2rig.core.errors import Cancelled, InputError

_SCRIPT = """
import json, os, pathlib, sys, time
print("Blender 4.5 loads")
for number, line in enumerate(sys.stdin):
    file = pathlib.Path(line.rstrip("\\n"))
    request = json.loads(file.read_text())
    if request["do"] == "die" or (request["do"] == "die when used" and number):
        os._exit(11)
    if request["do"] == "hang":
        time.sleep(60)
    print("noise without an end", end="")
    report = {"ok": True, "number": number, "pid": os.getpid()}
    if request["do"] == "refuse":
        report = {"ok": False, "code": "input.invalid", "message": "That is no rig.", "exit_code": 2}
    file.with_name(f"{file.stem}.report.json").write_text(json.dumps(report))
    print("\\n" + MARK, flush=True)
"""


class Program(BlenderProgram):
    """A script in the place of Blender."""

    def command(self, request):
        return [sys.executable, "-c", f"MARK = {MARK!r}\n{_SCRIPT}"]


LOG = Path("clip.log")


@pytest.fixture
def warm():
    """Makes warm Blenders of the script and ends them after the test."""
    made = []

    def make(**options):
        made.append(WarmBlender(Program(Path(sys.executable), module=True), **options))
        return made[-1]

    yield make
    for blender in made:
        blender.close(kill=True)


def gone(pid):
    limit = time.monotonic() + 10
    while pid_alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not pid_alive(pid)


def test_one_process_answers_many_requests_and_all_else_it_prints_goes_to_the_log(warm):
    blender, said = warm(), []
    reports = [blender.run({"do": "work"}, LOG, said.append) for _ in range(3)]
    assert [report["number"] for report in reports] == [0, 1, 2]
    assert (blender.started, len({report["pid"] for report in reports})) == (1, 1)
    assert said == ["Blender 4.5 loads", *["noise without an end"] * 3]
    pid = blender.pid
    blender.close()
    assert gone(pid)


def test_a_fresh_one_is_started_after_so_many_requests(warm):
    blender = warm(clips=2)
    assert [blender.run({"do": "work"}, LOG)["number"] for _ in range(5)] == [0, 1, 0, 1, 0]
    assert blender.started == 3


def test_a_crash_of_one_that_was_used_is_tried_once_more_in_a_fresh_one(warm):
    blender, said = warm(), []
    blender.run({"do": "work"}, LOG)
    assert blender.run({"do": "die when used"}, LOG, said.append)["number"] == 0
    assert "trying once more" in said[0]
    assert blender.started == 2


def test_what_crashes_a_fresh_one_fails_and_the_next_request_is_served(warm):
    blender = warm()
    with pytest.raises(BlenderFailed, match=r"exit code 11 in mid-clip.*clip\.log"):
        blender.run({"do": "die"}, LOG)
    assert blender.started == 1
    assert blender.run({"do": "work"}, LOG)["ok"]
    with pytest.raises(BlenderFailed):
        blender.run({"do": "die"}, LOG)
    assert blender.started == 3  # the second crash was tried again, and no oftener
    assert blender.run({"do": "work"}, LOG)["ok"]


def test_a_mistake_of_the_users_keeps_it_warm(warm):
    blender = warm()
    with pytest.raises(InputError, match="That is no rig"):
        blender.run({"do": "refuse"}, LOG)
    assert blender.run({"do": "work"}, LOG)["number"] == 1


def test_one_that_hangs_is_stopped_and_so_is_one_when_the_user_cancels(warm):
    blender = warm(seconds=0.5)
    with pytest.raises(BlenderFailed, match="did not end within"):
        blender.run({"do": "hang"}, LOG)
    assert blender.pid is None
    patient, pids = warm(), []

    def cancel():
        pids.append(patient.pid)
        return 1

    with pytest.raises(Cancelled):
        patient.run({"do": "hang"}, LOG, should_cancel=cancel)
    assert gone(pids[0])


def test_a_program_that_cannot_be_started_is_named(tmp_path):
    blender = WarmBlender(BlenderProgram(tmp_path / "no blender", module=False))
    with pytest.raises(BlenderFailed, match="no blender cannot be started"):
        blender.run({"do": "work"}, LOG)
