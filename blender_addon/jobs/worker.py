"""The worker process of this Blender, and one truthful line about it."""

from __future__ import annotations

from ...bridge.client.environment import Environment, EnvironmentState, find_environment
from ...bridge.client.session import PROMPT, Session
from ...bridge.home import Home
from .lookout import Lookout

_FRESH = 2.0  # seconds for which what is known of the environment's files is good enough to be drawn


class Worker:
    """At most one session, kept warm between jobs.

    Attributes:
        stopped: why the worker stopped by itself, until it works again.
    """

    def __init__(self) -> None:
        self.session: Session | None = None
        self.stopped = ""
        self.environment = Lookout(_state)

    def environment_state(self, home: Home) -> EnvironmentState:
        """State of the worker's environment, at most some seconds old; only the first look is done here."""
        known = self.environment.last(home)
        if known is None:
            return self.environment.now(home)
        if self.environment.age(home) > _FRESH:
            self.environment.look(home)
        return known

    def state_line(self, home: Home, busy: bool) -> str:
        """Absent, ready on a device, busy, or stopped and why."""
        if self.session and busy:
            known = {"starting": "Busy (starting)", "cancelling": "Busy (cancelling)"}
            return known.get(self.session.state, "Busy")
        if self.stopped:
            return f"Stopped ({self.stopped})"
        state = self.environment_state(home)
        if state.name == "ready" and self.session and self.session.hello:
            return f"Ready on {self.session.hello.device}"
        line = state.line[:1].upper() + state.line[1:]
        return f"{line} ({state.reason.rstrip('.')})" if state.name == "broken" else line

    def open(self, home: Home) -> Session:
        """The warm worker, or a new session where there is none or the home has changed.

        Raises WorkerEnvironmentMissing, WorkerEnvironmentBroken.
        """
        environment = _environment(home)
        environment.require()
        if self.session and self.session.home != home:
            self.close()
        if self.session is None:
            self.session = Session(environment.python, home, patience=PROMPT)
        return self.session

    def close(self) -> None:
        """End the worker process, if one runs."""
        if self.session:
            self.session.close()
        self.session = None


def _environment(home: Home) -> Environment:
    return find_environment(home, allow_running=False)


def _state(home: Home) -> EnvironmentState:
    return _environment(home).state()
