"""What runs on a node of a cluster: one worker and one Blender, kept warm, and clips one after the other."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import Reel2RigError
from ...core.pipeline.settings import CaptureSettings
from ..capture import ready_environment
from ..client.environment import find_environment
from ..client.session import Session
from ..headless_blender import find_blender
from ..home import Home
from ..version import VERSION
from .blender import WarmBlender
from .inputs import needs_worker
from .run_clip import ClipTools, run_clip
from .task import ClipTask


class ClipRunner:
    """Made by Ray as an actor: its process lives as long as it has clips to make.

    The home folder, the worker's environment and Blender are those of the node (`$REEL2RIG_HOME`,
    `$REEL2RIG_BLENDER` as the node's Ray was started with); of its GPUs it sees those that Ray granted it.

    Args:
        restart_every: clips after which the Blender is started afresh.
    """

    def __init__(self, restart_every: int) -> None:
        self._restart_every = restart_every
        self._open = ExitStack()
        self._tools: ClipTools | None = None

    def introduce(self, task: dict[str, Any]) -> dict[str, Any]:
        """Where it runs and whether it can do such a task: {"host", "version", "hinders"}.

        `hinders` is one sentence, or "".
        """
        return {
            "host": socket.gethostname(),
            "version": VERSION,
            "hinders": self._hindrance(ClipTask.from_json(task)),
        }

    def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """`run_clip` on records of JSON; the outcome tells where it was made."""
        outcome = run_clip(ClipTask.from_json(task), self._opened())
        return replace(outcome, host=socket.gethostname()).to_json()

    def close(self) -> None:
        """End the worker and the Blender."""
        self._open.close()

    def _hindrance(self, task: ClipTask) -> str:
        for folder in (task.folder, task.state):
            if not os.access(folder, os.W_OK):
                return f"it cannot write to {folder}; mount that folder there under the same path"
        if not Path(task.input).exists():
            return f"it does not see {task.input}; mount that folder there under the same path"
        try:
            if needs_worker(task.input):
                ready_environment(Home.find(), CaptureSettings.from_json(task.settings))
            self._opened()
        except Reel2RigError as error:
            return error.message
        return ""

    def _opened(self) -> ClipTools:
        if self._tools is None:
            home = Home.find()
            python = find_environment(home).python
            blender = self._open.enter_context(WarmBlender(find_blender(python), self._restart_every))
            session = self._open.enter_context(Session(python, home))
            self._tools = ClipTools(session, blender)
        return self._tools
