"""What an installation would do, found out in a thread: panels show it without ever waiting for it."""

from __future__ import annotations

import threading
from pathlib import Path

import bpy

from ..bridge.client.choice import InstallChoice
from ..bridge.client.plan import InstallPlan, plan_install
from ..bridge.home import Home
from .redraw import redraw

_TICK = 0.2  # seconds between two looks for a finished plan

Key = tuple[Home, InstallChoice]


class Plans:
    """The plans asked for since the last `forget`, by home and choice."""

    def __init__(self) -> None:
        self.fresh = False  # whether a plan has come since the panels were last drawn
        self._plans: dict[Key, InstallPlan] = {}
        self._threads: dict[Key, threading.Thread] = {}

    def look(self, home: Home, choice: InstallChoice) -> InstallPlan | None:
        """The plan, or None while it is being made; a panel that draws it is drawn again once it is there."""
        key = (home, choice)
        if key not in self._plans and key not in self._threads:
            thread = threading.Thread(target=self._make, args=(key, self._plans), daemon=True)
            self._threads[key] = thread
            thread.start()
            self.fresh = True
            if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
                bpy.app.timers.register(_tick, first_interval=_TICK, persistent=True)
        return self._plans.get(key)

    def wait(self, home: Home, choice: InstallChoice, seconds: float) -> InstallPlan | None:
        """`look`, but give it a moment: for a dialog, which is drawn once."""
        self.look(home, choice)
        self._threads[home, choice].join(seconds)
        return self.look(home, choice)

    def forget(self) -> None:
        """Make new plans from now on. Threads under way end for nobody."""
        self._plans, self._threads = {}, {}

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads.values())

    @staticmethod
    def _make(key: Key, plans: dict[Key, InstallPlan]) -> None:
        home, choice = key
        try:
            plans[key] = plan_install(home, choice)
        except Exception as error:  # whatever it was, a panel must not wait for ever
            plans[key] = InstallPlan("install", Path(home.environment), obstacle=str(error))


plans = Plans()


def _tick() -> float | None:
    busy = plans.busy
    redraw()
    if busy or plans.fresh:
        # Once more after the last plan: a panel that has grown pushes those below away at its second drawing.
        plans.fresh = busy
        return _TICK
    return None


def rest() -> None:
    """Look after nothing any more."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    plans.forget()
