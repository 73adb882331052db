"""`reel2rig bench batch`: what a second worker brings, and that a resumed batch captures nothing.

The same eight clips go through a batch with one worker and with two, each pinned to a core of its own; the
clock runs from when all workers are warm to the last file. Linux only, where a thread can be pinned.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import InputError, Reel2RigError
from ...core.evaluate.machine import describe_machine, describe_versions
from ...core.evaluate.pipeline_speed import film_one_person
from ...core.evaluate.ratios import Ratio
from ...core.pipeline.settings import CaptureSettings
from ..batch.blender import WarmBlender
from ..batch.captures import forget_captures
from ..batch.choices import BatchChoices
from ..batch.local import Place, available_cores, run_here
from ..batch.plan import plan_batch
from ..batch.run_batch import run_batch
from ..batch.run_clip import ClipTools, run_clip
from ..client.environment import find_environment
from ..client.session import Session
from ..headless_blender import find_blender
from ..home import Home
from ..jobs import Job

CLIPS, FRAMES, RUNS = 8, 90, 3


class TooFewCores(InputError):
    code = "bench.too_few_cores"


class BatchFailed(Reel2RigError):
    code = "bench.batch_failed"


class _CountingSession(Session):
    """A session that counts the captures asked of all of its kind."""

    captures = 0

    def capture(self, video: str | Path, settings: dict[str, Any], after: Job | None = None) -> Job:
        _CountingSession.captures += 1
        return super().capture(video, settings, after)


class _Bench:
    """The clips in a folder, and batches over them."""

    def __init__(self, folder: Path, film: Path) -> None:
        self._home, self._blender = Home.find(), find_blender()
        self._python = find_environment(self._home).python
        clips = folder / "clips"
        clips.mkdir()
        for number in range(CLIPS):
            shutil.copyfile(film, clips / f"clip {number + 1}.mp4")
        choices = BatchChoices(formats=("fbx",), settings=CaptureSettings(device="cpu"))
        self._batch = plan_batch([clips], folder / "out", choices)
        self._warm_up = plan_batch([film], folder / "warm", choices).tasks[0]

    def seconds(self, cores: Sequence[int]) -> float:
        """One batch from scratch with a warm worker on each of `cores`, from the first clip to the last."""
        begun: list[float] = []
        ready = threading.Barrier(len(cores), action=lambda: begun.append(time.perf_counter()))

        def open_tools(place: Place) -> tuple[Session, WarmBlender]:
            session = _CountingSession(self._python, self._home, variables=place.variables)
            blender = WarmBlender(self._blender, variables=place.variables)
            name = f"core {place.cores}"
            warm_up = replace(self._warm_up, id=name, name=name)
            forget_captures(warm_up)
            with ExitStack() as stack:
                stack.enter_context(session)
                stack.enter_context(blender)
                stack.callback(ready.abort)  # nobody waits for a worker that could not be opened
                outcome = run_clip(warm_up, ClipTools(session, blender))
                if not outcome.ok:
                    raise BatchFailed(f"A worker could not be warmed up: {outcome.message}")
                ready.wait()
                stack.pop_all()
            return session, blender

        where = [Place({"OMP_NUM_THREADS": "1"}, frozenset([core])) for core in cores]
        report = run_batch(self._batch, lambda tasks, told: run_here(tasks, where, open_tools, told))
        ended = time.perf_counter()
        if report.exit_code or report.captures != CLIPS:
            raise BatchFailed(f"Not every clip of the benchmark was captured; see {report.file}.")
        return ended - begun[0]

    def resumed(self) -> dict[str, Any]:
        """A batch that is done already, resumed: how long it takes and how many captures were begun."""
        before, started = _CountingSession.captures, time.perf_counter()

        def open_tools(place: Place) -> tuple[Session, WarmBlender]:
            return _CountingSession(self._python, self._home), WarmBlender(self._blender)

        report = run_batch(
            self._batch,
            lambda tasks, told: run_here(tasks, [Place({})], open_tools, told),
            resume=True,
        )
        return {
            "captures": _CountingSession.captures - before,
            "clips_done": sum(outcome.ok for outcome in report.outcomes),
            "seconds": time.perf_counter() - started,
        }


def run(runs: int = RUNS) -> dict[str, Any]:
    """Measure; {"ratios": {"two_workers_over_one": {min, median, max, runs}}, "resume": {...}, ...}.

    Raises TooFewCores, BatchFailed when a clip fails or resuming captures anything.
    """
    cores = own_cores()
    if not hasattr(os, "sched_setaffinity") or len(cores) < 2:
        raise TooFewCores("This benchmark needs Linux and two processor cores; run it on such a computer.")
    with tempfile.TemporaryDirectory(prefix="reel2rig-bench-") as folder:
        film = film_one_person(Path(folder) / "one person.mp4", FRAMES)
        bench = _Bench(Path(folder), film)
        one, two = [], []
        for number in range(runs):
            # Turns alternate, so that whatever slows the machine down falls on both sides alike.
            for which in (1, 2) if number % 2 == 0 else (2, 1):
                (one if which == 1 else two).append(bench.seconds(cores[:which]))
        resume = bench.resumed()
    if resume["captures"] or resume["clips_done"] != CLIPS:
        raise BatchFailed(f"A resumed batch captured {resume['captures']} clips anew.")
    return {
        "ratios": {
            "two_workers_over_one": Ratio.of([a / b for a, b in zip(one, two, strict=True)]).to_json()
        },
        "seconds": {"one_worker": Ratio.of(one).to_json(), "two_workers": Ratio.of(two).to_json()},
        "resume": resume,
        "machine": describe_machine(),
        "versions": describe_versions(),
        "inputs": {
            "clips": f"{CLIPS} copies of one rendered person, 1280 x 720, {FRAMES} frames at 30 fps, to .fbx",
            "workers": f"one and two, each on a core of its own of {cores[:2]}, warm when the clock starts",
            "runs": runs,
        },
    }


def own_cores() -> list[int]:
    """Logical cores that this process may use, one for each physical one: twins share its arithmetic."""
    cores, seen = [], set()
    for core in available_cores():
        twins = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        name = twins.read_text() if twins.is_file() else str(core)
        if name not in seen:
            seen.add(name)
            cores.append(core)
    return cores
