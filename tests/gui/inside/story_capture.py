"""The way of every capture: choose a video, press Capture, turn the view meanwhile, look at the result."""

from __future__ import annotations

import time

import bpy
from hands import event, fill, find, key, press
from stage import Stage, Steps
from view import camera_frame, centre, look_through_camera, lowest_feet, orbit, people, turned
from watching import pace, time_drawing


def story(stage: Stage) -> Steps:
    stage.install()
    jobs = stage.part("blender_addon.jobs").jobs
    yield from stage.show_sidebar()
    spent = time_drawing()
    yield from stage.picture("ready")
    yield from type_video(stage, stage.given["video"])
    yield from stage.picture("video-chosen")
    yield from press(stage, "reel2rig.capture(")
    yield from stage.until(lambda: jobs.capturing, 5, "the capture to begin")
    yield from captured(stage, jobs)
    stage.fact(pace=pace(stage, spent))
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.folder / "captured.blend"), copy=True)
    yield from judged(stage)
    yield from undone(stage)


def type_video(stage: Stage, path: str) -> Steps:
    place = yield from find(stage, "Scene.video", columns=(0.4,))
    yield from fill(stage, place, path)
    yield from stage.drawn()
    stage.fact(video=bpy.context.scene.reel2rig.video)


def captured(stage: Stage, jobs) -> Steps:
    """Turn the view while the capture runs, and wait for its end."""
    begun, before = time.monotonic(), turned(stage)
    yield from stage.until(lambda: jobs.progress_factor() > 0, 60, "progress")
    yield from orbit(stage)
    stage.fact(turned_while_capturing=jobs.capturing and turned(stage) != before)
    yield from stage.until(lambda: jobs.progress_factor() > 0.4, 120, "progress past 40 %")
    yield from stage.picture("capturing")
    stage.fact(progress=jobs.progress_text(), factor=jobs.progress_factor())
    yield from stage.until(lambda: not jobs.capturing, 180, "the capture to end")
    stage.fact(seconds=time.monotonic() - begun, problem=jobs.problem and jobs.problem.line())
    yield from stage.until(people, 10, "people in the scene")
    yield from stage.picture("captured")


def judged(stage: Stage) -> Steps:
    """What came into the scene, from the side and through the camera, with and without the body."""
    scene = bpy.context.scene
    (person,) = people()
    stage.fact(
        objects=sorted(thing.name for thing in scene.objects),
        frames=list(person.animation_data.action.frame_range),
        fps=scene.render.fps / scene.render.fps_base,
        lowest_feet=lowest_feet(person),
    )
    scene.objects["Cube"].hide_set(True)
    yield from look_through_camera(stage)
    for moment in stage.given["moments"]:
        scene.frame_set(scene.frame_start + moment)
        yield from stage.picture(f"through-the-camera-{moment}")
        # The skin alone, and the footage alone: their difference is the outline of the body.
        for kind in ("ARMATURE", "MESH"):
            show(kind, False)
            yield from stage.picture(f"{'skin' if kind == 'ARMATURE' else 'footage'}-{moment}")
        show("ARMATURE", True)
        show("MESH", True)
    stage.fact(camera_frame=camera_frame(stage))


def show(kind: str, shown: bool) -> None:
    for thing in bpy.context.scene.objects:
        if thing.type == kind and (kind == "ARMATURE" or thing.parent):  # the default cube has no parent
            thing.hide_set(not shown)


def undone(stage: Stage) -> Steps:
    """One undo takes the whole capture away, one redo brings it back."""
    place = centre(stage)
    event(stage, "MOUSEMOVE", "NOTHING", place)
    yield 0.1
    yield from key(stage, "Z", place, ctrl=True)
    yield 1.0
    stage.fact(people_after_undo=len(people()))
    yield from stage.picture("undone")
    yield from key(stage, "Z", place, ctrl=True, shift=True)
    yield 1.0
    stage.fact(people_after_redo=len(people()))
    yield from stage.picture("redone")
