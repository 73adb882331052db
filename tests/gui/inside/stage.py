"""What a story works with: the window, waiting, pictures of the screen, and facts for the test to judge."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import addon_utils
import bpy
from screen import read_screen, write_png

Steps = Iterator[float]
PACKAGE = "bl_ext.user_default.reel2rig"
_SENT = 0.15  # seconds from the end of drawing until the X server has the picture


class NotReached(AssertionError):
    """What a story waited for did not come."""


class Stage:
    """One Blender window, driven by a story.

    Attributes:
        given: what the test handed over (paths of the zip, the video, the folder for the pictures).
        facts: what the story found out; JSON.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.folder = Path(given["folder"])
        self.facts: dict[str, Any] = {"blender": list(bpy.app.version)}
        self._pictures = 0
        self._frames: dict[str, dict[str, list[int]]] = {}
        self._editor = "VIEW_3D"
        self._drawings = 0
        bpy.types.SpaceView3D.draw_handler_add(self._count_drawing, (), "WINDOW", "POST_PIXEL")

    # ---- where things are ----

    def turn_to(self, editor: str) -> None:
        """Work in the largest editor of that type from now on, such as PREFERENCES, in any window."""
        self._editor = editor

    @property
    def window(self) -> bpy.types.Window:
        """The window of the editor that is worked in."""
        return next(
            window
            for window in bpy.context.window_manager.windows
            if any(area.type == self._editor for area in window.screen.areas)
        )

    @property
    def area(self) -> bpy.types.Area:
        """The editor that is worked in."""
        areas = [area for area in self.window.screen.areas if area.type == self._editor]
        return max(areas, key=lambda area: area.width * area.height)

    def region(self, kind: str) -> bpy.types.Region:
        """A region of that editor: WINDOW is the view itself, UI the sidebar."""
        return next(region for region in self.area.regions if region.type == kind)

    def part(self, path: str) -> ModuleType:
        """A module of the installed extension."""
        return importlib.import_module(f"{PACKAGE}.{path}")

    # ---- what happens ----

    def install(self, folded: Iterable[str] = (), unfolded: Iterable[str] = ()) -> None:
        """Install the zip and enable it, as dropping it onto the window does.

        Args:
            folded, unfolded: panels that shall be seen closed, or open, from the first: their headers are no
                buttons, so that the mouse cannot find them by pointing.
        """
        bpy.ops.extensions.package_install_files(
            filepath=self.given["zip"], repo="user_default", enable_on_install=True
        )
        if not folded and not unfolded:
            return
        classes = {name: getattr(bpy.types, name) for name in (*folded, *unfolded)}
        addon_utils.disable(PACKAGE, default_set=True)
        for name, cls in classes.items():
            options = set(getattr(cls, "bl_options", ())) - {"DEFAULT_CLOSED"}
            cls.bl_options = options | ({"DEFAULT_CLOSED"} if name in folded else set())
        addon_utils.enable(PACKAGE, default_set=True)

    def show_sidebar(self, category: str = "Reel2Rig") -> Steps:
        """Open the 3D view's sidebar on a tab."""
        self.area.spaces.active.show_region_ui = True
        self.area.tag_redraw()
        # The tabs can be chosen once the region was drawn.
        yield from self.until(lambda: self.region("UI").width > 1, 10, "the sidebar to open")
        yield 0.5
        self.region("UI").active_panel_category = category
        yield from self.drawn()

    def until(self, condition: Callable[[], object], seconds: float, what: str) -> Steps:
        """Wait for something; NotReached when it does not come in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise NotReached(f"waited {seconds:g} s for {what}")
            yield 0.03

    def drawn(self) -> Steps:
        """Everything is drawn anew, twice: some of what is shown is only ready after it was asked for."""
        for _ in range(2):
            before = self._drawings
            for window in bpy.context.window_manager.windows:
                for area in window.screen.areas:
                    area.tag_redraw()
            yield from self.until(lambda before=before: self._drawings > before, 20, "the view to be drawn")
        yield _SENT

    def _count_drawing(self) -> None:
        self._drawings += 1

    # ---- what is kept ----

    def picture(self, name: str) -> Steps:
        """Draw everything and keep a picture of the screen."""
        yield from self.drawn()
        self.photograph(name)
        self._frames[name] = self._frame()
        self.fact(frames_of_pictures=self._frames)

    def photograph(self, name: str) -> None:
        """Keep a picture of the screen as it is."""
        self._pictures += 1
        write_png(self.folder / f"{self._pictures:02d}-{name}.png", read_screen(self.given["screen"]))

    def _frame(self) -> dict[str, list[int]]:
        """Where things are in a picture, for whoever wants to cut them out: "window", "editor", "sidebar".

        **Convention**: left, top, right, bottom, pixels of the screen from its upper left corner.
        """
        window, area = self.window, self.area
        height_of_screen = self.given["size"][1]

        def box(x: int, y: int, width: int, height: int) -> list[int]:
            left, top = window.x + x, height_of_screen - window.y - y - height
            return [left, top, left + width, top + height]

        frame = {
            "window": box(0, 0, window.width, window.height),
            "editor": box(area.x, area.y, area.width, area.height),
        }
        for region in area.regions:
            if region.type == "UI" and region.width > 1:
                frame["sidebar"] = box(region.x, region.y, region.width, region.height)
        return frame

    def fact(self, **facts: Any) -> None:
        self.facts.update(facts)
        self._write("")

    def finish(self, failure: str) -> None:
        self.facts["finished"] = not failure
        self._write(failure)

    def _write(self, failure: str) -> None:
        record = {"facts": self.facts, "failure": failure}
        (self.folder / "facts.json").write_text(json.dumps(record, indent=1, default=str), encoding="utf-8")
