"""The stage itself as a .blend file."""

from __future__ import annotations

import bpy

from .stage import Stage


def write_blend(stage: Stage, path: str) -> None:
    """Write the stage's scene, with all that it shows, and nothing else of the open file."""
    bpy.data.libraries.write(path, {stage.scene}, path_remap="ABSOLUTE", fake_user=False, compress=True)
