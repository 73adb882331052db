"""Mouse and keyboard: real events into Blender's queue; a button is found as a user finds it, by pointing.

**Convention**: places are pixels of the window, x to the right, y up from the bottom, as Blender counts them.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import bpy
from stage import NotReached, Stage, Steps

Place = tuple[int, int]
_NOTHING = "nothing"  # on the clipboard
_EVENT = 0.03  # seconds in which Blender takes in an event
# Where along a row a button may stand, in parts of the region's width: most fill it, small ones stand right.
_COLUMNS = (0.5, 0.78, 0.89, 0.85, 0.25, 0.93, 0.7)
_ROW = 14  # pixels between two places tried; a button is 20 high


def event(stage: Stage, kind: str, value: str, place: Place, **modifiers: Any) -> None:
    stage.window.event_simulate(type=kind, value=value, x=place[0], y=place[1], **modifiers)


def point(stage: Stage, place: Place) -> Steps:
    """Move the mouse; two events, as the first one into a region only makes it the active one."""
    for x in (place[0] - 1, place[0]):
        event(stage, "MOUSEMOVE", "NOTHING", (x, place[1]))
        yield _EVENT


def click(stage: Stage, place: Place, button: str = "LEFTMOUSE") -> Steps:
    yield from point(stage, place)
    for value in ("PRESS", "RELEASE"):
        event(stage, button, value, place)
        yield _EVENT
    yield 0.1


def drag(stage: Stage, start: Place, end: Place, button: str = "LEFTMOUSE", steps: int = 8) -> Steps:
    yield from point(stage, start)
    event(stage, button, "PRESS", start)
    yield _EVENT
    for step in range(1, steps + 1):
        part = step / steps
        place = tuple(round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
        event(stage, "MOUSEMOVE", "NOTHING", place)
        yield _EVENT
    event(stage, button, "RELEASE", end)
    yield 0.1


def key(stage: Stage, kind: str, place: Place, unicode: str = "", **modifiers: bool) -> Steps:
    """Press and release a key while the mouse is at `place`."""
    event(stage, kind, "PRESS", place, **({"unicode": unicode} if unicode else {}), **modifiers)
    yield _EVENT
    event(stage, kind, "RELEASE", place, **modifiers)
    yield _EVENT


def type_text(stage: Stage, text: str, place: Place) -> Steps:
    """Type into what has the keyboard."""
    for letter in text:
        # The text an event carries is what counts; the key it names may be any.
        yield from key(stage, "A", place, unicode=letter)


def fill(stage: Stage, place: Place, text: str) -> Steps:
    """Click into a text field and replace what it holds."""
    yield from click(stage, place)
    yield from key(stage, "A", place, ctrl=True)
    yield from type_text(stage, text, place)
    yield from key(stage, "RET", place)


def fill_number(stage: Stage, place: Place, text: str) -> Steps:
    """Give a number field a value: Enter over it begins to edit what it holds, all of it selected."""
    yield from point(stage, place)
    yield from key(stage, "RET", place)
    yield 0.1
    yield from type_text(stage, text, place)
    yield from key(stage, "RET", place)
    yield 0.2


def under_mouse(stage: Stage, region: bpy.types.Region, place: Place) -> Generator[float, None, str]:
    """The button that the mouse is on: "operator.name(...)" or "Type.property"; "" for none or a grey one.

    An operator's button is asked by Ctrl C, as a user asks it for its Python. No operator is called with
    another context here: Blender may crash when it is while a thread of the extension runs.
    """
    with bpy.context.temp_override(window=stage.window, area=stage.area, region=region):
        # (The stubs take an operator for a plain function, and its `poll` for that function.)
        runs = bpy.ops.ui.copy_python_command_button.poll()  # pyright: ignore[reportCallIssue]
        found = bpy.context.property
    if runs:
        manager = bpy.context.window_manager
        manager.clipboard = _NOTHING
        yield from key(stage, "C", place, ctrl=True)
        return manager.clipboard.removeprefix("bpy.ops.").removeprefix(_NOTHING)
    # Blender 5 gives the whole path from the data-block, 4 the property's name alone.
    return f"{type(found[0]).__name__}.{found[1].rpartition('.')[2]}" if found else ""


def find(
    stage: Stage,
    wanted: str,
    region: bpy.types.Region | None = None,
    columns: tuple[float, ...] = _COLUMNS,
) -> Generator[float, None, Place]:
    """Point at one place after the other until the wanted button is under the mouse; returns its place.

    Args:
        wanted: how what `under_mouse` says begins, such as "reel2rig.capture(".
        columns: where along the rows to point, in parts of the region's width.

    Raises NotReached: it is nowhere, even after scrolling down.
    """
    region = region or stage.region("UI")
    seen: list[str] = []
    begun = time.monotonic()
    # Most buttons are found in the first column: only when none is, the slow search goes over the others.
    for group in (columns[:1], columns[1:]):
        for scroll in _scrolled(stage, region):
            yield from scroll
            for column in group:
                x = region.x + round(region.width * column)
                for y in range(region.y + region.height - 12, region.y + 16, -_ROW):
                    event(stage, "MOUSEMOVE", "NOTHING", (x, y))
                    yield 0.015
                    found = yield from under_mouse(stage, region, (x, y))
                    if found.startswith(wanted):
                        # Once more, slowly: Blender may still have told of the button before.
                        yield from point(stage, (x, y))
                        again = yield from under_mouse(stage, region, (x, y))
                        if not again.startswith(wanted):
                            continue
                        print(f"{wanted} found at {column} after {time.monotonic() - begun:.1f} s")
                        return x, y
                    if found and found not in seen:
                        seen.append(found)
    raise NotReached(f"no button {wanted} among {seen}")


def _scrolled(stage: Stage, region: bpy.types.Region) -> Generator[Steps, None, None]:
    """Scroll steps: none at first, then to the top, then page by page until nothing moves any more."""

    def top() -> float:
        return region.view2d.region_to_view(0, region.height)[1]

    yield iter(())
    if top() < -1:
        yield scroll(stage, region, -40)
    while True:
        before = top()
        yield scroll(stage, region, 12)
        if abs(top() - before) < 1:
            return


def scroll(stage: Stage, region: bpy.types.Region, notches: int) -> Steps:
    """Turn the mouse wheel over a region; down is positive."""
    # At the left edge: the tabs, at the right one, do not scroll what is beside them.
    place = (region.x + 8, region.y + region.height // 2)
    yield from point(stage, place)
    for _ in range(abs(notches)):
        event(stage, "WHEELDOWNMOUSE" if notches > 0 else "WHEELUPMOUSE", "PRESS", place)
        yield _EVENT
    yield 0.1


def press(stage: Stage, wanted: str, **where: Any) -> Generator[float, None, Place]:
    """Find a button and click on it."""
    place = yield from find(stage, wanted, **where)
    yield from click(stage, place)
    return place
