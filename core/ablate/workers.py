"""Processes for the runs of tables 3 to 5, which never outlive the command that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait


def worker_pool(jobs: int) -> ProcessPoolExecutor:
    """`jobs` fresh processes; a forked torch may hang.

    A worker whose parent was killed ends at once: what its run had finished lies on disk, and the next
    command goes on from there.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_end_with_parent)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # it is called in workers only

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
