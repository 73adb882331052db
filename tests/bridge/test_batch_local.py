"""Clips side by side on one computer: who works when, where, and what ends it all."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext

import pytest
from reel2rig.bridge.batch import local
from reel2rig.bridge.batch.local import HOPELESS, Place, run_here
from reel2rig.bridge.batch.task import CANCELLED, DONE, FAILED, ClipOutcome, ClipTask
from reel2rig.bridge.errors import WorkerEnvironmentBroken
from reel2rig.core.errors import Cancelled


def tasks(count):
    return [
        ClipTask(f"clip {n}", f"/{n}.mp4", "/out", f"clip {n}", ("fbx",), {}, {}, "/state")
        for n in range(count)
    ]


@pytest.fixture
def run(monkeypatch):
    """Runs tasks with a function in the place of `run_clip`; gives what was told of them."""

    def run(make, count, places, **options):
        told: list[ClipOutcome] = []
        monkeypatch.setattr(local, "run_clip", make)
        try:
            opened = (nullcontext(), nullcontext())
            run_here(tasks(count), places, lambda place: opened, told.append, **options)  # type: ignore[arg-type]
        finally:
            run.told = told
        return told

    return run


def outcome(task, state=DONE, **facts):
    return ClipOutcome(task.id, task.input, state, **facts)


def test_each_clip_is_made_once_and_as_many_at_a_time_as_there_are_places(run):
    together = threading.Barrier(2)

    def make(task, tools):
        together.wait(timeout=30)  # is passed only while another clip is being made
        return outcome(task)

    told = run(make, 6, [Place({}), Place({})])
    assert sorted(each.id for each in told) == [f"clip {n}" for n in range(6)]
    assert run(lambda task, tools: outcome(task), 1, [Place({})] * 5)[0].ok


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="threads cannot be pinned on this system")
def test_a_place_keeps_to_its_cores_and_leaves_those_of_the_caller_alone(run):
    before = os.sched_getaffinity(0)
    core = frozenset([min(before)])
    seen = []

    def make(task, tools):
        seen.append(os.sched_getaffinity(0))
        return outcome(task)

    run(make, 2, [Place({}, core)])
    assert seen == [core, core]
    assert os.sched_getaffinity(0) == before


def test_a_computer_that_can_make_no_clip_is_not_asked_for_all_of_them(run):
    def broken(task, tools):
        return outcome(task, FAILED, code=WorkerEnvironmentBroken.code, message="It is broken.", exit_code=4)

    with pytest.raises(WorkerEnvironmentBroken, match="It is broken"):
        run(broken, 20, [Place({})])
    assert len(run.told) == HOPELESS

    def now_and_then(task, tools):
        return outcome(task) if task.id.endswith("2") else broken(task, tools)

    assert len(run(now_and_then, 4, [Place({})])) == 4


def test_what_cannot_be_noted_ends_the_batch_and_the_clips_in_hand(monkeypatch):
    begun, stopped = [], []

    def make(task, tools):
        begun.append(task.id)
        if task.id == "clip 0":
            return outcome(task)
        while not tools.should_cancel():
            pass
        stopped.append(task.id)
        return outcome(task, CANCELLED)

    def note(outcome):
        raise OSError("the disk is full")

    monkeypatch.setattr(local, "run_clip", make)
    with pytest.raises(OSError, match="disk is full"):
        run_here(tasks(9), [Place({})] * 2, lambda place: (nullcontext(), nullcontext()), note)  # type: ignore[arg-type, return-value]
    assert len(begun) <= 3
    assert sorted(stopped) == sorted(begun)[1:]  # nothing goes on in the background


def test_cancelling_begins_no_other_clip_and_says_how_to_go_on(run):
    wish = []

    def make(task, tools):
        wish.append(1)
        return outcome(task, CANCELLED)

    with pytest.raises(Cancelled, match="--resume"):
        run(make, 5, [Place({})], should_cancel=lambda: len(wish))
    assert len(run.told) == 1
