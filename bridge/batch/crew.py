"""The runners that make one kind of clips: hired while clips wait, let go when none does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..errors import WorkerError
from ..version import VERSION
from .clip_runner import ClipRunner
from .ray_cluster import ClusterOptions, Needs, node_resources
from .run_clip import sweep
from .task import FAILED, NODES_FAULT, ClipOutcome, ClipTask

FAREWELL = 10.0  # seconds in which a runner may end its worker and its Blender in order
BAD_STARTS = 5  # runners that end before they can introduce themselves; after so many none is hired


class NodeLost(WorkerError):
    code = "ray.node_lost"


class CrewUnfit(WorkerError):
    code = "ray.unfit"


@dataclass(frozen=True)
class Attempt:
    """A clip and how often it has been begun before."""

    task: ClipTask
    before: int = 0


@dataclass(frozen=True, eq=False)
class Runner:
    """A `ClipRunner` somewhere on the cluster: Ray's handle of it, and on which computer it runs."""

    handle: Any
    host: str = "a node"


class Crew:
    """Clips that need the same of a node, and the runners that make them.

    A runner that cannot do the work (it does not see the folders, has another version, lacks the worker)
    keeps its place without getting any clip, so that the next one is put elsewhere.

    Args:
        ray: the connected package. on_outcome, say: as `cluster.run_on_cluster` takes them.
    """

    def __init__(
        self,
        ray: Any,
        needs: Needs,
        tasks: Iterable[ClipTask],
        on_outcome: Callable[[ClipOutcome], None],
        say: Callable[[str], None],
        options: ClusterOptions,
    ) -> None:
        self._ray, self._needs, self._options = ray, needs, options
        self._on_outcome, self._say = on_outcome, say
        self._waiting = deque(Attempt(task) for task in tasks)
        self._kind = ray.remote(ClipRunner).options(**needs.options(), scheduling_strategy="SPREAD")
        self._starting: dict[Any, Runner] = {}  # by the reference to the introduction
        self._working: dict[Any, tuple[Runner, Attempt]] = {}  # by the reference to the outcome
        self._idle: list[Runner] = []
        self._unfit: list[Runner] = []
        self._bad_starts = 0
        self._reason = ""

    @property
    def is_busy(self) -> bool:
        """Whether clips wait or are being made."""
        return bool(self._waiting or self._working)

    @property
    def is_making(self) -> bool:
        """Whether a clip is in hand."""
        return bool(self._working)

    def advance(self) -> list[Any]:
        """Hand out clips, hire or let go, and return the references to wait for. Raises CrewUnfit."""
        while self._idle and self._waiting:
            runner, attempt = self._idle.pop(), self._waiting.popleft()
            self._working[runner.handle.run.remote(attempt.task.to_json())] = (runner, attempt)
        if self._waiting:
            self._hire()
        else:
            self._let_go()
        return [*self._starting, *self._working]

    def take(self, ready: Sequence[Any]) -> None:
        """Take in what the references in `ready`, those of this crew among them, have brought."""
        for reference in ready:
            if reference in self._starting:
                self._introduced(self._starting.pop(reference), reference)
            elif reference in self._working:
                self._ended(*self._working.pop(reference), reference)

    def dismiss(self) -> None:
        """Let all runners go; those in mid-clip are stopped."""
        for runner, attempt in self._working.values():
            self._stop(runner)
            sweep(attempt.task)
        self._working.clear()
        self._let_go()

    def _hire(self) -> None:
        there = len(self._starting) + len(self._working) + len(self._unfit)
        room = self._options.runners or sum(self._needs.fit(node) for node in node_resources(self._ray))
        usable = self._bad_starts < BAD_STARTS
        for _ in range(min(len(self._waiting) - len(self._starting), room - there) if usable else 0):
            runner = Runner(self._kind.remote(self._options.restart_every))
            self._starting[runner.handle.introduce.remote(self._waiting[0].task.to_json())] = runner
        if not self._starting and not self._working and (self._unfit or not usable):
            raise CrewUnfit(f"No node of the Ray cluster can take part: {self._reason}.")

    def _introduced(self, runner: Runner, reference: Any) -> None:
        try:
            about = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            self._bad_starts += 1
            self._reason = f"a runner could not start ({_told(error)})"
            self._say(f"On the cluster {self._reason}.")
            return
        runner = replace(runner, host=str(about["host"]))
        hinders = str(about["hinders"])
        if about["version"] != VERSION:
            hinders = f"it has version {about['version']} of Reel2Rig, and this is {VERSION}"
        if hinders:
            self._keep_out(runner, hinders)
        else:
            self._idle.append(runner)

    def _keep_out(self, runner: Runner, why: str) -> None:
        self._reason = f"{runner.host} takes no part: {why.rstrip('.')}"
        self._say(f"{self._reason}.")
        self._unfit.append(runner)

    def _ended(self, runner: Runner, attempt: Attempt, reference: Any) -> None:
        task, begun = attempt.task, attempt.before + 1
        try:
            outcome = ClipOutcome.from_json(self._ray.get(reference))
            self._idle.append(runner)
        except self._ray.exceptions.RayError as error:
            self._stop(runner)
            message = f"{runner.host} was lost in mid-clip ({_told(error)})."
            outcome = ClipOutcome(
                task.id, task.input, FAILED, code=NodeLost.code, message=message, exit_code=NodeLost.exit_code
            )
        if outcome.code.startswith(NODES_FAULT):
            self._idle.remove(runner)
            self._keep_out(runner, outcome.message)
            self._waiting.append(attempt)
            return
        # What the clip itself is to blame for fails everywhere; a worker that died may live elsewhere.
        if outcome.code.startswith(("ray.", "worker.")) and begun < self._options.tries:
            self._say(f"{task.id} is begun again: {outcome.message}")
            self._waiting.append(Attempt(task, begun))
            return
        if attempt.before:
            sweep(task)
        self._on_outcome(outcome)

    def _let_go(self) -> None:
        """Free the places of all who make no clip."""
        closing = [runner.handle.close.remote() for runner in self._idle]
        if closing:
            self._ray.wait(closing, num_returns=len(closing), timeout=FAREWELL)
        for runner in (*self._idle, *self._unfit, *self._starting.values()):
            self._stop(runner)
        self._idle, self._unfit, self._starting = [], [], {}

    def _stop(self, runner: Runner) -> None:
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(runner.handle)


def _told(error: BaseException) -> str:
    """What Ray says about an end: the error inside where there is one, else the kind of end."""
    cause = getattr(error, "cause", None)
    return str(cause or type(error).__name__).strip().splitlines()[-1].rstrip(".")
