"""Making, updating, repairing and removing the worker's environment. Standard library only.

Order: the folder and the disk, a Python, the environment, the packages, a first start of the worker, and last
the marker that makes it count; then the landmark model. What fails or is cancelled leaves nothing that looks
complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import SetupFailed, writing
from ..files import read_json, write_json
from ..home import Home
from ..processes import Say
from .choice import InstallChoice
from .environment import (
    SCHEMA,
    Environment,
    installation_runs,
    lock_file,
    own_environment,
    running_environment,
)
from .folder_checks import remove_tree
from .install_steps import InstallProgress, Show, Steps
from .packages import requirements

__all__ = ("InstallChoice", "InstallProgress", "install", "remove", "update_is_enough")


def install(
    home: Home,
    choice: InstallChoice | None = None,
    *,
    say: Say = print,
    show: Show = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
    allow_running: bool = True,
) -> Environment:
    """Bring the worker's environment and its model into being; what is already there is kept.

    Args:
        home: with `home.python`, that Python is checked and taken, and no environment is made.
        say: takes each line of progress, pip's own included.
        show: takes what is being done and how far it is.
        should_stop: asked all along; once true, everything begun is removed again.

    Raises:
        SetupFailed and its kinds, with what to do; core.errors.Cancelled.
    """
    choice = choice or InstallChoice()
    with writing(home.root):
        home.logs.mkdir(parents=True, exist_ok=True)
    steps = Steps(home, choice, say, show, should_stop)
    with _locked(home):
        running = None if home.python or choice.own or not allow_running else running_environment(home)
        environment = running or target_environment(home)
        if running:
            say(f"This Python has the worker packages: {running.python}")
        elif environment.chosen:
            steps.adopt(environment)
        elif not choice.repair and update_is_enough(environment, choice):
            steps.replace_project(environment)
        elif choice.repair or environment.examine().name != "ready":
            steps.make(environment)
        facts = steps.first_start(environment)
        marker = {"schema": SCHEMA, **facts, "python": os.fspath(environment.python), "preferred": choice.own}
        marker["requirements"] = requirements(choice.source)
        with writing(home.root):
            write_json(environment.marker, marker)
        # After the marker: a model that cannot be fetched today must not cost the environment.
        if choice.landmark_model:
            steps.fetch_model(environment, choice.landmark_model)
    show(InstallProgress("Ready", 1.0))
    say(f"Ready on {facts['device']}.")
    return environment


def target_environment(home: Home) -> Environment:
    """What an installation makes, or takes: the Python that the user chose, or the home's own environment."""
    return Environment(home, home.python, owned=False) if home.python else own_environment(home)


def update_is_enough(environment: Environment, choice: InstallChoice) -> bool:
    """Whether an outdated environment holds all that this version needs, but for this project itself."""
    if environment.examine().name != "outdated":
        return False
    held = (read_json(environment.marker) or {}).get("requirements")
    return bool(held) and held == requirements(choice.source)


def remove(home: Home) -> bool:
    """Remove the environment below the home folder, but no model; returns whether there was one.

    A Python that the user chose is only forgotten: nothing in it was ours to delete.
    """
    target = target_environment(home)
    with _locked(home):
        existed = target.marker.exists() if target.chosen else home.environment.exists()
        if target.chosen:
            target.marker.unlink(missing_ok=True)
            return existed
        # The marker first: whatever stays behind in use must not look complete.
        target.marker.unlink(missing_ok=True)
        remove_tree(home.environment)
        if home.environment.exists():
            raise SetupFailed(
                f"{home.environment} is in use; close Blender and every capture, then try again."
            )
    return existed


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    """Only one installation at a time; a lock left by a dead process is taken over."""
    lock = lock_file(home)
    if installation_runs(home):
        raise SetupFailed("Another setup is running for the same home folder; wait until it has finished.")
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        write_json(lock, {"pid": os.getpid()})
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
