"""Where everything that runs for this Blender comes together: the queue, the worker, an installation.

Operators put something in, `poll` moves it on, panels only look. Nothing here knows bpy, draws or builds.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...bridge.client.choice import InstallChoice
from ...bridge.client.environment import EnvironmentState
from ...bridge.client.events import Advanced, Cancelled, Event, Failed, Finished, Stopped
from ...bridge.client.install_task import InstallTask
from ...bridge.client.session import Session
from ...bridge.files import write_json
from ...bridge.home import Home
from ...bridge.jobs import remove_job
from ...bridge.protocol import Progress
from ...core.errors import InputError
from ..problems import Problem, problem_of
from .finished import ASKED, mark_imported, read_all
from .finished import Finished as FinishedCapture
from .installs import Installs
from .item import Item
from .lookout import Lookout
from .queue import Queue
from .words import left_text, stage_text
from .worker import Worker

_FRESH = 10.0  # seconds after which the list of finished captures is read again, if it is looked at


class VideoMissing(InputError):
    code = "video.not_found"


class Jobs:
    """What runs for this Blender.

    Attributes:
        queue: the videos to capture, and those just captured.
        finished: captures in the home folder that are in no scene yet.
        problem: the last thing that went wrong, until something new begins.
        message: the last thing worth telling that is no problem.
    """

    def __init__(self) -> None:
        self.queue = Queue()
        self.worker = Worker()
        self.installs = Installs()
        self.finished: Lookout[tuple[FinishedCapture, ...]] = Lookout(read_all)
        self.problem: Problem | None = None
        self.message = ""

    # ---- what is going on ----

    @property
    def session(self) -> Session | None:
        return self.worker.session

    @property
    def install(self) -> InstallTask | None:
        return self.installs.task

    @property
    def installing(self) -> bool:
        return self.install is not None

    @property
    def capturing(self) -> bool:
        """Whether the worker is busy, or will be as soon as its present job ends."""
        return self.queue.running is not None or bool(self.queue.waiting)

    @property
    def progress(self) -> Progress | None:
        """Of the running job; None before the worker has said anything."""
        return self.session.progress if self.session else None

    @property
    def looking(self) -> bool:
        """Whether something is being read from the disk."""
        return self.finished.looking or self.worker.environment.looking

    @property
    def active(self) -> bool:
        """Whether `poll` or `take_changes` may soon have something to tell."""
        alive = self.session is not None and self.session.pid is not None
        unseen = self.finished.changed or self.worker.environment.changed
        return alive or self.capturing or bool(self.queue.landing) or self.looking or unseen

    def take_changes(self) -> bool:
        """Whether something read from the disk has changed since the last call."""
        changed = self.finished.changed or self.worker.environment.changed
        self.finished.changed = self.worker.environment.changed = False
        return changed

    def environment_state(self, home: Home) -> EnvironmentState:
        """State of the worker's environment, at most some seconds old."""
        return self.worker.environment_state(home)

    def look_again(self) -> None:
        """Forget what is known about the environment."""
        self.worker.environment.forget()

    def state_line(self, home: Home) -> str:
        """One truthful line: absent, installing, ready on a device, busy, or stopped and why."""
        return "Installing" if self.installing else self.worker.state_line(home, self.capturing)

    def progress_factor(self) -> float:
        """How much of the running job is done, in [0, 1]."""
        return self.progress.fraction if self.progress else 0.0

    def progress_text(self) -> str:
        """Stage, frames and time left of the running job, in one line."""
        return ", ".join(part for part in (stage_text(self.progress), left_text(self.progress)) if part)

    # ---- the queue ----

    def add(self, *items: Item) -> None:
        """Put videos at the end of the queue and return at once.

        Raises VideoMissing, WorkerEnvironmentMissing, WorkerEnvironmentBroken, or another Reel2RigError;
        then none of them is in the queue.
        """
        for item in items:
            if not item.video.is_file():
                raise VideoMissing(f"There is no video {item.video}; choose a video file.")
        if not self.capturing:
            self._clear()
        self.worker.open(items[0].home)
        self.queue.items.extend(items)
        self.poll()

    def poll(self) -> list[Item]:
        """Take in what the worker said and let the next one begin; returns the items that have just ended.

        A finished one is "landing", a failed one has its `problem`, a cancelled one its `message`.
        """
        ended = []
        for event in self.session.poll() if self.session else ():
            if item := self._take(event):
                ended.append(item)
        while self.queue.running is None and self.queue.waiting:
            if item := self._begin(self.queue.waiting[0]):
                ended.append(item)
        for item in ended:
            if item.state == "cancelled":
                self.queue.remove(item)
        return ended

    def cancel_capture(self) -> None:
        """Stop the running job; `poll` tells how it went, and goes on with the next."""
        if self.session and (item := self.queue.running):
            item.state = "cancelling"
            self.session.cancel()

    def landed(self, item: Item) -> None:
        """A finished item is where it belongs."""
        item.state = "done"
        self.queue.remove(item)

    def imported(self, folder: Path, there: bool = True) -> None:
        """A finished capture is in a scene now, or is there no longer."""
        mark_imported(folder, there)
        self.finished.again()

    def discard(self, folder: Path) -> None:
        """Delete a finished capture."""
        mark_imported(folder)  # at once out of the list, whatever time the disk takes for the rest
        self.finished.again()
        threading.Thread(target=remove_job, args=(folder,), daemon=True).start()

    def finished_in(self, home: Home) -> Sequence[FinishedCapture]:
        """The finished captures that wait, without those that are on their way into their scene."""
        if self.finished.age(home) > _FRESH:
            self.finished.look(home)
        landing = {item.job.folder for item in self.queue.landing if item.job}
        return [entry for entry in self.finished.last(home) or () if entry.folder not in landing]

    # ---- the worker's environment ----

    def begin_install(self, home: Home, choice: InstallChoice) -> None:
        """Start installing the worker's environment and return at once."""
        self._clear()
        self.close_session()
        self.installs.begin(home, choice)

    def poll_install(self) -> bool:
        """Whether the installation is over; its outcome is then in `problem` or `message`."""
        if self.install is None:
            return True
        task = self.installs.poll()
        if task is None:
            return False
        self.look_again()
        if task.cancelled:
            self.message = "The installation was cancelled; nothing of it is left."
        elif task.error:
            self.problem = problem_of(task.error)
        else:
            self.message = "The worker is installed."
        return True

    def close_session(self) -> None:
        """End the worker process, if one runs, and whatever waits for it."""
        self.queue.items.clear()
        self.worker.close()

    def close(self) -> None:
        """End everything this Blender started."""
        self.installs.close()
        self.close_session()

    def report(self, error: BaseException) -> Problem:
        """Remember an error for the panel, and return it as a problem."""
        self.problem = problem_of(error)
        return self.problem

    # ---- the steps ----

    def _clear(self) -> None:
        self.problem, self.message, self.worker.stopped = None, "", ""
        self.look_again()

    def _begin(self, item: Item) -> Item | None:
        """Give the worker an item; returns it when that failed."""
        try:
            session = self.worker.open(item.home)
            if item.kind == "scan":
                item.job = session.scan(item.video, item.settings)
            elif item.kind == "convert":
                item.job = session.convert(item.video, item.settings)
            else:
                item.job = session.capture(item.video, item.settings, item.after)
                asked = {"smoothing": item.smoothing, "scene": item.asker.name, "file": item.asker.file}
                with suppress(OSError):  # of a full disk the worker tells
                    write_json(item.job.folder / ASKED, asked)
        except Exception as error:
            return self._failed(item, error)
        item.state = "running"
        return None

    def _take(self, event: Event) -> Item | None:
        """One event of the session; returns the item that it ends."""
        item = self.queue.running
        if isinstance(event, Advanced):
            self.worker.stopped = ""
        elif isinstance(event, Stopped) and event.error:
            self.worker.stopped = str(event.error).rstrip(".")
        elif item is None:
            return None
        elif isinstance(event, Finished):
            item.state = "landing"
            return item
        elif isinstance(event, Failed):
            if self.session and self.session.state == "stopped":
                self.worker.stopped = str(event.error).rstrip(".")
            return self._failed(item, event.error)
        elif isinstance(event, Cancelled):
            item.state, item.message = "cancelled", event.sentence
            self.message = event.sentence
            return item
        return None

    def _failed(self, item: Item, error: Exception) -> Item:
        item.state, item.problem = "failed", problem_of(error)
        self.problem = item.problem
        return item
