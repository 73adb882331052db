"""The 3D view as seen and turned by the mouse, and the captured people in it."""

from __future__ import annotations

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from hands import Place, drag, event, key
from stage import Stage, Steps


def centre(stage: Stage) -> Place:
    view = stage.region("WINDOW")
    return view.x + view.width // 3, view.y + view.height // 2


def orbit(stage: Stage, across: int = 120) -> Steps:
    """Turn the view with the middle mouse button."""
    x, y = centre(stage)
    yield from drag(stage, (x, y), (x + across, y + 20), button="MIDDLEMOUSE")


def turned(stage: Stage) -> list[float]:
    """How the view is turned, a quaternion (w, x, y, z)."""
    return list(stage.area.spaces.active.region_3d.view_rotation)


def approach(stage: Stage) -> Steps:
    """Bring what is selected close to the eye."""
    place = centre(stage)
    event(stage, "MOUSEMOVE", "NOTHING", place)
    yield 0.1
    yield from key(stage, "NUMPAD_PERIOD", place)
    yield 1.0  # the view flies there


def look_through_camera(stage: Stage) -> Steps:
    yield from key(stage, "NUMPAD_0", centre(stage))
    yield 0.8  # the view flies there


def camera_frame(stage: Stage) -> list[int]:
    """The camera's picture on the screen: left, bottom, right, top in pixels of the window."""
    view, camera = stage.region("WINDOW"), bpy.context.scene.camera
    space = stage.area.spaces.active.region_3d
    corners = [
        location_3d_to_region_2d(view, space, camera.matrix_world @ corner)
        for corner in camera.data.view_frame(scene=bpy.context.scene)
    ]
    across, up = [corner.x + view.x for corner in corners], [corner.y + view.y for corner in corners]
    return [round(min(across)), round(min(up)), round(max(across)), round(max(up))]


def people() -> list[bpy.types.Object]:
    """The armatures in the scene, in the order of their names."""
    return sorted(
        (thing for thing in bpy.context.scene.objects if thing.type == "ARMATURE"), key=lambda t: t.name
    )


def lowest_feet(armature: bpy.types.Object) -> list[float]:
    """Height of the lower foot joint in metres, frame by frame, every tenth frame."""
    scene = bpy.context.scene
    first, last = (int(frame) for frame in armature.animation_data.action.frame_range)
    heights = []
    for frame in range(first, last + 1, 10):
        scene.frame_set(frame)
        feet = [bone for bone in armature.pose.bones if "Foot" in bone.name or "Toe" in bone.name]
        heights.append(min((armature.matrix_world @ foot.tail).z for foot in feet))
    return heights
