"""An installation in the background, for a panel that must not wait: start, poll, cancel."""

from __future__ import annotations

import threading
from collections import deque

from ...core.errors import Cancelled, Reel2RigError
from ..errors import SetupFailed
from ..home import Home
from .choice import InstallChoice
from .environment import Environment
from .install import InstallProgress, install

_SHOWN = 4  # lines


class InstallTask:
    """Runs `install` in a thread.

    Attributes:
        line: the latest line. progress: what is being done and how far it is, for the panel.
        latest: the last few lines, oldest first.
        log: the file that has every line.
        environment: the result, once `done` without an error.
        error: why it failed, `Cancelled` included.
    """

    def __init__(
        self, home: Home, choice: InstallChoice | None = None, *, allow_running: bool = False
    ) -> None:
        self.environment: Environment | None = None
        self.error: Reel2RigError | None = None
        self._home, self._choice, self._allow_running = home, choice, allow_running
        self.line = "Preparing"
        self.progress = InstallProgress()
        self.log = home.logs / "setup.log"
        self.latest: tuple[str, ...] = ()
        self._lines: deque[str] = deque(maxlen=200)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        return isinstance(self.error, Cancelled)

    def poll(self) -> list[str]:
        """The lines said since the last call; never blocks."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return lines

    @property
    def cancelling(self) -> bool:
        return self._stop.is_set()

    def cancel(self) -> None:
        """Stop the installation; pip is ended and everything half-made removed. `done` follows."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is done; False after `timeout` seconds."""
        self._thread.join(timeout)
        return self.done

    def _say(self, line: str) -> None:
        self.line = line
        self.latest = (*self.latest, line)[-_SHOWN:]
        self._lines.append(line)

    def _show(self, progress: InstallProgress) -> None:
        self.progress = progress

    def _run(self) -> None:
        try:
            self.environment = install(
                self._home,
                self._choice,
                say=self._say,
                show=self._show,
                should_stop=self._stop.is_set,
                allow_running=self._allow_running,
            )
        except Reel2RigError as error:
            self.error = error
        except Exception as error:
            self.error = SetupFailed(f"Setup failed unexpectedly ({type(error).__name__}: {error}).")
