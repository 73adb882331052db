"""Installing the worker's environment, as the panel sees it."""

from __future__ import annotations

from ...bridge.client.choice import InstallChoice
from ...bridge.client.install_task import InstallTask
from ...bridge.home import Home


class Installs:
    """At most one installation. `task`: the running one."""

    def __init__(self) -> None:
        self.task: InstallTask | None = None

    def begin(self, home: Home, choice: InstallChoice) -> None:
        """Start installing and return at once."""
        self.task = InstallTask(home, choice)

    def poll(self) -> InstallTask | None:
        """The installation that has just ended, once."""
        if self.task is None or not self.task.done:
            return None
        task, self.task = self.task, None
        return task

    def close(self) -> None:
        """Stop a running installation and wait for its end."""
        if self.task:
            self.task.cancel()
            self.task.wait(10)
            self.task = None
