"""The first minutes: nothing is installed, the panel says so, and a Python at hand becomes the worker."""

from __future__ import annotations

import bpy
from hands import fill, find, key, press, scroll
from stage import PACKAGE, Stage, Steps


def story(stage: Stage) -> Steps:
    stage.install()
    jobs = stage.part("blender_addon.jobs").jobs
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    yield from stage.show_sidebar()
    yield 2.0  # the panel looks at the computer in a thread
    yield from stage.picture("nothing-installed")
    stage.fact(first_line=jobs.state_line(stage.part("blender_addon.preferences").home()))
    yield from press(stage, "reel2rig.open_preferences(")
    yield 1.0
    stage.turn_to("PREFERENCES")
    page = stage.region("WINDOW")
    yield from stage.picture("preferences")
    yield from scroll(stage, page, 12)
    yield from stage.picture("preferences-choices")
    yield from press(stage, "Reel2RigPreferences.worker_in", region=page, columns=(0.8,))
    yield from stage.drawn()
    stage.fact(worker_in=preferences.worker_in)
    place = yield from find(stage, "Reel2RigPreferences.existing_python", region=page, columns=(0.6,))
    yield from fill(stage, place, stage.given["python"])
    yield 1.5
    yield from stage.picture("own-python")
    place = yield from press(stage, "reel2rig.install_worker(", region=page)
    yield 1.0
    yield from stage.picture("own-python-asked")
    yield from key(stage, "RET", place)
    yield from stage.until(lambda: jobs.installing, 5, "the check to begin")
    yield from stage.until(lambda: not jobs.installing, 120, "the check of the Python")
    yield 1.0
    yield from stage.picture("own-python-ready")
    stage.fact(problem=jobs.problem and jobs.problem.line(), state=_state(stage, jobs))
    with bpy.context.temp_override(window=stage.window):
        bpy.ops.wm.window_close()
    yield 0.5
    stage.turn_to("VIEW_3D")
    yield from stage.picture("ready")


def _state(stage: Stage, jobs) -> str:
    return jobs.environment_state(stage.part("blender_addon.preferences").home()).name
