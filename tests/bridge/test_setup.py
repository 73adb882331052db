import subprocess
import sys
from pathlib import Path

import pytest
from reel2rig.bridge import setup
from reel2rig.bridge.client.environment import Environment, EnvironmentState
from reel2rig.bridge.errors import WorkerEnvironmentBroken
from reel2rig.core.errors import Reel2RigError


@pytest.fixture
def machine(home, monkeypatch):
    """An environment in any state, a model that is there or not; `install` only notes its choice."""
    asked = []

    class Machine:
        state, model = "absent", False

    def install(home, choice, **_):
        asked.append(choice)
        Machine.state, Machine.model = "ready", Machine.model or choice.landmark_model == "full"
        return Environment(home, Path(sys.executable), owned=True)

    def model_path(folder, name):
        if not Machine.model:
            raise Reel2RigError("no model")
        return folder / name

    monkeypatch.setattr(Environment, "state", lambda self: EnvironmentState(Machine.state, "Odd."))
    monkeypatch.setattr(setup, "install", install)
    monkeypatch.setattr(setup, "landmark_model_path", model_path)
    Machine.asked = asked
    yield Machine
    Machine.state, Machine.model = "absent", False


def test_what_is_missing_is_installed_with_its_model(machine, home):
    setup.ensure_ready(home)
    assert [choice.landmark_model for choice in machine.asked] == ["full"]


def test_nothing_is_done_when_all_is_there(machine, home):
    machine.state, machine.model = "ready", True
    setup.ensure_ready(home)
    assert machine.asked == []


def test_a_missing_model_alone_is_fetched(machine, home):
    machine.state = "ready"
    setup.ensure_ready(home)
    assert [choice.landmark_model for choice in machine.asked] == ["full"]


def test_a_model_file_of_the_users_is_refused_but_never_fetched(machine, home):
    machine.state = "ready"
    with pytest.raises(Reel2RigError, match="no model"):
        setup.ensure_ready(home, "/models/mine.task")
    assert all(choice.landmark_model == "" for choice in machine.asked)


def test_a_broken_environment_is_never_replaced_unasked(machine, home):
    machine.state = "broken"
    with pytest.raises(WorkerEnvironmentBroken, match="--repair"):
        setup.ensure_ready(home)
    assert machine.asked == []


def test_a_command_that_computes_goes_on_in_the_workers_python(home, tmp_path, monkeypatch):
    import typer
    from reel2rig.bridge.cli import prepare

    calls = []
    monkeypatch.setattr(prepare, "missing_modules", lambda: ["torch"])
    monkeypatch.setattr(sys, "argv", ["reel2rig", "bench", "pipeline", "--json"])
    monkeypatch.setattr(subprocess, "call", lambda command, env: calls.append((command, env)) or 7)
    with pytest.raises(typer.Exit) as caught:
        prepare.continue_in_worker_python(Environment(home, tmp_path / "python", owned=True))
    assert caught.value.exit_code == 7
    assert calls[0][0] == [
        str(tmp_path / "python"),
        "-m",
        "reel2rig.bridge.cli",
        "bench",
        "pipeline",
        "--json",
    ]
    monkeypatch.setattr(prepare, "missing_modules", list)
    prepare.continue_in_worker_python(Environment(home, tmp_path / "python", owned=True))
    assert len(calls) == 1
