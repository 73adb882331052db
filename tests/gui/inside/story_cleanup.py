"""On another computer: only the .blend is there, and the motion is cleaned up by sliders and buttons."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from hands import click, drag, event, fill_number, find, key, press, type_text
from stage import Stage, Steps
from view import approach, centre, people


def story(stage: Stage) -> Steps:
    stage.install(
        folded=("REEL2RIG_PT_capture", "REEL2RIG_PT_people"),
        unfolded=("REEL2RIG_PT_corrections", "REEL2RIG_PT_body"),
    )
    bpy.ops.wm.open_mainfile(filepath=stage.given["blend"], load_ui=False)
    yield 0.5
    yield from stage.show_sidebar()
    for person in people():
        person.select_set(person == people()[0])
    yield from approach(stage)
    yield from stage.picture("opened")
    yield from smoothed(stage)
    yield from corrected(stage)
    yield from searched(stage)
    yield from other_lens(stage)
    yield from taller(stage)
    yield from contacts_shown(stage)


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


def contacts_shown(stage: Stage) -> Steps:
    """A button shows when each foot stands, as curves that can be edited."""
    yield from press(stage, "reel2rig.show_contacts(")
    yield 1.0
    sheets = [area for area in stage.window.screen.areas if area.type == "DOPESHEET_EDITOR"]
    stage.fact(dope_sheets=[area.ui_type for area in sheets])
    stage.turn_to("DOPESHEET_EDITOR")
    yield from stage.picture("contacts")
    stage.turn_to("VIEW_3D")


def other_lens(stage: Stage) -> Steps:
    """Another focal length moves camera and people together: in the picture everything stays where it was."""
    bpy.context.scene.frame_set(61)  # both are seen
    button = yield from press(stage, "reel2rig.look_through_camera(")
    yield 1.0
    camera = bpy.context.scene.camera
    before, lens = in_picture(), camera.data.lens
    place = yield from find(stage, "Collection.focal_mm")
    yield from fill_number(stage, place, f"{1.5 * lens:.1f}")
    yield from stage.until(lambda: camera.data.lens > 1.3 * lens, 20, "the camera to follow")
    yield 1.0
    stage.fact(moved_in_picture=float(np.abs(in_picture() - before).max()))
    yield from stage.picture("other-lens")
    yield from click(stage, button)  # the same button leads back
    yield 1.0
    stage.fact(left_the_camera=stage.area.spaces.active.region_3d.view_perspective != "CAMERA")


def taller(stage: Stage) -> Steps:
    person = people()[0]
    before = person.dimensions.z
    yield from approach(stage)
    place = yield from find(stage, "Object.height")
    yield from fill_number(stage, place, "2.0")
    yield from stage.until(lambda: person.dimensions.z > 1.02 * before, 20, "the person to grow")
    yield from stage.picture("taller")


def in_picture() -> np.ndarray:
    """(24, 2) the first person's joints in the camera's picture, which runs from 0 to 1."""
    scene, person = bpy.context.scene, people()[0]
    bpy.context.view_layer.update()
    heads = [person.matrix_world @ bone.head for bone in person.pose.bones if bone.name != "root"]
    return np.array([world_to_camera_view(scene, scene.camera, head)[:2] for head in heads])


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
