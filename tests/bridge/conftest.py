import sys
from pathlib import Path

import pytest
from reel2rig.bridge.client.session import Patience, Session
from reel2rig.bridge.home import Home

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home ü")


@pytest.fixture
def fake_session(home):
    """Makes sessions with the fake worker and ends them after the test."""
    sessions = []

    def make(*arguments, patience=None):
        command = [sys.executable, FAKE_WORKER, *map(str, arguments)]
        waits = patience or Patience(hello=30, cancel=3, terminate=2)
        sessions.append(Session(sys.executable, home, command=command, patience=waits))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()
