"""The whole installation, with a real pip in a real environment, from a folder of wheels and no network."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from reel2rig.bridge.client import environment as environments
from reel2rig.bridge.client import existing, install_steps
from reel2rig.bridge.client.choice import InstallChoice
from reel2rig.bridge.client.environment import find_environment, own_environment
from reel2rig.bridge.client.existing import PythonLacksPackages
from reel2rig.bridge.client.install import install, remove, update_is_enough
from reel2rig.bridge.client.install_errors import SetupPackageMissing
from reel2rig.bridge.client.plan import plan_install
from reel2rig.bridge.errors import SetupFailed, WorkerVersionMismatch
from reel2rig.bridge.files import read_json, write_json
from reel2rig.bridge.home import Home
from reel2rig.bridge.version import VERSION
from stub_wheels import make_wheel, make_wheels, project_wheel


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return project_wheel(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return make_wheels(tmp_path_factory.mktemp("a folder of wheels ü"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory, project, wheels):
    """A home in which an installation has been made, once for all tests that only look or mend."""
    home = Home(tmp_path_factory.mktemp("home ü"))
    shown, said = [], []
    choice = InstallChoice(source=project, python=Path(sys.executable), wheels=wheels, landmark_model="")
    install(home, choice, say=said.append, show=shown.append, allow_running=False)
    return home, choice, shown, said


def test_a_folder_of_wheels_is_enough_and_the_marker_says_what_came(installed):
    home, _, shown, said = installed
    environment = find_environment(home, allow_running=False)
    state = environment.state()
    assert (state.name, state.device, state.versions["torch"]) == ("ready", "cpu", "2.13.0+cpu")
    marker = read_json(environment.marker)
    assert any(line.startswith("torch") for line in marker["requirements"])
    fractions = [progress.fraction for progress in shown]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("Unpacking" in progress.text for progress in shown)
    assert any(line.startswith("Successfully installed") for line in said)
    log = (home.logs / "setup.log").read_text(encoding="utf-8")
    assert "-m pip install" in log
    assert "http" not in log  # nothing was asked of any index


def test_an_add_on_of_another_version_finds_it_outdated_and_updates_only_its_own_code(installed, monkeypatch):
    home, choice, _, _ = installed
    environment = own_environment(home)
    whole = read_json(environment.marker)
    try:
        write_json(environment.marker, whole | {"version": "0.0.9"})
        assert environment.state().name == "outdated"
        with pytest.raises(WorkerVersionMismatch, match=r"holds version 0\.0\.9.*Update the Worker"):
            environment.require()
        assert update_is_enough(environment, choice)
        plan = plan_install(home, choice)
        assert (plan.action, plan.download) == ("update", 0.0)

        torch = environment.python.parents[1] / "lib"
        before = {path: path.stat().st_ino for path in torch.rglob("torch/__init__.py")}
        said = []
        install(home, choice, say=said.append, allow_running=False)
        assert environment.state().name == "ready"
        assert {path: path.stat().st_ino for path in torch.rglob("torch/__init__.py")} == before
        assert not any("Making" in line for line in said)
    finally:
        write_json(environment.marker, read_json(environment.marker) or whole)


def test_other_requirements_ask_for_a_new_environment(installed):
    home, choice, _, _ = installed
    environment = own_environment(home)
    whole = read_json(environment.marker)
    try:
        changed = [*whole["requirements"], "somethingnew>=1"]
        write_json(environment.marker, whole | {"version": "0.0.9", "requirements": changed})
        assert not update_is_enough(environment, choice)
        assert plan_install(home, choice).action == "renew"
    finally:
        write_json(environment.marker, whole)


def test_an_update_that_is_stopped_leaves_nothing_that_looks_complete(installed, monkeypatch):
    home, choice, _, _ = installed
    environment = own_environment(home)
    whole = read_json(environment.marker)
    try:
        write_json(environment.marker, whole | {"version": "0.0.9"})
        with pytest.raises(Exception, match="Stopped"):
            install(home, choice, say=lambda line: None, should_stop=lambda: True, allow_running=False)
        assert environment.state().name == "broken"
    finally:
        write_json(environment.marker, whole)


def test_a_wheel_of_another_release_is_refused(installed, tmp_path):
    _, choice, _, _ = installed
    other = Home(tmp_path)
    files = {"reel2rig/__init__.py": "", "reel2rig/bridge/__init__.py": ""}
    files["reel2rig/bridge/worker/__init__.py"] = ""
    files["reel2rig/bridge/worker/__main__.py"] = (
        'print(\'{"version": "0.0.9", "device": "cpu", "modules": {}}\')'
    )
    wheel = make_wheel(tmp_path, "reel2rig", "0.0.9", files, metadata="Provides-Extra: worker\n")
    choice = InstallChoice(source=wheel, python=choice.python, wheels=choice.wheels, landmark_model="")
    with pytest.raises(Exception, match=rf"is version 0\.0\.9, not {VERSION}"):
        install(other, choice, say=lambda line: None, allow_running=False)
    assert own_environment(other).state().name == "broken"


def test_what_the_folder_of_wheels_lacks_is_named(project, tmp_path):
    home = Home(tmp_path / "home")
    wheels = make_wheels(tmp_path / "wheels", without="mediapipe")
    choice = InstallChoice(source=project, python=Path(sys.executable), wheels=wheels)
    with pytest.raises(SetupPackageMissing, match="holds no fitting mediapipe"):
        install(home, choice, say=lambda line: None, allow_running=False)
    assert own_environment(home).state().name == "absent"
    assert not environments.lock_file(home).exists()


def test_a_python_of_the_users_own_is_checked_taken_and_forgotten_again(installed, project, tmp_path):
    made, choice, _, _ = installed
    python = own_environment(made).python
    home = Home(tmp_path / "home", python)
    environment = find_environment(home)
    assert (environment.python, environment.chosen, environment.state().name) == (python, True, "absent")
    plan = plan_install(home, choice)
    assert (plan.action, plan.obstacle, plan.download) == ("check", "", 0.0)
    said = []
    install(home, choice, say=said.append)
    assert environment.state().line == "ready on cpu"
    assert not home.environment.exists()
    assert not any("Collecting" in line or "Processing" in line for line in said)  # it had all of it
    assert remove(home)
    assert environment.state().name == "absent"
    assert python.exists()


@pytest.mark.parametrize("version", [VERSION, "0.0.9"])
def test_a_developers_checkout_in_a_python_is_never_overwritten(
    installed, project, tmp_path, monkeypatch, version
):
    made, choice, _, _ = installed
    python = own_environment(made).python
    found = existing.ExistingPython(python, (3, 11, 7), (), version, linked=True)
    monkeypatch.setattr(install_steps, "look_at", lambda path: found)
    monkeypatch.setattr(install_steps.Steps, "replace_project", lambda *_: pytest.fail("overwritten"))
    home, repair = Home(tmp_path, python), replace(choice, repair=True)
    if version == VERSION:
        install(home, repair, say=lambda line: None)
        assert find_environment(home).state().name == "ready"
    else:
        with pytest.raises(SetupFailed, match="checkout"):
            install(home, repair, say=lambda line: None)


def test_a_python_that_lacks_packages_is_told_which(tmp_path, project):
    base = Path(sys.base_prefix) / "bin" / "python3"
    home = Home(tmp_path, base)
    choice = InstallChoice(source=project)
    assert "mediapipe" in plan_install(home, choice).obstacle
    with pytest.raises(PythonLacksPackages, match="mediapipe"):
        install(home, choice, say=lambda line: None)
    assert find_environment(home).state().name == "absent"


def test_the_pip_of_a_parent_that_was_killed_ends_with_it(tmp_path):
    """As when Blender crashes in the middle of an installation."""
    sign = tmp_path / "sign"
    module = tmp_path / "slow_module.py"
    module.write_text(
        f"import pathlib, time\nfor n in range(600):\n    pathlib.Path({str(sign)!r}).write_text(str(n))\n"
        "    time.sleep(0.05)\n"
    )
    parent = (
        "import os, subprocess, sys, time\n"
        "from reel2rig.bridge.client.guarded import guarded\n"
        "from reel2rig.bridge.processes import spawn\n"
        f"env = os.environ | {{'PYTHONPATH': {str(tmp_path)!r}}}\n"
        "child = spawn(guarded(sys.executable, 'slow_module'), stdin=subprocess.PIPE, env=env)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    end = time.monotonic() + 30
    while not sign.exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()
    process.wait()
    time.sleep(0.5)
    last = sign.read_text()
    time.sleep(0.5)
    assert sign.read_text() == last


def test_a_lock_that_gave_no_sign_of_life_for_long_is_taken_over(tmp_path):
    home = Home(tmp_path)
    lock = environments.lock_file(home)
    write_json(lock, {"pid": os.getpid()})  # alive, but as if the number now belonged to another program
    assert environments.installation_runs(home)
    long_ago = time.time() - 2 * environments.HEARTBEAT
    os.utime(lock, (long_ago, long_ago))
    assert not environments.installation_runs(home)


def test_an_installation_gives_signs_of_life(tmp_path, monkeypatch):
    home = Home(tmp_path)
    write_json(environments.lock_file(home), {"pid": 1})
    os.utime(environments.lock_file(home), (1, 1))
    steps = install_steps.Steps(home, InstallChoice(), print, print, lambda: False)
    monkeypatch.setattr(steps, "_beat", -1e9)
    assert not steps._stop_or_beat()
    assert environments.lock_file(home).stat().st_mtime > 1
