"""Where a capture stands, as the panel shows it.

Nothing is stored here: the values are read from, and written to, the placement that the capture's collection
carries (scene/stored_settings.py), so that undo, files and scripts can never disagree with the panel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import bpy

from ..core.errors import Reel2RigError
from ..core.motion.cleanup.settings import Placement
from .jobs import jobs
from .scene.put_capture import focal_px, lens_mm, lens_px, picture_size, put_capture
from .scene.stored_settings import placement_of


def scene_unit() -> float:
    """Scene units per metre."""
    return 1.0 / bpy.context.scene.unit_settings.scale_length


def _placement(group: bpy.types.PropertyGroup) -> Placement:
    try:
        return placement_of(group.id_data)
    except Reel2RigError:  # a stored text that cannot be read; changing anything replaces it
        return Placement()


def _put(group: bpy.types.PropertyGroup, **changes: Any) -> None:
    """Change the placement of the capture a group belongs to; what goes wrong is shown in the panel."""
    try:
        put_capture(bpy.context.scene, group.id_data, dataclasses.replace(_placement(group), **changes))
    except Exception as error:
        jobs.report(error)


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
    try:
        _put(group, focal_px=lens_px(value, picture_size(group.id_data)))
    except Reel2RigError as error:
        jobs.report(error)


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
    )
    height: bpy.props.FloatProperty(
        name="Floor Height",
        description="Raise or lower the people and the camera together",
        unit="LENGTH",
        precision=3,
        step=1,
        get=_get_height,
        set=_set_height,
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
    )
    heading: bpy.props.FloatProperty(
        name="Heading",
        description="Turn the people and the camera together about the vertical",
        subtype="ANGLE",
        precision=1,
        step=100,
        get=_get_heading,
        set=_set_heading,
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
    )


CLASSES = (PlacementProperties,)


def attach() -> None:
    bpy.types.Collection.reel2rig_put = bpy.props.PointerProperty(type=PlacementProperties)


def detach() -> None:
    del bpy.types.Collection.reel2rig_put
