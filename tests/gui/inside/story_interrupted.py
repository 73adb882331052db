"""What goes wrong or is interrupted: a wrong video, Cancel, another file opened while a capture runs."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
from hands import press
from stage import Stage, Steps
from view import people


def story(stage: Stage) -> Steps:
    stage.install(folded=("REEL2RIG_PT_people", "REEL2RIG_PT_cleanup", "REEL2RIG_PT_camera"))
    jobs = stage.part("blender_addon.jobs").jobs
    yield from stage.show_sidebar()
    yield from refused(stage, jobs)
    yield from cancelled(stage, jobs)
    yield from left(stage, jobs)


def refused(stage: Stage, jobs) -> Steps:
    """A file that is no video: said in the panel, with a code and a button that copies the report."""
    wrong = Path(stage.given["scratch"]) / "holiday.mp4"
    wrong.write_text("not a video")
    bpy.context.scene.reel2rig.video = str(wrong)
    yield from stage.picture("wrong-video-chosen")
    yield from press(stage, "reel2rig.capture(")
    yield from stage.until(lambda: jobs.problem, 60, "the wrong video to be refused")
    yield from stage.until(lambda: not jobs.capturing, 5, "the queue to be empty")
    yield from stage.picture("wrong-video-refused")
    yield from press(stage, "reel2rig.copy_report(", columns=(0.78, 0.89))
    yield 0.3
    stage.fact(problem=jobs.problem.line(), copied=bpy.context.window_manager.clipboard)
    yield from press(stage, "reel2rig.queue_remove(", columns=(0.85, 0.89, 0.93))
    stage.fact(failed_left=len(jobs.queue.failed))


def cancelled(stage: Stage, jobs) -> Steps:
    """Cancel is pressed while people are looked for."""
    yield from dropped(stage, Path(stage.given["video"]))
    yield from press(stage, "reel2rig.capture(")
    yield from stage.until(lambda: jobs.progress_factor() > 0.1, 90, "progress to cancel")
    before = len(bpy.data.objects)
    yield from press(stage, "reel2rig.cancel_capture(", columns=(0.78, 0.7))
    pressed = time.monotonic()
    yield from stage.until(lambda: not jobs.capturing, 10, "the capture to be cancelled")
    stage.fact(cancelled_in=time.monotonic() - pressed, objects_left=len(bpy.data.objects) - before)
    yield from stage.picture("cancelled")


def dropped(stage: Stage, video: Path) -> Steps:
    """Drop a file onto the viewport: as Blender does it, by the handler's question and its operator."""
    handler = bpy.types.REEL2RIG_FH_video
    group, name = handler.bl_import_operator.split(".")
    with bpy.context.temp_override(window=stage.window, area=stage.area, region=stage.region("WINDOW")):
        asked = handler.poll_drop(bpy.context)
    operator = getattr(getattr(bpy.ops, group), name)
    operator("INVOKE_DEFAULT", directory=str(video.parent), files=[{"name": video.name}])
    yield from stage.drawn()
    stage.fact(drop_taken=bool(asked), dropped_video=bpy.context.scene.reel2rig.video)


def left(stage: Stage, jobs) -> Steps:
    """The file is left while its capture runs: the result waits in a list, and a button brings it in."""
    chosen = bpy.context.scene.reel2rig
    chosen.trim, chosen.trim_start, chosen.trim_end = True, 0, 39
    yield from stage.drawn()
    yield from press(stage, "reel2rig.capture(")
    yield from stage.until(lambda: jobs.progress_factor() > 0.1, 90, "progress")
    bpy.ops.wm.read_homefile(app_template="")
    yield 0.5
    yield from stage.show_sidebar()
    yield from stage.until(lambda: not jobs.capturing, 90, "the capture to end without its file")
    yield 1.0
    stage.fact(people_in_other_file=len(people()), message=jobs.message)
    yield from stage.picture("finished-waits")
    yield from press(stage, "reel2rig.import_capture(filepath=", columns=(0.82, 0.78, 0.85, 0.89))
    yield from stage.until(people, 10, "the waiting capture to come in")
    stage.fact(people_imported=len(people()))
    yield from stage.picture("finished-imported")
