"""Training batches made in a second process, so that the trainer's core never waits for the simulator
(method section 6.2).
"""

from __future__ import annotations

import itertools
import multiprocessing
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import torch

from ..body.layer import BodyLayer
from ..data.motion import load_motion
from ..data.procedural import procedural_motion
from ..data.synthetic import LandmarkBody, Pairs, training_pairs
from ..data.windows import MotionSampler
from ..errors import Reel2RigError

AHEAD = 4  # batches kept ready
WATCH_SECONDS = 2.0  # how soon a batch maker notices that its trainer died
PROCEDURAL_CLIPS, PROCEDURAL_FRAMES = 12, 2500


class BatchMakerDied(Reel2RigError):
    code = "train.batch_maker_died"


@dataclass(frozen=True)
class BatchPlan:
    """Everything a batch depends on besides its number."""

    motion: str
    body: str
    seed: int
    batch: int
    T: int


def build_sampler(motion: str | Path, seed: int) -> MotionSampler:
    """Motion capture (the clips that are not held out) and procedural motion, as one pool."""
    library = load_motion(motion)
    made = [procedural_motion(PROCEDURAL_FRAMES, seed * 1000 + i) for i in range(PROCEDURAL_CLIPS)]
    return MotionSampler(library.training, made)


def make_batch(sampler: MotionSampler, body: LandmarkBody, plan: BatchPlan, number: int) -> Pairs:
    """Batch `number` of a plan: the same one whenever it is asked for."""
    return training_pairs(sampler, body, plan.seed * 10_000_019 + number, plan.batch, plan.T)


@contextmanager
def batches(plan: BatchPlan, first: int) -> Iterator[Iterator[Pairs]]:
    """Batches `first`, `first` + 1, ... from a process that ends with the block."""
    context = multiprocessing.get_context("spawn")
    ready: Queue[Any] = context.Queue(AHEAD)
    maker = context.Process(target=_serve, args=(ready, plan, first), daemon=True)
    maker.start()

    def stream() -> Iterator[Pairs]:
        while True:
            try:
                yield Pairs.from_numpy(ready.get(timeout=5))
            except queue.Empty:
                if not maker.is_alive():
                    raise BatchMakerDied(
                        "Start the training again with --resume: the process that makes its batches ended."
                    ) from None

    try:
        yield stream()
    finally:
        maker.terminate()
        maker.join()


def _serve(ready: Queue[Any], plan: BatchPlan, first: int) -> None:
    torch.set_num_threads(1)
    sampler, body = build_sampler(plan.motion, plan.seed), BodyLayer(plan.body)
    trainer = multiprocessing.parent_process()
    ready.cancel_join_thread()  # nobody will read the rest once the trainer is gone
    for number in itertools.count(first):
        batch = make_batch(sampler, body, plan, number).to_numpy()
        while not _handed_over(ready, batch):
            # A trainer that was killed cannot end this process; a full queue is when it shows.
            if trainer is None or not trainer.is_alive():
                return


def _handed_over(ready: Queue[Any], batch: Any) -> bool:
    try:
        ready.put(batch, timeout=WATCH_SECONDS)
    except queue.Full:
        return False
    return True
