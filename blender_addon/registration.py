"""Everything that Blender has to know of, in one list, made known and taken back in order."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import preferences, properties
from .jobs import jobs
from .operators import capture as capture_operators
from .operators import scene as scene_operators
from .operators import worker as worker_operators
from .panels import capture as capture_panels

CLASSES = (
    *properties.CLASSES,
    *preferences.CLASSES,
    *capture_operators.CLASSES,
    *worker_operators.CLASSES,
    *scene_operators.CLASSES,
    *capture_panels.CLASSES,
)


def register() -> None:
    """Make the add-on known to Blender. Starts no process and touches no file."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.reel2rig = bpy.props.PointerProperty(type=properties.CaptureProperties)
    bpy.types.TOPBAR_MT_file_import.append(_import_menu)
    bpy.app.handlers.load_post.append(_follow_after_load)


def unregister() -> None:
    """Take everything back and end what runs."""
    jobs.close()
    bpy.app.handlers.load_post.remove(_follow_after_load)
    bpy.types.TOPBAR_MT_file_import.remove(_import_menu)
    del bpy.types.Scene.reel2rig
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)


def _import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("reel2rig.import_capture", text="Reel2Rig Capture (.npz, result.json)")


@persistent
def _follow_after_load(*_: object) -> None:
    # Opening a file ends every modal operator, but not the worker.
    if jobs.capturing and not bpy.app.background:
        bpy.ops.reel2rig.watch_capture()
