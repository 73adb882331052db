"""What Blender calls by itself: after a file is opened, and at the end, when all that runs is ended."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from .jobs import jobs

CLASSES = ()


def attach() -> None:
    bpy.app.handlers.load_post.append(_follow_after_load)


def detach() -> None:
    jobs.close()
    bpy.app.handlers.load_post.remove(_follow_after_load)


@persistent
def _follow_after_load(*_: object) -> None:
    # Opening a file ends every modal operator, but not the worker.
    if jobs.capturing and not bpy.app.background:
        bpy.ops.reel2rig.watch_capture()
