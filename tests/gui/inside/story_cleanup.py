"""On another computer: only the .blend is there, and the motion is cleaned up by sliders and buttons."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from hands import drag, event, find, key, press, type_text
from stage import Stage, Steps
from view import centre, people


def story(stage: Stage) -> Steps:
    stage.install(
        folded=("REEL2RIG_PT_capture", "REEL2RIG_PT_people", "REEL2RIG_PT_camera"),
        unfolded=("REEL2RIG_PT_corrections",),
    )
    bpy.ops.wm.open_mainfile(filepath=stage.given["blend"], load_ui=False)
    yield 0.5
    yield from stage.show_sidebar()
    yield from stage.picture("opened")
    yield from smoothed(stage)
    yield from corrected(stage)
    yield from searched(stage)


def smoothed(stage: Stage) -> Steps:
    """The slider is dragged; one undo brings the keys back as they were."""
    before = keys(stage)
    place = yield from find(stage, "Object.smoothing")
    yield from drag(stage, place, (place[0] + 60, place[1]))
    yield from stage.until(
        lambda: not np.array_equal(keys(stage), before), 20, "the keys to follow the slider"
    )
    yield 1.0
    after = keys(stage)
    stage.fact(
        smoothing=people()[0].reel2rig_cleanup_sliders.smoothing,
        roughness_before=roughness(before),
        roughness_after=roughness(after),
    )
    yield from stage.picture("smoothed")
    yield from undo(stage)
    stage.fact(one_undo_brings_the_keys_back=bool(np.array_equal(keys(stage), before)))


def corrected(stage: Stage) -> Steps:
    """Corrections go into an action of their own, over the capture on an NLA strip."""
    yield from press(stage, "reel2rig.add_corrections(")
    yield 1.0
    person = people()[0]
    data = person.animation_data
    stage.fact(
        strips=[strip.action.name for track in data.nla_tracks for strip in track.strips],
        corrections=data.action.name,
        blend=data.action_blend_type,
    )
    yield from stage.picture("corrections")


def searched(stage: Stage) -> Steps:
    """F3 finds an operator by its name, and Enter runs it: the frame jumps to where a contact is doubtful."""
    place = centre(stage)
    bpy.context.scene.frame_set(1)
    event(stage, "MOUSEMOVE", "NOTHING", place)
    yield 0.1
    yield from key(stage, "F3", place)
    yield 0.5
    yield from type_text(stage, "doubtful", place)
    yield 0.5
    yield from stage.picture("search")
    yield from key(stage, "RET", place)
    yield 0.5
    stage.fact(frame_after_search=bpy.context.scene.frame_current)
    yield from stage.picture("doubtful-frame")


def keys(stage: Stage) -> np.ndarray:
    """The keyed values of the left wrist's rotation, whatever action holds the capture, flat."""
    layers, fcurves = (stage.part(f"blender_addon.scene.{name}") for name in ("layers", "fcurves"))
    action: Any = layers.capture_action(people()[0])
    curves = [curve for curve in fcurves.curve_container(action).fcurves if '"Hand.L"' in curve.data_path]
    return np.array([point.co[1] for curve in curves for point in curve.keyframe_points])


def roughness(values: np.ndarray) -> float:
    """Mean change of the change from key to key."""
    return float(np.abs(np.diff(values, 2)).mean())


def undo(stage: Stage) -> Steps:
    place = centre(stage)
    event(stage, "MOUSEMOVE", "NOTHING", place)
    yield 0.1
    yield from key(stage, "Z", place, ctrl=True)
    yield 1.0
