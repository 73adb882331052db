"""Runs inside a real Blender window: plays one story, step by step, between the ticks of Blender's own loop.

Started by tests/support/gui_ring.py as `blender --python play.py -- GIVEN.json`. A story is a generator that
yields the seconds after which it wants to go on; in between Blender handles events and draws.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

from stage import Stage

given = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
bpy.context.preferences.view.show_splash = False
bpy.context.preferences.view.show_developer_ui = False
stage = Stage(given)
story = importlib.import_module(f"story_{given['story']}").story(stage)


def tick() -> float | None:
    """Go on with the story; a failed step leaves a picture and its traceback."""
    failure = ""
    try:
        return next(story)
    except StopIteration:
        pass
    except Exception:
        stage.photograph("failed")
        failure = traceback.format_exc()
    stage.finish(failure)
    sys.stdout.flush()
    bpy.ops.wm.quit_blender()
    return None


# Persistent: a story opens other files, and Blender would forget the timer then.
bpy.app.timers.register(tick, first_interval=2.0, persistent=True)
