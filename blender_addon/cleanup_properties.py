"""The clean-up of a captured person as sliders and switches.

Nothing is stored here: every value is read from, and written to, the one JSON text on the armature, so that
undo, redo, files, appended and duplicated people can never disagree with it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any

import bpy

from ..core.motion.cleanup.settings import (
    BODY_PARTS,
    ROTATION_MODES,
    TRAVELS,
    BadCleanup,
    Cleanup,
    from_json,
    to_json,
)
from .live import Request, live
from .scene.people import is_person
from .scene.stored_settings import cleanup_of, keep_cleanup


def read_settings(text: str) -> Cleanup:
    """The clean-up in a preset's text. Raises BadCleanup."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadCleanup("This preset cannot be read; remove it and keep a new one.") from error
    if not isinstance(data, dict):
        raise BadCleanup("This preset holds no clean-up; remove it and keep a new one.")
    return from_json(Cleanup, data)


_changed = False  # between a property's `set` and its `update`, which Blender calls in this order


def _read(group: bpy.types.PropertyGroup) -> Cleanup:
    try:
        return cleanup_of(group.id_data)
    except BadCleanup:
        return Cleanup()  # the panel shows what is wrong instead of these values


def _keep(group: bpy.types.PropertyGroup, cleanup: Cleanup) -> None:
    global _changed
    if is_person(group.id_data):
        _changed |= keep_cleanup(group.id_data, cleanup)


def _give(group: bpy.types.PropertyGroup, **changes: Any) -> None:
    try:
        stored = cleanup_of(group.id_data)
    except BadCleanup:
        return  # only Reset replaces what cannot be read
    _keep(group, dataclasses.replace(stored, **changes))


def _follow(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    global _changed
    changed, _changed = _changed, False
    if is_person(group.id_data):
        live.touched(Request(context.scene.name, person=group.id_data.name), changed)


def _access(name: str, scale: float = 1.0) -> dict[str, Any]:
    """How a number or switch is read, written and followed; shown times `scale`."""

    def read(group: bpy.types.PropertyGroup) -> Any:
        value = getattr(_read(group), name)
        return value * scale if scale != 1.0 else value

    def write(group: bpy.types.PropertyGroup, value: Any) -> None:
        # A slider is single precision: 0.1 comes as 0.100000001.
        _give(group, **{name: round(value / scale, 5) if isinstance(value, float) else value})

    return {"get": read, "set": write, "update": _follow, "options": set()}


def _choice(name: str, known: Sequence[str]) -> dict[str, Any]:
    """The same for one of `known`, which Blender counts."""

    def write(group: bpy.types.PropertyGroup, index: int) -> None:
        _give(group, **{name: known[index]})

    def read(group: bpy.types.PropertyGroup) -> int:
        return known.index(getattr(_read(group), name))

    return {"get": read, "set": write, "update": _follow, "options": set()}


def _get_parts(group: bpy.types.PropertyGroup) -> Sequence[bool]:
    return [part in _read(group).smooth_parts for part in BODY_PARTS]


def _set_parts(group: bpy.types.PropertyGroup, values: Sequence[bool]) -> None:
    _give(group, smooth_parts=tuple(part for part, on in zip(BODY_PARTS, values, strict=True) if on))


def _get_settings(group: bpy.types.PropertyGroup) -> str:
    return json.dumps(to_json(_read(group)))


def _set_settings(group: bpy.types.PropertyGroup, text: str) -> None:
    _keep(group, read_settings(text))


class CleanupSliders(bpy.types.PropertyGroup):
    """One person's clean-up."""

    settings: bpy.props.StringProperty(
        name="Settings",
        description="All of the clean-up as text, as presets keep it",
        get=_get_settings,
        set=_set_settings,
        update=_follow,
        options={"HIDDEN"},
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="How much shaking is taken out; fast movements get softer too. In frames of 1/30 s",
        min=0,
        max=30,
        soft_max=10,
        step=10,
        precision=2,
        **_access("smoothing"),
    )
    smooth_parts: bpy.props.BoolVectorProperty(
        name="Smoothed Parts",
        description="Whether this part of the body is smoothed; Path is the way through the room",
        size=len(BODY_PARTS),
        default=[True] * len(BODY_PARTS),
        get=_get_parts,
        set=_set_parts,
        update=_follow,
        options=set(),
    )
    spikes: bpy.props.FloatProperty(
        name="Remove Spikes",
        description="How eagerly single frames that jump away and back are replaced; others stay as they are",
        subtype="FACTOR",
        min=0,
        max=1,
        **_access("spikes"),
    )
    foot_lock: bpy.props.FloatProperty(
        name="Foot Lock",
        description="How firmly feet are held still while they stand, by bending hips and knees",
        subtype="FACTOR",
        min=0,
        max=1,
        **_access("foot_lock"),
    )
    mirror: bpy.props.BoolProperty(
        name="Mirror Left and Right",
        description="Swap left and right, as if seen in a mirror; the start and the floor stay",
        **_access("mirror"),
    )
    travel: bpy.props.EnumProperty(
        name="Carried By",
        description="What moves the person across the floor",
        items=[
            ("PELVIS", "Pelvis", "The Pelvis bone carries everything, as captured"),
            (
                "ROOT",
                "Root Bone",
                "The root bone carries the way across the floor, as game engines want it",
            ),
            ("IN_PLACE", "Nothing (In Place)", "The person moves on the spot"),
        ],
        **_choice("travel", TRAVELS),
    )
    heading_on_root: bpy.props.BoolProperty(
        name="Heading Too",
        description="Where the person faces goes the same way: onto the root bone, or out of the motion",
        **_access("heading_on_root"),
    )
    speed: bpy.props.FloatProperty(
        name="Speed",
        description="2 plays twice as fast, 0.5 half as fast",
        default=1,
        min=0.05,
        max=20,
        soft_min=0.25,
        soft_max=4,
        step=5,
        precision=3,
        **_access("speed"),
    )
    resample: bpy.props.BoolProperty(
        name="Whole Frames",
        description="Put all keys on whole frames of the scene, whatever the rate of the video or the speed",
        **_access("resample"),
    )
    loop: bpy.props.BoolProperty(
        name="Loop",
        description="Let the end lead back to the start, so that the motion can be repeated",
        **_access("loop"),
    )
    loop_blend: bpy.props.FloatProperty(
        name="Blend",
        description="Seconds around the seam over which the two ends are brought together",
        unit="TIME_ABSOLUTE",
        default=0.5,
        min=0,
        max=10,
        soft_max=2,
        **_access("loop_blend"),
    )
    reduce: bpy.props.BoolProperty(
        name="Reduce Keys",
        description="Leave out keys that the motion can do without, so that curves can be edited by hand",
        **_access("reduce"),
    )
    reduce_degrees: bpy.props.FloatProperty(
        name="Rotations",
        description="How far a bone may turn away from the captured pose",
        subtype="ANGLE",
        default=math.radians(1),
        min=math.radians(0.01),
        max=math.radians(45),
        soft_max=math.radians(10),
        **_access("reduce_degrees", scale=math.pi / 180),
    )
    reduce_millimetres: bpy.props.FloatProperty(
        name="Hands and Feet",
        description="How far wrists and toes may get from where they were, in millimetres",
        unit="CAMERA",
        default=10,
        min=0.1,
        max=500,
        soft_max=50,
        **_access("reduce_millimetres"),
    )
    rotation_mode: bpy.props.EnumProperty(
        name="Rotation",
        description="How rotations are keyed",
        items=[
            ("QUATERNION", "Quaternion (WXYZ)", "No gimbal lock; as captured"),
            *((mode, f"{mode} Euler", f"Euler angles in the order {mode}") for mode in ROTATION_MODES[1:]),
        ],
        **_choice("rotation_mode", ROTATION_MODES),
    )


CLASSES = (CleanupSliders,)


def attach() -> None:
    bpy.types.Object.reel2rig_cleanup_sliders = bpy.props.PointerProperty(type=CleanupSliders)


def detach() -> None:
    del bpy.types.Object.reel2rig_cleanup_sliders


def sliders_of(person: bpy.types.Object) -> CleanupSliders:
    """The sliders of a captured person."""
    return person.reel2rig_cleanup_sliders
