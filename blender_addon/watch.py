"""The one timer that looks after everything that runs; it outlives files, and rests when nothing runs."""

from __future__ import annotations

import time

import bpy

from . import landing
from .jobs import Item, jobs
from .redraw import redraw
from .ticks import measured

_BUSY, _QUICK, _IDLE = 0.1, 0.04, 1.0  # seconds between two looks


def wake() -> None:
    """Look after the jobs from now on, until nothing runs any more. Does nothing in `blender -b`."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def rest() -> None:
    """Look after nothing any more."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def wait_for(item: Item) -> None:
    """Block until a job has ended and its outcome is in its scene: timers never fire without a window.

    Interrupted, it ends the worker, after which nobody would look.
    """
    try:
        while not item.over:
            jobs.poll()
            time.sleep(0.05)
    finally:
        if not item.over:
            jobs.close_session()
    if item.state == "landing":
        landing.land(item)


def _tick() -> float | None:
    with measured("tick"):
        try:
            news = _step()
        except Exception as error:  # a timer that raises is never called again
            jobs.report(error)
            news = True
        if news:
            redraw()
    _land()
    running = jobs.queue.running
    if running is not None:
        return _QUICK if running.state == "cancelling" else _BUSY
    if not jobs.active:
        return None
    return _BUSY if jobs.queue.landing or jobs.looking else _IDLE


def _step() -> bool:
    """One look; returns whether there is something new to draw."""
    ended = jobs.poll()
    return bool(ended) or jobs.take_changes() or jobs.capturing


def _land() -> None:
    """The final build is no part of a tick: it takes what it takes, like any command."""
    for item in jobs.queue.landing:
        if landing.what_holds_up():
            continue
        try:
            landing.land(item)
        except Exception as error:
            jobs.landed(item)  # else it would be tried again and again; a capture is on the list
            jobs.report(error)
        redraw()
