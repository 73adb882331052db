"""Decodes ahead of the consumer in a thread, so that decoding and inference overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WAIT_SECONDS = 0.1  # how often a blocked producer looks whether the consumer has left


def read_ahead(items: Iterable[Item], depth: int = 4) -> Iterator[Item]:
    """Yields `items` unchanged while a thread fetches up to `depth` of them in advance.

    An error of `items` is raised here, after the items before it. Leaving the loop early ends the thread.
    """
    ready: queue.Queue[tuple[Item | None, BaseException | None, bool]] = queue.Queue(maxsize=depth)
    left = threading.Event()

    def put(entry: tuple[Item | None, BaseException | None, bool]) -> bool:
        while not left.is_set():
            try:
                ready.put(entry, timeout=WAIT_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put((item, None, False)):
                    return
            put((None, None, True))
        except BaseException as error:  # carried over to the consumer, whatever it is
            put((None, error, True))

    thread = threading.Thread(target=produce, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = ready.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # pyright: ignore[reportReturnType]
    finally:
        left.set()
        thread.join()
