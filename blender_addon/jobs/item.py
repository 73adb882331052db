"""One video in the queue, from the wish to its end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...bridge.home import Home
from ...bridge.jobs import Job
from ..problems import Problem

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Asker:
    """The scene that asked for a job.

    Attributes:
        uid: `session_uid` of the scene: another file, even the same one opened again, has others.
        name: of the scene. file: of the .blend, or "".
    """

    uid: int
    name: str
    file: str = ""


@dataclass
class Item:
    """One job of the queue.

    Attributes:
        kind: "capture", "scan", or "convert": `video` is then another system's motion file.
        settings: of the worker, as JSON. smoothing: what Blender itself smooths by, afterwards.
        asker: the scene it is for. after: the scan whose work is used again.
        state: "waiting", "running", "cancelling", "landing" (done, and not in a scene yet), "done", "failed"
            or "cancelled".
        job: its folder, once it has begun. problem: why it failed.
    """

    home: Home
    video: Path
    settings: dict[str, Any]
    asker: Asker
    kind: str = "capture"
    smoothing: float = 0.0
    options: Any = None
    after: Job | None = None
    state: str = "waiting"
    job: Job | None = None
    problem: Problem | None = None
    message: str = ""
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def name(self) -> str:
        return self.video.stem

    @property
    def over(self) -> bool:
        """Whether the worker has nothing more to do for it."""
        return self.state in ("landing", "done", "failed", "cancelled")
