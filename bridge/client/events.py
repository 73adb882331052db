"""What a session tells its owner: plain records, in the order in which they happened."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import Reel2RigError
from ..jobs import Job
from ..protocol import Hello, Progress


@dataclass(frozen=True)
class Ready:
    """The worker answers; `hello.device` is where it computes."""

    hello: Hello


@dataclass(frozen=True)
class Advanced:
    """The job got further, or is alive: at least one of these every two seconds."""

    progress: Progress


@dataclass(frozen=True)
class Finished:
    """The job's files are complete; the caller removes the folder once they are imported."""

    job: Job


@dataclass(frozen=True)
class Failed:
    """The job failed; its folder is removed."""

    error: Reel2RigError


@dataclass(frozen=True)
class Cancelled:
    """The job was cancelled: the worker process and the job folder are gone.

    `how` is "asked" (it stopped by itself), "terminated" or "killed"; `sentence` says so to the user.
    """

    how: str
    sentence: str


@dataclass(frozen=True)
class Stopped:
    """The worker left without a job in hand: idle for long, asked to, or it died (`error`)."""

    reason: str
    error: Reel2RigError | None = None


Event = Ready | Advanced | Finished | Failed | Cancelled | Stopped
JOB_ENDS = (Finished, Failed, Cancelled)
