"""The command line's way to a ready worker: whatever is missing is installed first, unless told not to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import typer

from ...core.pipeline.settings import CaptureSettings
from ..capture import Prepare, ready_environment
from ..client.environment import Environment
from ..client.packages import missing_modules
from ..errors import BlenderMissing
from ..headless_blender import VARIABLE, find_blender
from ..home import Home
from ..processes import Say, python_environment
from ..setup import ensure_ready


def tell(line: str) -> None:
    """A line of progress: on stderr, because stdout is for results."""
    typer.echo(line, err=True)


def preparation(setup: bool, should_stop: Callable[[], int], say: Say) -> Prepare:
    """What `run_capture` calls for an environment."""

    def prepare(home: Home, settings: CaptureSettings) -> Environment:
        if not setup:
            return ready_environment(home, settings)
        model = settings.landmark_model
        return ensure_ready(home, model, say=say, should_stop=lambda: bool(should_stop()))

    return prepare


def continue_in_worker_python(environment: Environment) -> None:
    """Go on in the worker's Python when this one lacks its packages; returns only if it has them.

    Commands that compute in their own process (bench, train, demo) call this first.
    """
    if not missing_modules():
        return
    variables = python_environment(environment.python)
    with suppress(BlenderMissing):  # the command will say so if it needs one
        variables.setdefault(VARIABLE, str(find_blender(environment.python).path))
    command = [str(environment.python), "-m", "reel2rig.bridge.cli", *sys.argv[1:]]
    raise typer.Exit(subprocess.call(command, env=variables))
