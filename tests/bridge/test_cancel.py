"""Cancel for a user who looks at the button, with workers that listen and with some that do not."""

import sys
import threading
import time
from dataclasses import astuple

import pytest
from reel2rig.bridge.client.events import Cancelled
from reel2rig.bridge.client.session import PROMPT, Session
from reel2rig.bridge.demo_clip import fetch_demo_clip
from reel2rig.bridge.home import Home
from reel2rig.bridge.processes import pid_alive


def test_all_steps_together_stay_below_a_second():
    _, cancel, terminate = astuple(PROMPT)
    assert cancel + terminate < 0.8  # the rest is for whoever polls, and for the system


@pytest.mark.parametrize(("do", "how"), [("slow", "asked"), ("stubborn", "terminated"), ("deaf", "killed")])
def test_a_cancel_ends_by_the_gentlest_step_that_works(fake_session, home, do, how):
    session = fake_session(patience=PROMPT)
    session.capture("video.mp4", {"do": do, "steps": 1000, "pause": 0.02})
    _until(lambda: session.poll() is not None and session.progress and session.progress.done > 2)
    ended = _cancelled(session, do)
    assert ended.how == how
    assert list(home.jobs.iterdir()) == []


def test_polling_a_dying_worker_never_waits_for_it(fake_session, monkeypatch):
    """A window polls between two drawings; the end of the process is awaited in another thread."""
    session = fake_session(patience=PROMPT)
    session.capture("video.mp4", {"do": "deaf", "steps": 1000, "pause": 0.02})
    _until(lambda: session.poll() is not None and session.progress and session.progress.done > 2)
    session.cancel()
    process, me, waits = session._worker._process, threading.get_ident(), []
    wait = process.wait

    def watched(timeout=None):
        waits.append(threading.get_ident())
        return wait(timeout)

    monkeypatch.setattr(process, "wait", watched)
    _until(lambda: session.poll() is not None and session.pid is None)
    assert waits
    assert me not in waits


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["starting", "people", "refine"])
def test_the_real_worker_can_be_cancelled_in_any_stage_and_another_one_follows(
    stage, landmark_model, tmp_path
):
    clip = fetch_demo_clip(landmark_model.parent.parent / "clips")
    home = Home(tmp_path / "home")
    home.root.mkdir()
    (home.root / "models").symlink_to(landmark_model.parent)
    settings = {"start": "0", "end": "24", "device": "cpu"}
    with Session(sys.executable, home, patience=PROMPT) as session:
        session.capture(clip, settings)
        worker = session.pid
        _until(lambda: session.poll() is not None and _reached(session, stage), 120)
        _cancelled(session, stage)
        assert not pid_alive(worker)
        assert list(home.jobs.iterdir()) == []
        if stage == "people":
            session.scan(clip, settings)
            assert session.finish().people()["tracks"]


def _reached(session, stage):
    if stage == "starting":
        return session.pid is not None
    return session.progress and session.progress.stage == stage and session.progress.done > 0


def _cancelled(session, name):
    """Cancel and poll as the panel does; returns the event that ends it."""
    start, events = time.monotonic(), []
    session.cancel()
    _until(lambda: events.extend(session.poll()) or any(isinstance(one, Cancelled) for one in events))
    (ended,) = (one for one in events if isinstance(one, Cancelled))
    print(f"{name}: {ended.how} within {time.monotonic() - start:.2f} s")
    return ended


def _until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.04)
    assert condition()
