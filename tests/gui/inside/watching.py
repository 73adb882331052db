"""How long Blender is held up by the extension: the time inside our own callbacks, call by call."""

from __future__ import annotations

import time
from typing import Any

import bpy
import numpy as np
from stage import PACKAGE, Stage

Spent = dict[str, list[float]]


def time_drawing() -> Spent:
    """Have every draw of the extension's panels timed from now on.

    Returns what fills while Blender runs: the panel's name -> milliseconds of each call.
    """
    return {cls.__name__: _timed(cls) for cls in extension_classes(bpy.types.Panel)}


def pace(stage: Stage, spent: Spent) -> dict[str, dict[str, float]]:
    """What drawing and the extension's timer have cost: calls, 95th percentile and slowest in milliseconds.

    The timer's own figure is the extension's, which leaves the final build of a capture out.
    """
    found = {
        name: {"calls": len(calls), "most": float(np.percentile(calls, 95)), "slowest": max(calls)}
        for name, calls in spent.items()
        if calls
    }
    tick = stage.part("blender_addon.ticks").paces["tick"]
    return found | {"tick": {"calls": tick.calls, "most": tick.mean, "slowest": tick.slowest}}


def extension_classes(kind: type) -> list[Any]:
    """The extension's registered classes of a kind (bpy.types.Panel), in the order of registration."""
    return [
        cls
        for cls in kind.__subclasses__()
        if cls.__module__.startswith(PACKAGE) and getattr(cls, "is_registered", False)
    ]


def _timed(cls: Any) -> list[float]:
    draw, calls = cls.draw, []

    # Blender counts a callback's arguments, so that the wrapper has exactly those of what it stands for.
    def timed(self: Any, context: Any) -> None:
        start = time.perf_counter()
        try:
            draw(self, context)
        finally:
            calls.append(1000 * (time.perf_counter() - start))

    cls.draw = timed
    return calls
