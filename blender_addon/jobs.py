"""The worker as the add-on sees it: one session, one installation, and what to tell about them.

Operators start and poll, panels only look. Everything here returns at once; nothing draws and nothing builds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..bridge.client.environment import Environment, EnvironmentState, find_environment
from ..bridge.client.events import Advanced, Cancelled, Failed, Finished, Stopped
from ..bridge.client.install import InstallChoice
from ..bridge.client.install_task import InstallTask
from ..bridge.client.session import Session
from ..bridge.home import Home
from ..core.errors import InputError
from .problems import Problem, problem_of

_LOOK_EVERY = (
    2.0  # seconds between two looks at the environment's files, which a panel would do at every redraw
)


class VideoMissing(InputError):
    code = "video.not_found"


@dataclass(frozen=True)
class Wanted:
    """The capture in hand: which video, and the scene that asked for it."""

    video: Path
    scene: str


@dataclass
class Jobs:
    """What runs for this Blender.

    Attributes:
        problem: the last thing that went wrong, until something new begins.
        message: the last thing worth telling that is no problem.
        finished: job folders whose capture is not in a scene yet.
    """

    session: Session | None = None
    install: InstallTask | None = None
    wanted: Wanted | None = None
    problem: Problem | None = None
    message: str = ""
    finished: list[Path] = field(default_factory=list)
    _stopped: str = ""
    _state: EnvironmentState | None = None
    _looked: float = float("-inf")
    _home: Home | None = None

    # ---- what is going on ----

    def environment_state(self, home: Home) -> EnvironmentState:
        """State of the worker's environment, at most two seconds old."""
        now = time.monotonic()
        if self._state is None or home != self._home or now - self._looked > _LOOK_EVERY:
            self._state, self._home, self._looked = (
                find_environment(home, allow_running=False).state(),
                home,
                now,
            )
        return self._state

    def look_again(self) -> None:
        """Forget what is known about the environment."""
        self._state = None

    @property
    def capturing(self) -> bool:
        return self.wanted is not None

    @property
    def installing(self) -> bool:
        return self.install is not None

    def state_line(self, home: Home) -> str:
        """One truthful line: absent, installing, ready on a device, busy, or stopped and why."""
        if self.installing:
            return "Installing"
        if self.session and self.capturing:
            known = {"starting": "Busy (the worker is starting)", "cancelling": "Busy (cancelling)"}
            return known.get(self.session.state, "Busy")
        if self._stopped:
            return f"Stopped ({self._stopped})"
        state = self.environment_state(home)
        if state.name == "ready" and self.session and self.session.hello:
            return f"Ready on {self.session.hello.device}"
        line = state.line[:1].upper() + state.line[1:]
        return f"{line} ({state.reason.rstrip('.')})" if state.name == "broken" else line

    def progress_factor(self) -> float:
        """How much of the running capture is done, in [0, 1]."""
        progress = self.session.progress if self.session else None
        return progress.fraction if progress else 0.0

    def progress_text(self) -> str:
        """Stage, frames and time left of the running capture."""
        progress = self.session.progress if self.session else None
        if progress is None:
            return "starting"
        frames = f" {progress.done}/{progress.total}" if progress.total > 1 else ""
        left = f", {_clock(progress.eta)} left" if progress.eta >= 0 else ""
        return f"{progress.stage}{frames}{left}"

    # ---- captures ----

    def begin_capture(self, home: Home, video: str | Path, settings: dict[str, Any], scene: str) -> None:
        """Start a capture and return at once.

        Raises VideoMissing, WorkerEnvironmentMissing, WorkerEnvironmentBroken, or another Reel2RigError.
        """
        path = Path(video)
        if not str(video) or not path.is_file():
            named = f"There is no video {path}" if str(video) else "No video is chosen"
            raise VideoMissing(f"{named}; choose a video file.")
        environment = find_environment(home, allow_running=False)
        environment.require()
        self._clear()
        self._session(environment).capture(path, settings)
        self.wanted = Wanted(path, scene)

    def poll_capture(self) -> Path | None:
        """Take in what the worker said; the job folder once the capture is finished.

        Failures end up in `problem`, a cancelled capture in `message`.
        """
        for event in self.session.poll() if self.session else ():
            if isinstance(event, Finished):
                self.wanted = None
                self.finished.append(event.job.folder)
                return event.job.folder
            if isinstance(event, Failed):
                self.wanted, self.problem = None, problem_of(event.error)
                if self.session and self.session.state == "stopped":
                    self._stopped = str(event.error).rstrip(".")
            elif isinstance(event, Cancelled):
                self.wanted, self.message = None, event.sentence
            elif isinstance(event, Stopped) and event.error:
                self._stopped = str(event.error).rstrip(".")
            elif isinstance(event, Advanced):
                self._stopped = ""
        return None

    def cancel_capture(self) -> None:
        """Ask the worker to stop; `poll_capture` tells how it went."""
        if self.session:
            self.session.cancel()

    def imported(self, folder: Path) -> None:
        """A finished capture is in a scene now."""
        if folder in self.finished:
            self.finished.remove(folder)

    # ---- the worker's environment ----

    def begin_install(self, home: Home, torch_index: str | None, repair: bool) -> None:
        """Start installing the worker's environment and return at once."""
        self._clear()
        self.close_session()
        self.install = InstallTask(home, InstallChoice(torch_index=torch_index, own=False, repair=repair))

    def poll_install(self) -> bool:
        """Whether the installation is over; its outcome is then in `problem` or `message`."""
        if self.install is None:
            return True
        if not self.install.done:
            return False
        task, self.install = self.install, None
        self.look_again()
        if task.cancelled:
            self.message = "The installation was cancelled; nothing of it is left."
        elif task.error:
            self.problem = problem_of(task.error)
        else:
            self.message = "The worker is installed."
        return True

    def close_session(self) -> None:
        """End the worker process, if one runs."""
        if self.session:
            self.session.close()
        self.session, self.wanted = None, None

    def close(self) -> None:
        """End everything this Blender started."""
        if self.install:
            self.install.cancel()
            self.install.wait(10)
            self.install = None
        self.close_session()

    def report(self, error: BaseException) -> Problem:
        """Remember an error for the panel, and return it as a problem."""
        self.problem = problem_of(error)
        return self.problem

    def _clear(self) -> None:
        self.problem, self.message, self._stopped = None, "", ""
        self.look_again()

    def _session(self, environment: Environment) -> Session:
        """The warm worker, or a new session if there is none or the home has changed."""
        if self.session and self.session.home != environment.home:
            self.close_session()
        if self.session is None:
            self.session = Session(environment.python, environment.home)
        return self.session


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


jobs = Jobs()
"""The one of this Blender. `unregister` closes it."""
