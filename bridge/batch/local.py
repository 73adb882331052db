"""A batch on this computer: workers side by side, each warm and with a Blender of its own."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.errors import Cancelled
from ..client.session import Session
from ..errors import from_wire
from ..protocol import Progress
from .blender import WarmBlender
from .run_clip import ClipTools, run_clip
from .task import NODES_FAULT, ClipOutcome, ClipTask

HOPELESS = 3  # clips in a row that fail because of the computer; the next ones would fail as well

OnOutcome = Callable[[ClipOutcome], None]
OnProgress = Callable[[ClipTask, Progress], None]


@dataclass(frozen=True)
class Place:
    """Where one worker runs.

    Attributes:
        variables: for its worker and Blender, such as CUDA_VISIBLE_DEVICES.
        cores: that it keeps to; None leaves that to the system.
    """

    variables: dict[str, str]
    cores: frozenset[int] | None = None


def places(jobs: int, gpus: Sequence[str] = ()) -> list[Place]:
    """Places for `jobs` workers: one GPU each in turn, else an even share of the cores.

    Several workers that each take all cores would slow each other down.
    """
    if gpus:
        return [Place({"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]}) for number in range(jobs)]
    if jobs == 1:
        return [Place({})]
    cores = available_cores()
    share = max(1, len(cores) // jobs)
    threads = {"OMP_NUM_THREADS": str(share)}
    if not hasattr(os, "sched_setaffinity"):
        return [Place(threads) for _ in range(jobs)]
    return [
        Place(threads, frozenset(cores[(number * share + step) % len(cores)] for step in range(share)))
        for number in range(jobs)
    ]


def available_cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def run_here(
    tasks: Sequence[ClipTask],
    where: Sequence[Place],
    open_tools: Callable[[Place], tuple[Session, WarmBlender]],
    on_outcome: OnOutcome,
    *,
    on_progress: OnProgress = lambda task, progress: None,
    should_cancel: Callable[[], int] = lambda: 0,
) -> None:
    """Run `run_clip` on every task, each once, in as many threads as there are places.

    Args:
        open_tools: makes a worker and a Blender for a place, which are closed at the end.
        on_outcome: called in this thread, one after the other, as clips end.

    Raises:
        Cancelled: when asked for; no process is left. Reel2RigError: worker or Blender could not be started
            for `HOPELESS` clips in a row. Whatever `open_tools` or `on_outcome` raise.
    """
    waiting: queue.SimpleQueue[ClipTask] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    ended: queue.SimpleQueue[ClipOutcome | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def wish() -> int:
        return max(should_cancel(), int(stop.is_set()))

    def work(place: Place) -> None:
        try:
            # Of this thread alone, and so of the processes that it starts.
            if place.cores:
                os.sched_setaffinity(0, place.cores)
            session, blender = open_tools(place)
            with session, blender:
                while not wish():
                    task = waiting.get_nowait()

                    def told(progress: Progress, task: ClipTask = task) -> None:
                        on_progress(task, progress)

                    ended.put(run_clip(task, ClipTools(session, blender, told, wish)))
        except queue.Empty:
            pass
        except BaseException as error:
            ended.put(error)
        finally:
            ended.put(None)

    threads = [threading.Thread(target=work, args=(place,)) for place in where[: len(tasks)]]
    for thread in threads:
        thread.start()
    try:
        left, hopeless = len(threads), 0
        while left:
            try:
                result = ended.get(timeout=0.5)  # Windows looks at Ctrl-C between two waits only
            except queue.Empty:
                continue
            if result is None:
                left -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                on_outcome(result)
                hopeless = hopeless + 1 if result.code.startswith(NODES_FAULT) else 0
                if hopeless == HOPELESS:
                    raise from_wire(result.code, result.message, result.exit_code)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if should_cancel():
        raise Cancelled("Cancelled; what was finished stays, and --resume goes on from there.")
