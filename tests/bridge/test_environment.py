import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from reel2rig.bridge.client import environment as environments
from reel2rig.bridge.client import install_errors, install_steps, packages, pythons, torch_build
from reel2rig.bridge.client.environment import find_environment, own_environment
from reel2rig.bridge.client.install import InstallChoice, install, remove
from reel2rig.bridge.client.install_task import InstallTask
from reel2rig.bridge.errors import (
    PythonMissing,
    SetupDiskFull,
    SetupFailed,
    WorkerEnvironmentBroken,
    WorkerEnvironmentMissing,
)
from reel2rig.bridge.files import read_json, write_json
from reel2rig.bridge.version import VERSION
from reel2rig.core.errors import Cancelled

PROBE = """
import json, sys
print("a library prints first")
print(json.dumps({"version": VERSION, "device": "cpu", "modules": {"torch": __file__},
                  "python_version": "3.11", "torch_version": "2.6"}))
"""
MODELS = """
import sys
from pathlib import Path
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
if sys.argv[2] == "heavy":
    print("error [people.model_unknown] There is no such model; use full.")
    sys.exit(2)
(folder / "pose_landmarker_full.task").write_bytes(b"model")
"""


@pytest.fixture
def wheel(tmp_path):
    """A wheel that looks like ours to the installer, and needs nothing from any index."""
    path = tmp_path / f"reel2rig-{VERSION}-py3-none-any.whl"
    info = f"reel2rig-{VERSION}.dist-info"
    files = {
        "reel2rig/__init__.py": "",
        "reel2rig/bridge/__init__.py": "",
        "reel2rig/bridge/worker/__init__.py": "",
        "reel2rig/bridge/worker/__main__.py": f"VERSION = {VERSION!r}\n{PROBE}",
        "reel2rig/bridge/worker/models.py": MODELS,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: reel2rig\nVersion: {VERSION}\n"
        "Provides-Extra: worker\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def choice(wheel, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # proves that nothing is asked of an index
    monkeypatch.delenv(torch_build.TORCH_INDEX_VARIABLE, raising=False)  # the fake wheel needs no torch
    return InstallChoice(source=wheel, python=Path(sys.executable))


@pytest.fixture
def ready(home):
    """An environment as an installation leaves it, without the minutes."""
    own = own_environment(home)
    own.python.parent.mkdir(parents=True)
    own.python.symlink_to(sys.executable)
    module = home.environment / "torch.py"
    module.write_text("")
    marker = {"schema": 1, "version": VERSION, "device": "cpu", "python": str(own.python)}
    marker |= {"modules": {"torch": str(module)}, "torch_version": "2.6", "python_version": "3.11"}
    write_json(own.marker, marker)
    return own


def test_an_installation_ends_with_an_environment_that_says_where_it_computes(home, choice):
    said = []
    environment = install(home, choice, say=said.append, allow_running=False)
    state = environment.state()
    assert (state.name, state.line, state.versions["torch"]) == ("ready", "ready on cpu", "2.6")
    assert environment.python.is_relative_to(home.environment)
    assert (home.models / "pose_landmarker_full.task").exists()
    assert find_environment(home, allow_running=False) == environment
    assert "pip" in (home.logs / "setup.log").read_text()

    marker = environment.marker.stat().st_mtime_ns
    said.clear()
    install(home, choice, say=said.append, allow_running=False)  # again: nothing is downloaded or made
    assert not any("Making" in line for line in said)
    assert environment.marker.stat().st_mtime_ns >= marker

    assert remove(home)
    assert environment.state().name == "absent"
    assert (home.models / "pose_landmarker_full.task").exists()
    assert not remove(home)


@pytest.mark.parametrize(
    ("failing", "state"),
    [
        ("install the packages", "absent"),
        ("start the worker", "broken"),
        ("fetch the landmark model", "ready"),
    ],
)
def test_an_installation_that_fails_counts_for_what_it_completed(home, choice, monkeypatch, failing, state):
    def step(self, python, module, arguments, task, aloud=True):
        if task == "make the environment":
            own_environment(home).python.parent.mkdir(parents=True)
            own_environment(home).python.touch()
        if task == failing:
            raise SetupFailed("No.")
        return [json.dumps({"device": "cpu", "version": VERSION})]

    monkeypatch.setattr(install_steps.Steps, "_run", step)
    with pytest.raises(SetupFailed):
        install(home, choice, say=lambda line: None, allow_running=False)
    assert own_environment(home).state().name == state
    assert not environments.lock_file(home).exists()


def test_torch_comes_from_the_default_index_when_its_own_is_out_of_reach(home, choice, monkeypatch):
    tasks, said = [], []

    def step(self, python, module, arguments, task, aloud=True):
        tasks.append(task)
        home.environment.mkdir(exist_ok=True)
        if task == "install torch":
            raise SetupFailed("Out of reach.")
        return [json.dumps({"device": "cpu", "version": VERSION})]

    monkeypatch.setenv(torch_build.TORCH_INDEX_VARIABLE, "file:///nowhere")
    monkeypatch.setattr(install_steps.Steps, "_run", step)
    install(home, choice, say=said.append, allow_running=False)
    assert tasks.index("install torch") < tasks.index("install the packages")
    assert any("default build is installed" in line for line in said)


def test_a_cancelled_installation_leaves_no_process_and_no_environment(home, choice):
    task = InstallTask(home, choice)
    end = time.monotonic() + 30
    while not home.environment.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert own_environment(home).state().name == "installing"
    task.cancel()
    assert task.wait(30)
    assert task.cancelled
    assert isinstance(task.error, Cancelled)
    assert own_environment(home).state().name == "absent"


def test_a_task_reports_a_failure_instead_of_dying(home, tmp_path):
    task = InstallTask(home, InstallChoice(source=tmp_path, python=Path(sys.executable)))
    assert task.wait(30)
    assert isinstance(task.error, SetupFailed)
    assert task.environment is None


def test_nothing_is_installed_on_a_full_disk(home, choice, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10**8))
    with pytest.raises(SetupDiskFull, match="REEL2RIG_HOME"):
        install(home, choice, say=lambda line: None, allow_running=False)
    assert not home.environment.exists()


def test_a_ready_environment_needs_nothing(ready):
    assert ready.state().line == "ready on cpu"
    ready.require()


def test_an_environment_that_never_was_is_absent(home):
    assert own_environment(home).state().name == "absent"
    with pytest.raises(WorkerEnvironmentMissing, match="reel2rig setup"):
        own_environment(home).require()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda own: own.marker.unlink(), "did not finish"),
        (lambda own: own.marker.write_text('{"schema": 1'), "did not finish"),
        (lambda own: own.python.unlink(), "is gone"),
        (lambda own: (own.home.environment / "torch.py").unlink(), "lacks torch"),
    ],
    ids=["no marker", "half a marker", "no python", "a package removed"],
)
def test_a_harmed_environment_is_broken_and_says_how(ready, harm, words):
    harm(ready)
    assert ready.state().name == "broken"
    with pytest.raises(WorkerEnvironmentBroken, match=words) as caught:
        ready.require()
    assert "setup --repair" in caught.value.message


def test_the_base_python_of_an_environment_may_vanish(ready, tmp_path):
    ready.python.unlink()
    ready.python.symlink_to(tmp_path / "uninstalled")
    assert ready.state().name == "broken"


def test_an_installation_under_way_is_told_and_one_that_died_is_not(ready, home):
    write_json(environments.lock_file(home), {"pid": os.getpid()})
    assert ready.state().name == "installing"
    with pytest.raises(SetupFailed, match="Another setup"):
        install(home, InstallChoice(), say=lambda line: None)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    write_json(environments.lock_file(home), {"pid": process.pid})
    assert ready.state().name == "ready"


def test_the_running_python_is_used_when_it_has_the_packages(home, monkeypatch):
    monkeypatch.setattr(environments, "missing_modules", list)
    found = find_environment(home)
    assert (found.python, found.owned) == (Path(sys.executable), False)
    assert found.state().name == "ready"
    monkeypatch.setattr(environments, "missing_modules", lambda: ["torch"])
    assert find_environment(home) == own_environment(home)


def test_blender_never_uses_its_own_python(home, monkeypatch):
    monkeypatch.setattr(environments, "missing_modules", list)
    assert find_environment(home, allow_running=False) == own_environment(home)


def test_an_environment_made_on_purpose_comes_before_the_running_python(ready, home, monkeypatch):
    monkeypatch.setattr(environments, "missing_modules", list)
    assert find_environment(home).python == Path(sys.executable)
    write_json(ready.marker, read_json(ready.marker) | {"preferred": True})
    assert find_environment(home) == ready


def test_a_python_that_a_setup_found_complete_serves_others_until_it_is_gone(home, tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    write_json(
        home.root / own_environment(home).marker.name, {"python": str(python)}
    ) if home.root.exists() else (
        home.root.mkdir(parents=True),
        write_json(home.root / own_environment(home).marker.name, {"python": str(python)}),
    )
    assert find_environment(home, allow_running=False).python == python
    python.unlink()
    assert find_environment(home, allow_running=False) == own_environment(home)


def test_a_fitting_python_is_found():
    assert pythons.find_python(sys.executable).version == sys.version_info[:2]


def test_a_python_that_does_not_fit_is_refused_with_the_reason(tmp_path):
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho 3 9 linux-x86_64 /usr/bin/python3.9\n")
    fake.chmod(0o755)
    with pytest.raises(PythonMissing, match=r"is Python 3\.9"):
        pythons.find_python(fake)
    fake.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(PythonMissing, match="venv"):
        pythons.find_python(fake)
    with pytest.raises(PythonMissing, match="cannot be started"):
        pythons.find_python(tmp_path / "none")


def test_the_project_is_never_asked_of_an_index_by_name(wheel, tmp_path):
    assert packages.project_requirement(wheel) == [f"{wheel}[worker]"]
    checkout = Path(__file__).parents[2]
    assert packages.project_requirement(checkout) == ["--editable", f"{checkout}[worker]"]
    for wrong in (tmp_path, tmp_path / "none.whl", Path("reel2rig")):
        with pytest.raises(SetupFailed, match="--wheel"):
            packages.project_requirement(wrong)


@pytest.mark.parametrize(
    ("system", "index", "gigabytes"),
    [("linux", None, 13), ("linux", "file:///cpu", 3), ("win32", None, 3), ("darwin", None, 2.6)],
)
def test_the_disk_that_is_asked_for_fits_the_torch_build(monkeypatch, system, index, gigabytes):
    monkeypatch.delenv(torch_build.TORCH_INDEX_VARIABLE, raising=False)
    if index:
        monkeypatch.setenv(torch_build.TORCH_INDEX_VARIABLE, index)
    monkeypatch.setattr(torch_build.sys, "platform", system)
    assert InstallChoice().index() == index
    assert InstallChoice().disk() == pytest.approx(gigabytes * 1e9)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("ERROR: OSError: [Errno 28] No space left on device", "setup.disk_full", "free some space"),
        ("WARNING: Retrying after NewConnectionError('...')", "setup.network", "network"),
        ("ERROR: Something else", "setup.failed", "Something else"),
        ("", "setup.failed", "install the packages"),
        ("error [people.model_unknown] Use full.", "people.model_unknown", "Use full."),
    ],
)
def test_what_a_child_says_becomes_one_sentence(line, code, words):
    lines = ["Collecting x", line]
    error = install_errors.explained("install the packages", lines, Path("setup.log"), InstallChoice())
    assert error.code == code
    assert words in error.message
