"""Alembic through Blender's own writer."""

from __future__ import annotations

import bpy

from ....core.errors import InputError
from .stage import Stage


class NothingDeforms(InputError):
    code = "export.no_mesh"


def write_alembic(stage: Stage, path: str) -> None:
    """Write the moving meshes of the stage, without bones.

    **Convention**: y up, metres, as the format's readers expect; times are frames divided by the rate.

    Raises NothingDeforms when no rig has a mesh.
    """
    if not any(rig.skins for rig in stage.rigs):
        raise NothingDeforms(
            "Alembic holds meshes, and no mesh goes with this rig; add one, or choose another format."
        )
    first, last = stage.frames
    bpy.ops.wm.alembic_export(filepath=path, start=first, end=last, as_background_job=False)
