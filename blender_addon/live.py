"""Keys that follow the settings while a slider moves.

Blender calls a property's update for every step of a drag, once more with the same value when the mouse
button is released, and then makes its undo step. So keys are made at once when the last time is long enough
ago, else a moment later, and on release without any delay: the undo step holds setting and keys together. On
a clip so long that this would make the slider stick, keys are made when it rests.

Where an undo step was made before its keys were, they are made again after undo and redo: every action says
what it was made from (scene/made.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import bpy
from bpy.app.handlers import persistent

from ..core.motion.cleanup.settings import Cleanup
from .problems import Problem, problem_of
from .scene.layers import capture_action
from .scene.made import read_made
from .scene.people import is_person
from .scene.rederive import is_protected, is_up_to_date, rederive, rederive_capture
from .scene.stored_settings import keep_cleanup

CLASSES = ()

_APART = 0.1  # seconds between two results while a slider moves
_SLOW = 0.5  # seconds; what takes longer waits until the slider rests
_REST = 0.3  # seconds
_EDITORS = {"VIEW_3D", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR", "PROPERTIES"}


@dataclass(frozen=True)
class Request:
    """Somebody to be keyed anew, by names, as undo makes every Python reference invalid.

    Attributes:
        scene: its name. person: of the armature, or None with `home`. home: of a capture's collection.
    """

    scene: str
    person: str | None = None
    home: str | None = None

    def run(self) -> None:
        """Make the keys; somebody who is gone is left out. Raises what `rederive` raises."""
        scene = bpy.data.scenes.get(self.scene)
        if scene is None:
            return
        if self.person is not None and (person := scene.objects.get(self.person)):
            try:
                rederive(scene, person)
            except Exception:
                # A setting that cannot be had goes back to what the keys say.
                made = read_made(capture_action(person))
                keep_cleanup(person, made.cleanup if made else Cleanup())
                raise
        if self.home is not None and (home := bpy.data.collections.get(self.home)):
            rederive_capture(scene, home)


class Live:
    """What is waiting to be keyed, and what went wrong last.

    Attributes:
        problem: of the last result, None when it came out well.
        took: seconds that the last result needed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.problem: Problem | None = None
        self.took = 0.0
        self._clock = clock
        self._waiting: Request | None = None
        self._touched = self._ended = float("-inf")

    def touched(self, request: Request, changed: bool) -> None:
        """A setting was set: make keys now or soon.

        Args:
            changed: whether it has another value than before. Without a window, where timers never fire,
                keys are made at once.
        """
        if self._waiting not in (None, request):
            self.flush()
        if not changed:
            self.flush()
            return
        self._waiting, self._touched = request, self._clock()
        if bpy.app.background or self._due() <= 0:
            self.flush()
        elif not bpy.app.timers.is_registered(self._tick):
            bpy.app.timers.register(self._tick, first_interval=self._due())

    def flush(self) -> None:
        """Make the keys that are waiting to be made."""
        request, self._waiting = self._waiting, None
        if request is None:
            return
        began = self._clock()
        try:
            request.run()
            self.problem = None
        except Exception as error:
            self.problem = problem_of(error)
        self._ended = self._clock()
        self.took = self._ended - began
        redraw_editors()

    def drop(self) -> None:
        """Forget what is waiting: what it was asked for is about to change."""
        self._waiting = None

    def _due(self) -> float:
        """Seconds until keys may be made."""
        if self.took > _SLOW:
            return self._touched + _REST - self._clock()
        return self._ended + max(_APART, self.took) - self._clock()

    def _tick(self) -> float | None:
        if self._waiting is None:
            return None
        if (left := self._due()) > 0:
            return left
        self.flush()
        return None


live = Live()


def redraw_editors() -> None:
    """Draw again whatever shows the motion."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type in _EDITORS:
                area.tag_redraw()


@persistent
def _forget(*_: object) -> None:
    live.drop()
    live.problem = None


@persistent
def _finish(*_: object) -> None:
    live.flush()


@persistent
def _agree(*_: object) -> None:
    for scene in bpy.data.scenes:
        for person in (thing for thing in scene.objects if is_person(thing)):
            _agree_with(scene, person)


def _agree_with(scene: bpy.types.Scene, person: bpy.types.Object) -> None:
    action = capture_action(person)
    try:
        # Keys that somebody edited are as undo made them, and stay so until a setting is changed.
        if action is not None and not is_up_to_date(scene, person) and not is_protected(person, action):
            rederive(scene, person)
    except Exception as error:
        live.problem = problem_of(error)


_HANDLERS = (
    ("undo_pre", _forget),
    ("redo_pre", _forget),
    ("load_pre", _forget),
    ("undo_post", _agree),
    ("redo_post", _agree),
    ("save_pre", _finish),
)


def attach() -> None:
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def detach() -> None:
    live.drop()
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
