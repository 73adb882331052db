"""First run: what the panel offers in each state of the worker, and what its one button then does."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

from drawn_layout import DrawnLayout  # noqa: E402
from reel2rig.blender_addon import install_plan, preferences, registration  # noqa: E402
from reel2rig.blender_addon.jobs import jobs  # noqa: E402
from reel2rig.blender_addon.operators import worker as operators  # noqa: E402
from reel2rig.blender_addon.panels import worker as panel  # noqa: E402
from reel2rig.blender_addon.problems import Surroundings, problem_of, without_secrets  # noqa: E402
from reel2rig.bridge.client import environment as environments  # noqa: E402
from reel2rig.bridge.client import install_task  # noqa: E402
from reel2rig.bridge.client.environment import SCHEMA, EnvironmentState, own_environment  # noqa: E402
from reel2rig.bridge.client.install_steps import InstallProgress  # noqa: E402
from reel2rig.bridge.client.plan import InstallPlan  # noqa: E402
from reel2rig.bridge.errors import SetupFailed  # noqa: E402
from reel2rig.bridge.home import Home  # noqa: E402
from reel2rig.bridge.version import VERSION  # noqa: E402
from reel2rig.core.errors import Cancelled  # noqa: E402

pytestmark = pytest.mark.blender
PLAN = InstallPlan("install", Path("/there/env"), "3.11", "CPU build", 6e8, 3e9, 9e10)


@pytest.fixture
def addon(tmp_path, monkeypatch, empty_scene):
    """The add-on registered in an empty file, with a home folder of its own."""
    monkeypatch.setenv("REEL2RIG_HOME", str(tmp_path / "Zuhause ü"))
    registration.register()
    jobs.problem, jobs.message = None, ""
    jobs.look_again()
    install_plan.plans.forget()
    yield empty_scene
    registration.unregister()
    preferences._home.cache_clear()


@pytest.fixture
def chosen(addon, monkeypatch):
    """Preferences as a user would have them, which exist only for an enabled add-on."""
    values = SimpleNamespace(
        home="",
        worker_in="MANAGED",
        existing_python="",
        torch_build="AUTO",
        torch_index="",
        base_python="",
        wheels="",
        proxy="",
    )
    monkeypatch.setattr(preferences, "preferences", lambda: values)
    return values


@pytest.fixture
def planned(monkeypatch):
    """The plan is made up instead of looked up; `planned(...)` changes it."""
    current = {"plan": PLAN}
    monkeypatch.setattr(install_plan, "plan_install", lambda home, choice: current["plan"])
    monkeypatch.setattr(operators, "plan_install", lambda home, choice: current["plan"])
    monkeypatch.setattr(install_plan.plans, "look", lambda home, choice: current["plan"])

    def change(**fields):
        current["plan"] = InstallPlan(**({**PLAN.__dict__} | fields))

    return change


@pytest.fixture
def installing(monkeypatch):
    """An installation in which nothing is installed; notes the choice and does as told."""
    seen = SimpleNamespace(choice=None, error=None)

    def install(home, choice, *, say, show, should_stop, allow_running):
        seen.choice = choice
        show(InstallProgress("Downloading torch (50 of 150 MB)", 0.4))
        say("Collecting torch")
        if seen.error:
            raise seen.error

    monkeypatch.setattr(install_task, "install", install)
    return seen


def drawn(full: bool = False) -> DrawnLayout:
    layout = DrawnLayout()
    panel.draw_worker(layout, always_manage=full)
    return layout


def mark(**fields) -> None:
    """An environment as an installation leaves it."""
    own = own_environment(Home.find())
    own.python.parent.mkdir(parents=True, exist_ok=True)
    own.python.touch()
    (own.home.models).mkdir(parents=True, exist_ok=True)
    (own.home.models / environments.LANDMARK_MODEL).touch()
    marker = {"schema": SCHEMA, "version": VERSION, "python": str(own.python), "device": "cpu", "modules": {}}
    own.marker.write_text(json.dumps(marker | fields), encoding="utf-8")
    jobs.look_again()


def test_without_network_access_the_button_is_grey_and_the_way_to_the_switch_stands_beside_it(addon, planned):
    assert not bpy.app.online_access
    for full in (False, True):
        layout = drawn(full)
        assert layout.buttons["reel2rig.install_worker"] == ("Install the Worker", False)
        assert "reel2rig.open_network_preferences" in layout.buttons
        assert "Online access is off" in layout.text


def test_the_preferences_say_what_will_come_from_where_and_where_to(addon, planned):
    layout = drawn(full=True)
    for told in ("3.11", "CPU build", "About 0.6 GB", "3.0 GB needed, 90 GB free", "/there/env"):
        assert told in layout.text


def test_a_folder_of_wheels_needs_no_network_access(chosen, planned, installing, tmp_path):
    chosen.wheels, chosen.proxy = str(tmp_path), " http://proxy:1 "
    planned(download=0.0)
    assert drawn().buttons["reel2rig.install_worker"] == ("Install the Worker", True)
    assert bpy.ops.reel2rig.install_worker() == {"FINISHED"}
    assert (installing.choice.wheels, installing.choice.proxy) == (tmp_path, "http://proxy:1")
    assert jobs.message == "The worker is installed."


def test_what_stands_in_the_way_is_told_and_greys_the_button(addon, planned):
    planned(obstacle="The disk has 1 GB free; free some space.")
    layout = drawn()
    assert "free some space" in layout.text
    assert layout.buttons["reel2rig.install_worker"][1] is False
    assert "reel2rig.open_network_preferences" not in layout.buttons  # first things first


def test_a_failed_installation_is_shown_with_its_code_and_a_report(addon, planned, installing):
    planned(download=0.0)
    installing.error = SetupFailed("Setup could not install the packages.")
    with pytest.raises(RuntimeError, match=r"\[setup.failed\]"):
        bpy.ops.reel2rig.install_worker()
    layout = drawn(full=True)
    assert "Setup could not install the packages." in layout.text
    assert "Code: setup.failed" in layout.text
    assert {"reel2rig.copy_report", "reel2rig.open_logs"} <= set(layout.buttons)


def test_a_cancelled_installation_is_no_error(addon, planned, installing):
    planned(download=0.0)
    installing.error = Cancelled("Stopped on request.")
    assert bpy.ops.reel2rig.install_worker() == {"FINISHED"}
    assert jobs.problem is None
    assert "cancelled" in jobs.message


def test_a_running_installation_shows_its_bar_its_last_lines_and_a_way_out(addon, monkeypatch):
    task = SimpleNamespace(
        progress=InstallProgress("Downloading torch (50 of 150 MB)", 0.4),
        latest=("Collecting torch",),
        cancelling=False,
    )
    monkeypatch.setattr(jobs.installs, "task", task)
    layout = drawn(full=True)
    assert layout.bars == [(0.4, "40 %")]
    assert "50 of 150 MB" in layout.text
    assert "Collecting torch" in layout.text
    assert "reel2rig.cancel_install" in layout.buttons
    assert "Collecting torch" not in drawn().text  # the sidebar has no room for a log
    monkeypatch.setattr(jobs.installs, "task", None)


def test_a_ready_worker_takes_one_line_of_the_sidebar(addon):
    mark()
    layout = drawn()
    assert layout.texts == ["Ready on CPU"]
    assert set(layout.buttons) == {"reel2rig.open_preferences"}
    full = drawn(full=True)
    assert {"reel2rig.install_worker", "reel2rig.remove_worker", "reel2rig.open_logs"} <= set(full.buttons)


def test_a_gpu_that_torch_cannot_see_is_told_beside_the_ready_line(addon):
    mark(advice="RTX is here, but PyTorch cannot use it: choose the CUDA build and press Repair.")
    assert "choose the CUDA build" in drawn().text


def test_a_worker_of_another_version_asks_for_an_update_and_a_half_made_one_for_a_repair(addon, planned):
    planned(action="update", download=0.0)
    mark(version="0.0.9")
    layout = drawn()
    assert "version 0.0.9" in layout.text
    assert layout.buttons["reel2rig.install_worker"] == ("Update the Worker", True)
    own_environment(Home.find()).marker.unlink()
    jobs.look_again()
    assert drawn().buttons["reel2rig.install_worker"] == ("Repair the Worker", True)


def test_a_missing_landmark_model_is_told_and_fetched_by_one_button(addon):
    mark()
    assert (Home.find().models / environments.LANDMARK_MODEL).name == "pose_landmarker_full.task"
    (Home.find().models / environments.LANDMARK_MODEL).unlink()
    jobs.look_again()
    assert drawn().buttons["reel2rig.install_worker"][0] == "Fetch the Model"


def test_a_python_of_the_users_own_is_part_of_the_home(chosen, tmp_path):
    chosen.worker_in = "EXISTING"
    assert preferences.python_is_wanting()
    layout = drawn(full=True)
    assert layout.texts == ["Choose your Python"]  # and nothing of an environment that is not wanted
    assert not layout.buttons
    with pytest.raises(RuntimeError, match="Choose your Python"):
        bpy.ops.reel2rig.install_worker()
    python = tmp_path / "mine" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    chosen.existing_python = str(tmp_path / "mine")
    assert preferences.home().python == python
    chosen.worker_in = "MANAGED"
    assert preferences.home().python is None


def test_a_report_has_what_helps_and_nothing_private(addon, monkeypatch, tmp_path):
    user = tmp_path / "Zuhause ü"
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: user))
    home = Home.find()
    home.logs.mkdir(parents=True)
    lines = [f"line {number} {user}/secret/film.mp4" for number in range(60)]
    (home.logs / "worker.log").write_text("\n".join(lines), encoding="utf-8")
    state = EnvironmentState("ready", device="cpu", versions={"python": "3.11.7", "torch": "2.13.0+cpu"})
    around = Surroundings(home, state, {"device": "auto"}, "Slowest tick 12 ms (target 50 ms)")
    text = problem_of(SetupFailed("No.")).report(around)
    assert "No setup.log" in text  # an installation's error is not in the worker's log
    try:
        raise ValueError("odd")
    except ValueError as error:
        text = problem_of(error).report(around)
    for told in (
        VERSION,
        "Blender",
        "torch 2.13.0+cpu",
        '"device": "auto"',
        "GPU: ",
        "Slowest tick",
        "line 59",
    ):
        assert told in text
    assert "line 20 " in text
    assert "line 19 " not in text
    assert str(user) not in text
    assert "~/secret/film.mp4" in text
    assert "Traceback" in text
    assert without_secrets("proxy http://me:word@host:8080/x") == "proxy http://host:8080/x"


def test_nothing_of_the_first_run_waits_for_the_disk_or_a_child_while_it_draws(addon, monkeypatch):
    """Plans are made in a thread; until one is there, the panel says that it looks."""
    monkeypatch.setattr(install_plan.plans, "look", lambda home, choice: None)
    assert "Looking at this computer" in drawn(full=True).text
