"""Decoding ahead changes nothing but the waiting."""

from __future__ import annotations

import threading
import time

import pytest
from reel2rig.core.video.ahead import read_ahead


def waiting_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_items_come_in_order_and_complete():
    assert list(read_ahead(range(100), depth=3)) == list(range(100))
    assert list(read_ahead([])) == []


def test_only_a_few_items_are_held():
    taken = []

    def items():
        for number in range(50):
            taken.append(number)
            yield number

    reader = read_ahead(items(), depth=3)
    next(reader)
    time.sleep(0.3)
    assert len(taken) <= 6
    reader.close()


def test_an_error_arrives_after_the_items_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        seen.extend(read_ahead(items()))
    assert seen == [1, 2]


def test_leaving_early_ends_the_thread():
    for item in read_ahead(iter(range(10_000)), depth=2):
        if item == 3:
            break
    deadline = time.monotonic() + 5
    while waiting_threads() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert waiting_threads() == []
