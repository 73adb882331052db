"""USD through Blender's own writer."""

from __future__ import annotations

import bpy

from .stage import Stage


def write_usd(stage: Stage, path: str) -> None:
    """Write the stage. **Convention**: z up, metres; time codes are the stage's frames."""
    bpy.ops.wm.usd_export(filepath=path, export_animation=True, export_armatures=True, export_shapekeys=True)
