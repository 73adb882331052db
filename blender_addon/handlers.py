"""What Blender calls by itself: after a file is opened, after undo, and at the end, when all is ended."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import landing, watch
from .jobs import jobs

CLASSES = ()


@persistent
def _after_load(*_: object) -> None:
    landing.forget_file()
    watch.wake()


@persistent
def _after_undo(*_: object) -> None:
    landing.follow_undo()
    watch.wake()


def attach() -> None:
    bpy.app.handlers.load_post.append(_after_load)
    bpy.app.handlers.undo_post.append(_after_undo)
    bpy.app.handlers.redo_post.append(_after_undo)


def detach() -> None:
    watch.rest()
    jobs.close()
    bpy.app.handlers.load_post.remove(_after_load)
    bpy.app.handlers.undo_post.remove(_after_undo)
    bpy.app.handlers.redo_post.remove(_after_undo)
