"""The way of every capture: choose a video, press Capture, turn the view meanwhile, look at the result."""

from __future__ import annotations

import time

import bpy
from hands import event, fill, find, key, press
from stage import Stage, Steps
from view import approach, camera_frame, centre, look_through_camera, lowest_feet, orbit, people, turned
from watching import pace, time_drawing


def story(stage: Stage) -> Steps:
    stage.install(folded=("REEL2RIG_PT_people", "REEL2RIG_PT_cleanup", "REEL2RIG_PT_camera"))
    jobs = stage.part("blender_addon.jobs").jobs
    yield from stage.show_sidebar()
    spent = time_drawing()
    yield from stage.picture("ready")
    yield from type_video(stage, stage.given["video"])
    yield 1.0  # the picture of the video is made in a thread
    yield from stage.picture("video-chosen")
    yield from searched(stage, jobs)
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


def searched(stage: Stage, jobs) -> Steps:
    """Look for people first, and turn the view meanwhile."""
    chosen, before = bpy.context.scene.reel2rig, turned(stage)
    yield from press(stage, "reel2rig.find_people(")
    yield from stage.until(lambda: jobs.progress_factor() > 0.05, 90, "progress")
    yield from orbit(stage)
    stage.fact(turned_while_searching=jobs.capturing and turned(stage) != before)
    yield from stage.until(lambda: jobs.progress_factor() > 0.5, 120, "half of the search")
    yield from stage.picture("searching")
    stage.fact(progress=jobs.progress_text(), factor=jobs.progress_factor())
    yield from stage.until(lambda: not jobs.capturing and len(chosen.people), 120, "a list of people")
    yield 1.0
    yield from stage.picture("people-found")
    stage.fact(people_found=len(chosen.people), problem=jobs.problem and jobs.problem.line())


def captured(stage: Stage, jobs) -> Steps:
    """Press Capture and wait for the people to come in."""
    begun = time.monotonic()
    yield from press(stage, "reel2rig.capture(")
    yield from stage.until(lambda: jobs.capturing, 5, "the capture to begin")
    yield from stage.until(lambda: jobs.progress_factor() > 0.1 or not jobs.capturing, 90, "progress")
    yield from stage.picture("capturing")
    yield from stage.until(lambda: not jobs.capturing, 180, "the capture to end")
    yield from stage.until(people, 20, "people in the scene")
    yield from approach(stage)
    yield from stage.picture("captured")
    problem = jobs.problem and jobs.problem.line()
    stage.fact(seconds=time.monotonic() - begun, problem=problem, people=len(people()))


def judged(stage: Stage) -> Steps:
    """What came into the scene, from the side and through the camera, with and without the body."""
    scene = bpy.context.scene
    person = people()[0]
    stage.fact(
        objects=sorted(thing.name for thing in scene.objects),
        frames=list(person.animation_data.action.frame_range),
        fps=scene.render.fps / scene.render.fps_base,
        lowest_feet=lowest_feet(person),
    )
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
    """Show or hide the first person's armature or skin."""
    person = people()[0]
    for thing in [person] if kind == "ARMATURE" else person.children:
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
