"""How long Blender is held up by the extension: the time inside our own callbacks, call by call."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from stage import PACKAGE

Spent = dict[str, list[float]]


def time_callbacks() -> Spent:
    """Have every draw of a panel and every modal turn of an operator of the extension timed from now on.

    Returns what fills while Blender runs: "Class.function" -> milliseconds of each call. A capture's final
    build runs inside a modal turn, too: it is the one long call.
    """
    spent: Spent = {}
    for cls in extension_classes(bpy.types.Panel):
        _time_draw(cls, spent.setdefault(f"{cls.__name__}.draw", []))
    for cls in extension_classes(bpy.types.Operator):
        if hasattr(cls, "modal"):
            _time_modal(cls, spent.setdefault(f"{cls.__name__}.modal", []))
    return spent


def extension_classes(kind: type) -> list[Any]:
    """The extension's registered classes of a kind (bpy.types.Panel), in the order of registration."""
    return [
        cls
        for cls in kind.__subclasses__()
        if cls.__module__.startswith(PACKAGE) and getattr(cls, "is_registered", False)
    ]


# Blender counts a callback's arguments, so that each wrapper has exactly those of what it stands for.


def _time_draw(cls: Any, calls: list[float]) -> None:
    draw = cls.draw

    def timed(self: Any, context: Any) -> None:
        with _clock(calls):
            draw(self, context)

    cls.draw = timed


def _time_modal(cls: Any, calls: list[float]) -> None:
    modal = cls.modal

    def timed(self: Any, context: Any, event: Any) -> Any:
        with _clock(calls):
            return modal(self, context, event)

    cls.modal = timed


@contextmanager
def _clock(calls: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        calls.append(1000 * (time.perf_counter() - start))
