import sys
import time
from pathlib import Path

import pytest
from reel2rig.bridge.client.events import Advanced, Finished, Ready, Stopped
from reel2rig.bridge.client.session import Patience, Session
from reel2rig.bridge.errors import (
    WorkerEnvironmentBroken,
    WorkerEnvironmentMissing,
    WorkerError,
    WorkerKilled,
    WorkerProtocolError,
    WorkerSilent,
    WorkerVersionMismatch,
)
from reel2rig.bridge.processes import pid_alive
from reel2rig.core.errors import Cancelled, DiskFull, FileCorrupt, Reel2RigError


def until(condition, seconds=20.0):
    """Wait for a condition; tests assert on what then holds, never on how long it took."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def run(session, video="video.mp4", **settings):
    session.capture(video, settings)
    return session.finish()


def cancel_half_way(session, **settings):
    """Cancel at 50 % and return the error that says how it went."""
    session.capture("video.mp4", {"steps": 30, "pause": 0.1, **settings})
    seen = []
    with pytest.raises(Cancelled) as caught:
        session.finish(
            on_progress=seen.append, should_cancel=lambda: seen and seen[-1].done >= seen[-1].total / 2 > 0
        )
    return caught.value


def test_a_capture_reports_progress_and_leaves_its_result(fake_session):
    seen = []
    session = fake_session()
    session.capture("video.mp4", {"steps": 5})
    job = session.finish(on_progress=seen.append)
    assert job.result()["clips"] == ["result-1.npz"]
    assert seen[-1].stage == "people"
    assert (seen[-1].done, seen[-1].total, seen[-1].device) == (5, 5, "cpu")


def test_the_worker_stays_warm_between_jobs(fake_session):
    session = fake_session()
    run(session)
    first = session.pid
    run(session)
    assert session.pid == first is not None


def test_prints_of_libraries_and_children_never_reach_the_wire(fake_session, home):
    session = fake_session()
    assert run(session, do="noise").result()["clips"]
    log = (home.logs / "worker.log").read_text()
    assert "a library prints" in log
    assert "and another" in log
    assert "and a child" in log


def test_polling_never_blocks_and_tells_the_whole_story(fake_session):
    session = fake_session()
    session.capture("video.mp4", {"steps": 3, "pause": 0.15})
    events = []
    until(lambda: events.extend(session.poll()) or any(isinstance(event, Finished) for event in events))
    assert isinstance(events[0], Ready)
    assert isinstance(events[-1], Finished)
    assert any(isinstance(event, Advanced) for event in events)


@pytest.mark.parametrize(
    ("do", "kind", "code"),
    [
        ("corrupt", FileCorrupt, "file.corrupt"),
        ("full", DiskFull, "output.disk_full"),
        ("bug", WorkerError, "worker.failed"),
    ],
)
def test_a_failed_job_is_one_sentence_and_the_worker_goes_on(fake_session, home, do, kind, code):
    session = fake_session()
    with pytest.raises(kind) as caught:
        run(session, do=do)
    assert caught.value.code == code
    assert "\n" not in caught.value.message
    assert list(home.jobs.iterdir()) == []
    assert run(session).result()


def test_an_unexpected_error_names_the_log_that_holds_the_traceback(fake_session, home):
    with pytest.raises(WorkerError, match=r"worker\.log"):
        run(fake_session(), do="bug")
    assert "Traceback" in (home.logs / "worker.log").read_text()


def test_a_worker_killed_in_mid_job_is_told_with_its_log_and_replaced(fake_session, home):
    session = fake_session()
    with pytest.raises(WorkerKilled, match=r"killed by the system.*worker\.log") as caught:
        run(session, do="die")
    assert caught.value.exit_code == 4
    assert list(home.jobs.iterdir()) == []
    assert run(session).result()


def test_a_worker_that_exits_in_mid_job_is_told_with_its_exit_code(fake_session):
    with pytest.raises(WorkerKilled, match="exit code 7"):
        run(fake_session(), do="leave")


def test_cancelling_half_way_leaves_no_process_and_no_file(fake_session, home):
    session = fake_session()
    session.start()
    worker = session.pid
    error = cancel_half_way(session)
    assert "stopped when asked" in error.message
    assert not pid_alive(worker)
    assert list(home.jobs.iterdir()) == []
    assert run(session).result()  # and the next capture simply works


def test_a_worker_deaf_to_the_message_is_terminated_and_the_user_told(fake_session, home):
    session = fake_session(patience=Patience(hello=30, cancel=0.3, terminate=2))
    session.start()
    worker = session.pid
    error = cancel_half_way(session, do="stubborn")
    assert "terminated" in error.message
    assert not pid_alive(worker)
    assert list(home.jobs.iterdir()) == []


def test_killing_takes_the_workers_children_too(fake_session, home):
    session = fake_session()
    job = session.capture("video.mp4", {"do": "family", "steps": 100, "pause": 0.1})
    child_file = job.folder / "child.txt"
    until(lambda: session.poll() is not None and child_file.exists() and child_file.read_text())
    child = int(child_file.read_text())
    session.kill()
    with pytest.raises(Cancelled, match="killed"):
        session.finish()
    until(lambda: not _runs(child))
    assert list(home.jobs.iterdir()) == []


def test_a_job_can_be_cancelled_before_the_worker_is_ready(fake_session, home):
    session = fake_session()
    session.capture("video.mp4", {})
    session.cancel()
    with pytest.raises(Cancelled):
        session.finish()
    assert list(home.jobs.iterdir()) == []


def test_only_one_job_at_a_time(fake_session):
    session = fake_session()
    session.capture("video.mp4", {"steps": 30, "pause": 0.1})
    with pytest.raises(WorkerError, match="busy"):
        session.capture("other.mp4", {})


def test_closing_in_mid_job_leaves_nothing(fake_session, home):
    session = fake_session()
    session.capture("video.mp4", {"steps": 100, "pause": 0.1})
    worker = session.pid
    session.close()
    assert not pid_alive(worker)
    assert list(home.jobs.iterdir()) == []


def test_an_idle_worker_leaves_and_the_next_job_starts_another(fake_session):
    session = fake_session("good", 0.3)
    run(session)
    events = []
    until(lambda: events.extend(session.poll()) or session.pid is None)
    assert Stopped("idle") in events
    assert run(session).result()


def test_a_request_that_meets_a_leaving_worker_is_not_lost(fake_session):
    session = fake_session("good", 0.3)
    run(session)
    worker = session.pid
    until(lambda: not _runs(worker))  # it has left, and the session has not looked yet
    assert run(session).result()


def test_a_capture_after_a_scan_takes_its_stages_along_and_leaves_its_folder_alone(fake_session):
    session = fake_session()
    session.scan("video.mp4", {})
    scan = session.finish()
    assert scan.people()["tracks"]
    (scan.folder / "stages" / "people.npz").write_bytes(b"found")
    session.capture("video.mp4", {"do": "corrupt"}, after=scan)
    with pytest.raises(FileCorrupt):
        session.finish()
    assert scan.folder.is_dir()
    session.capture("video.mp4", {}, after=scan)
    job = session.finish()
    assert job.folder != scan.folder
    assert (job.folder / "stages" / "people.npz").read_bytes() == b"found"
    assert (scan.folder / "stages" / "people.npz").exists()


def test_an_environment_whose_packages_do_not_load_says_which(fake_session):
    with pytest.raises(WorkerEnvironmentBroken, match="libEGL") as caught:
        run(fake_session("broken"))
    assert "setup --repair" in caught.value.message


def test_a_worker_of_another_version_is_refused(fake_session):
    with pytest.raises(WorkerVersionMismatch, match=r"0\.0\.1"):
        run(fake_session("old"))


def test_a_worker_that_never_answers_is_given_up(fake_session):
    session = fake_session("mute", patience=Patience(hello=0.5, terminate=1))
    with pytest.raises(WorkerSilent):
        run(session)
    assert session.pid is None


def test_a_program_that_speaks_no_protocol_is_refused(home):
    command = [sys.executable, "-c", "print('hello'); import time; time.sleep(30)"]
    with Session(sys.executable, home, command=command) as session, pytest.raises(WorkerProtocolError):
        run(session)


def test_a_missing_python_is_a_missing_environment(home):
    with pytest.raises(WorkerEnvironmentMissing, match="reel2rig setup"):
        Session(home.root / "env" / "bin" / "python", home).capture("video.mp4", {})


def test_a_python_that_does_not_run_is_a_broken_environment(home, tmp_path):
    fake = tmp_path / "python"
    fake.write_bytes(b"\x00\x01")
    fake.chmod(0o755)
    with pytest.raises(WorkerEnvironmentBroken, match="setup --repair"):
        Session(fake, home).capture("video.mp4", {})


def test_a_python_without_the_packages_is_a_broken_environment(home):
    command = [sys.executable, "-S", "-m", "reel2rig.bridge.worker"]
    with (
        Session(sys.executable, home, command=command) as session,
        pytest.raises(WorkerEnvironmentBroken, match="before it was ready"),
    ):
        run(session)


def test_every_error_of_a_session_has_a_code_and_an_exit_code():
    def kinds(base):
        return [base, *(kind for sub in base.__subclasses__() for kind in kinds(sub))]

    bridge = [kind for kind in kinds(Reel2RigError) if kind.__module__ == "reel2rig.bridge.errors"]
    assert len(bridge) > 10
    assert all("." in kind.code and kind.exit_code > 0 for kind in bridge)


def _runs(pid):
    """Alive and not a zombie waiting for whoever adopted it."""
    if not pid_alive(pid):
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return pid_alive(pid)
