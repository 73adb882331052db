"""Drawing our panels again when what they show has changed outside Blender's own doings."""

from __future__ import annotations

import bpy


def redraw() -> None:
    """Draw the sidebars and preferences again."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
            elif area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":  # the view itself has not changed, and may be dear to draw
                        region.tag_redraw()
