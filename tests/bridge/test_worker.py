import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from reel2rig.bridge.processes import spawn
from reel2rig.bridge.protocol import (
    Bye,
    Cancel,
    Capture,
    Failure,
    Hello,
    Progress,
    Result,
    encode,
    read_message,
)

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def worker(tmp_path):
    """Starts workers whose ends of the pipes the test holds itself."""
    started = []

    def start(*arguments):
        with (tmp_path / "log").open("wb") as log:
            command = [sys.executable, FAKE_WORKER, *map(str, arguments)]
            started.append(spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log))
        assert isinstance(read_message(started[-1].stdout), Hello)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def say(process, *messages):
    for message in messages:
        process.stdin.write(message if isinstance(message, bytes) else encode(message))
    process.stdin.flush()


def job(tmp_path, **settings):
    folder = tmp_path / "job"
    folder.mkdir(exist_ok=True)
    return Capture("j", str(folder), "video.mp4", settings)


def rest(process):
    return list(iter(lambda: read_message(process.stdout), None))


def test_the_end_of_stdin_ends_an_idle_worker(worker):
    process = worker()
    process.stdin.close()
    assert process.wait(20) == 0


def test_the_end_of_stdin_ends_a_worker_in_mid_job(worker, tmp_path):
    process = worker()
    say(process, job(tmp_path, steps=1000, pause=0.05))
    assert isinstance(read_message(process.stdout), Progress)
    process.stdin.close()
    assert process.wait(20) == 0
    assert not (tmp_path / "job" / "result.json").exists()


def test_the_end_of_stdin_ends_a_worker_stuck_in_a_long_call(worker, tmp_path):
    process = worker()
    say(process, job(tmp_path, do="silent", pause=120))
    while read_message(process.stdout).elapsed < 0.5:
        pass  # until a heartbeat shows that the long call has begun
    process.stdin.close()
    assert process.wait(30) == 0


def test_a_worker_whose_client_is_killed_ends_too(tmp_path):
    client = (
        "import subprocess, sys, time\n"
        f"c = [sys.executable, {str(FAKE_WORKER)!r}]; p = subprocess.PIPE\n"
        "w = subprocess.Popen(c, stdin=p, stdout=p)\n"
        "print(w.pid, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", client], stdout=subprocess.PIPE)
    assert process.stdout
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_an_idle_worker_says_goodbye_and_leaves(worker):
    process = worker("good", 0.2)
    assert read_message(process.stdout) == Bye("idle")
    assert process.wait(20) == 0


def test_a_worker_leaves_when_asked(worker):
    process = worker()
    say(process, Bye("asked"))
    assert rest(process) == [Bye("asked")]
    assert process.wait(20) == 0


def test_malformed_lines_are_answered_and_the_worker_goes_on(worker, tmp_path):
    process = worker()
    say(process, b"garbage\n", b'{"type": "capture"}\n', job(tmp_path), Bye("asked"))
    messages = rest(process)
    assert [(m.job, m.code) for m in messages[:2]] == [("", "worker.protocol")] * 2
    assert Result("j") in messages


def test_a_job_cancelled_while_it_waits_never_begins(worker, tmp_path):
    process = worker()
    waiting = Capture("k", str(tmp_path / "k"), "video.mp4", {})
    say(process, job(tmp_path, steps=5, pause=0.1), waiting, Cancel("k"), Bye("asked"))
    messages = rest(process)
    assert Result("j") in messages
    assert [m.code for m in messages if isinstance(m, Failure)] == ["job.cancelled"]
    assert not (tmp_path / "k").exists()


def test_a_cancel_for_another_job_changes_nothing(worker, tmp_path):
    process = worker()
    say(process, Cancel("other"), job(tmp_path), Bye("asked"))
    assert Result("j") in rest(process)


def test_a_busy_worker_speaks_at_least_every_two_seconds(worker, tmp_path):
    process = worker()
    say(process, job(tmp_path, do="silent", pause=3.5, steps=1))
    messages = []
    while not isinstance(messages[-1] if messages else None, Result):
        messages.append(read_message(process.stdout))
    elapsed = [m.elapsed for m in messages if isinstance(m, Progress)]
    # By the worker's own clock, so that a slow test machine cannot fail it.
    assert elapsed[0] == pytest.approx(0.0, abs=0.5)
    assert len([seconds for seconds in elapsed if 0.5 < seconds < 3.5]) >= 2


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_in_the_terminal_does_not_hit_the_worker(worker, tmp_path):
    import signal

    process = worker()
    process.send_signal(signal.SIGINT)
    say(process, job(tmp_path), Bye("asked"))
    assert Result("j") in rest(process)
