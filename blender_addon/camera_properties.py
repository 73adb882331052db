"""Where a capture stands, as the panel shows it.

Nothing is stored here: the values are read from, and written to, the placement that the capture's collection
carries (scene/stored_settings.py), so that undo, files and scripts can never disagree with the panel.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

import bpy

from ..core.errors import Reel2RigError
from ..core.motion.cleanup.settings import Placement
from .live import Request, live
from .scene.put_capture import focal_px, lens_mm, lens_px, picture_size
from .scene.stored_settings import keep_placement, placement_of


def scene_unit() -> float:
    """Scene units per metre."""
    return 1.0 / bpy.context.scene.unit_settings.scale_length


def _placement(group: bpy.types.PropertyGroup) -> Placement:
    try:
        return placement_of(group.id_data)
    except Reel2RigError:
        return Placement()  # the panel shows what is wrong instead of these values


_changed = False  # between a property's `set` and its `update`, which Blender calls in this order


def _put(group: bpy.types.PropertyGroup, **changes: Any) -> None:
    global _changed
    try:
        stored = placement_of(group.id_data)
    except Reel2RigError:
        return  # only Reset replaces what cannot be read
    _changed |= keep_placement(group.id_data, dataclasses.replace(stored, **changes))


def _follow(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    global _changed
    changed, _changed = _changed, False
    live.touched(Request(context.scene.name, home=group.id_data.name), changed)


def _get_height(group: bpy.types.PropertyGroup) -> float:
    return _placement(group).height * scene_unit()


def _set_height(group: bpy.types.PropertyGroup, value: float) -> None:
    _put(group, height=value / scene_unit())


def _get_tilt(group: bpy.types.PropertyGroup) -> tuple[float, float]:
    return _placement(group).tilt


def _set_tilt(group: bpy.types.PropertyGroup, value: Sequence[float]) -> None:
    _put(group, tilt=tuple(value))


def _get_heading(group: bpy.types.PropertyGroup) -> float:
    return _placement(group).heading


def _set_heading(group: bpy.types.PropertyGroup, value: float) -> None:
    _put(group, heading=value)


def _get_start(group: bpy.types.PropertyGroup) -> tuple[float, ...]:
    return tuple(value * scene_unit() for value in _placement(group).start)


def _set_start(group: bpy.types.PropertyGroup, value: Sequence[float]) -> None:
    _put(group, start=tuple(part / scene_unit() for part in value))


def _get_focal(group: bpy.types.PropertyGroup) -> float:
    try:
        return lens_mm(focal_px(group.id_data), picture_size(group.id_data))
    except (Reel2RigError, IndexError):  # no people, or a person whose stored clip was damaged
        return 0.0


def _set_focal(group: bpy.types.PropertyGroup, value: float) -> None:
    with contextlib.suppress(Reel2RigError, IndexError):  # as above; the panel shows what is wrong
        _put(group, focal_px=lens_px(value, picture_size(group.id_data)))


def _is_camera(_: object, thing: bpy.types.Object) -> bool:
    return thing.type == "CAMERA"


class PlacementProperties(bpy.types.PropertyGroup):
    """Where one capture stands; a face of its stored placement."""

    focal_mm: bpy.props.FloatProperty(
        name="Focal Length",
        description="Focal length of the camera that filmed, where the longer side of the picture is 36 mm. "
        "People keep their look and move nearer or farther",
        unit="CAMERA",
        min=5.0,
        soft_max=200.0,
        max=2000.0,
        precision=1,
        step=50,
        get=_get_focal,
        set=_set_focal,
        update=_follow,
    )
    height: bpy.props.FloatProperty(
        name="Floor Height",
        description="Raise or lower the people and the camera together",
        unit="LENGTH",
        precision=3,
        step=1,
        get=_get_height,
        set=_set_height,
        update=_follow,
    )
    tilt: bpy.props.FloatVectorProperty(
        name="Tilt",
        description="Turn the people and the camera together about X and Y, to level a floor that leans",
        size=2,
        subtype="XYZ",
        unit="ROTATION",
        soft_min=-0.5,
        soft_max=0.5,
        precision=2,
        step=10,
        get=_get_tilt,
        set=_set_tilt,
        update=_follow,
    )
    heading: bpy.props.FloatProperty(
        name="Heading",
        description="Turn the people and the camera together about the vertical",
        subtype="ANGLE",
        precision=1,
        step=100,
        get=_get_heading,
        set=_set_heading,
        update=_follow,
    )
    start: bpy.props.FloatVectorProperty(
        name="Start Position",
        description="Where on the floor the first person begins",
        size=2,
        subtype="XYZ",
        unit="LENGTH",
        precision=3,
        step=1,
        get=_get_start,
        set=_set_start,
        update=_follow,
    )


class CameraTrackProperties(bpy.types.PropertyGroup):
    """Where the way of a moving camera comes from."""

    source: bpy.props.EnumProperty(
        name="From",
        description="Where the way of the camera comes from",
        items=[
            ("file", "File", "A camera track in JSON"),
            ("camera", "Camera", "An animated camera of this file"),
            ("clip", "Solved Clip", "A movie clip whose camera motion Blender has solved"),
        ],
    )
    camera: bpy.props.PointerProperty(
        name="Camera",
        description="A camera that moves as the real one did, by keys or by a Camera Solver constraint",
        type=bpy.types.Object,
        poll=_is_camera,
    )
    clip: bpy.props.PointerProperty(
        name="Clip", description="A movie clip with solved camera motion", type=bpy.types.MovieClip
    )
    known_scale: bpy.props.BoolProperty(
        name="Known Scale",
        description="Say how large the camera's way is. Otherwise a file in metres is believed, as is a set "
        "that is in place; for any other the scale is found with which feet stand still",
    )
    scale: bpy.props.FloatProperty(
        name="Metres per Unit",
        description="Metres that one unit of the camera track stands for",
        default=1.0,
        min=1e-6,
        soft_max=100.0,
        precision=3,
    )
    level: bpy.props.BoolProperty(
        name="Find Floor",
        description="Put the floor that the feet stand on at Z = 0 and the first person at the origin. "
        "Switch it off when the camera moves through a set that is in place already",
        default=True,
    )


CLASSES = (PlacementProperties, CameraTrackProperties)


def attach() -> None:
    bpy.types.Collection.reel2rig_track = bpy.props.PointerProperty(type=CameraTrackProperties)
    bpy.types.Collection.reel2rig_put = bpy.props.PointerProperty(type=PlacementProperties)


def detach() -> None:
    del bpy.types.Collection.reel2rig_track
    del bpy.types.Collection.reel2rig_put
