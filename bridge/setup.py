"""What a command does before it needs the worker: install what is missing, refuse what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..core.errors import Reel2RigError
from ..core.people.model_files import landmark_model_path
from .client.environment import Environment, find_environment
from .client.install import InstallChoice, install
from .home import Home
from .processes import Say


def ensure_ready(
    home: Home,
    landmark_model: str = "full",
    choice: InstallChoice | None = None,
    *,
    say: Say = print,
    should_stop: Callable[[], bool] = lambda: False,
) -> Environment:
    """The environment, made now if there is none, and the landmark model, fetched now if it is not there.

    Touches neither the network nor the disk when both are there.

    Raises:
        WorkerEnvironmentBroken: there is one, and repairing it is the user's decision.
        SetupFailed and its kinds, people.model_download_failed, core.errors.Cancelled.
    """
    environment = find_environment(home)
    name = environment.state().name
    missing = not _model_there(home, landmark_model)
    # A model given as a file is the user's own: it is there or it is refused, but never fetched.
    model = landmark_model if missing and Path(landmark_model).suffix != ".task" else ""
    if name == "absent" or (name == "ready" and model):
        wanted = replace(choice or InstallChoice(), landmark_model=model)
        environment = install(home, wanted, say=say, should_stop=should_stop)
    environment.require()
    landmark_model_path(home.models, landmark_model)
    return environment


def _model_there(home: Home, name: str) -> bool:
    try:
        landmark_model_path(home.models, name)
    except Reel2RigError:
        return False
    return True
