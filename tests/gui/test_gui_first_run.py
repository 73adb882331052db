"""In a real Blender window: nothing is installed, and a Python of the user's becomes the worker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.gui


def test_a_fresh_install_says_so_and_the_users_own_python_is_taken(played, landmark_model: Path) -> None:
    seen = played("first_run", models=str(landmark_model.parent), python=sys.executable).facts
    assert seen["first_line"] == "Absent"
    assert seen["worker_in"] == "EXISTING"
    assert seen["problem"] is None
    assert seen["state"] == "ready"
