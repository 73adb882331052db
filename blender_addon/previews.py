"""Small pictures for the panels: of a video, of the people found in it. None of them is part of the file."""

from __future__ import annotations

from pathlib import Path

import bpy
import bpy.utils.previews

CLASSES = ()

_loaded: bpy.utils.previews.ImagePreviewCollection | None = None


def icon_of(path: str | Path, kind: str) -> int:
    """The icon number of a picture file, for `UILayout.template_icon`.

    Blender reads the file later, in a thread of its own; where it cannot, the icon stays blank.

    Args:
        kind: "IMAGE" or "MOVIE".
    """
    if _loaded is None:
        return 0
    name = str(path)
    preview = _loaded.get(name) or _loaded.load(name, name, kind)
    return preview.icon_id


def attach() -> None:
    global _loaded
    _loaded = bpy.utils.previews.new()


def detach() -> None:
    global _loaded
    if _loaded is not None:
        bpy.utils.previews.remove(_loaded)
        _loaded = None
