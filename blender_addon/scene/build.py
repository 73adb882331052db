"""From a finished capture to animated people in a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ...core.motion.body import BodyTemplate, free_body_path, load_body
from ...core.motion.clip import MotionClip
from ...core.motion.spaces import to_space
from ..capture_result import CaptureResult, Footage
from .action import key_clip
from .armature import build_armature
from .body_shape import Shape, keep_shape
from .bone_axes import RestBones, rest_bones
from .camera import build_camera, show_footage
from .packed import pack_clip
from .placing import Placing, fit_scene, is_untouched, make_room, place
from .skin import build_skin, rest_pelvis


@dataclass(frozen=True)
class BuildOptions:
    """Choices of one build.

    Attributes:
        frame_start: scene frame for the first captured video frame; None takes the scene's own first frame.
        match_scene: give the scene the video's rate, length, picture size and camera. None does so only in a
            scene that holds nothing of the user's.
        skin: build the mesh too, not only the skeleton.
        camera: build the solved camera with the footage behind it.
    """

    frame_start: int | None = None
    match_scene: bool | None = None
    skin: bool = True
    camera: bool = True


@dataclass(frozen=True, eq=False)
class BuiltPerson:
    """What one person of a capture became."""

    track: str
    collection: bpy.types.Collection
    armature: bpy.types.Object
    action: bpy.types.Action
    skin: bpy.types.Object | None


@dataclass(frozen=True, eq=False)
class BuiltCapture:
    """What a capture became in the scene."""

    collection: bpy.types.Collection
    people: tuple[BuiltPerson, ...]
    camera: bpy.types.Object | None
    footage: Footage
    placing: Placing
    matched_scene: bool


def build_capture(
    scene: bpy.types.Scene, result: CaptureResult, options: BuildOptions | None = None
) -> BuiltCapture:
    """Build every person of a capture, and the camera that filmed them, in a new collection of `scene`.

    A scene with content of the user's keeps its rate, range, picture size, units and camera; the keys are
    then placed by time. If anything fails, what had been built is removed again and the error goes on.

    Raises what reading the body file raises (core.motion.body).
    """
    options = options or BuildOptions()
    body = load_body(result.body or free_body_path()) if options.skin else None
    fresh = is_untouched(scene)
    match = fresh if options.match_scene is None else options.match_scene
    before = _all_ids()
    try:
        if match:
            fit_scene(scene, result.footage, options.frame_start)
        placing = place(scene, result.footage, options.frame_start)
        home = _child_collection(scene.collection, result.name)
        unit = 1.0 / scene.unit_settings.scale_length
        about = _about(result, placing, unit)
        people = tuple(
            build_person(home, result.name, clip, about, placing, body, number)
            for number, clip in enumerate(result.clips)
        )
        camera = _build_camera(scene, home, result, placing, unit) if options.camera else None
        if match and camera is not None:
            scene.camera = camera
        if fresh:
            make_room(scene)
    except BaseException:
        _remove_new(before)
        raise
    bpy.context.view_layer.update()
    return BuiltCapture(home, people, camera, result.footage, placing, match)


def build_person(
    home: bpy.types.Collection,
    title: str,
    clip: MotionClip,
    about: dict[str, Any],
    placing: Placing,
    body: BodyTemplate | None,
    number: int,
) -> BuiltPerson:
    """Build one person in a collection of their own in the collection of a capture.

    Args:
        title: what the names of all that is made end with; the person stands first, as editors cut the end.
        clip: as the capture left it; so it is packed, with the facts `about` the capture.
        body: of the skin; None builds the skeleton only. number: which of the body colours.
    """
    name, unit = f"Person {clip.track} {title}", about["unit"]
    collection = _child_collection(home, name)
    pelvis = rest_pelvis(clip, body)
    rest = rest_bones(clip.rest_joints, pelvis)
    scaled = RestBones(rest.heads * unit, rest.tails * unit, rest.axes)
    armature = build_armature(collection, name, scaled)
    action = key_clip(armature, clip, placing.scene_frames(clip.frames), name, unit)
    skin = None
    if body is not None:
        skin = build_skin(
            armature, collection, f"Person {clip.track} Body", clip, body, pelvis, unit, tint=number
        )
    pack_clip(armature, clip, about)
    keep_shape(armature, Shape.of(clip))
    return BuiltPerson(clip.track, collection, armature, action, skin)


def _about(result: CaptureResult, placing: Placing, unit: float) -> dict[str, Any]:
    footage = result.footage
    return {
        "settings": result.settings,
        "notes": list(result.notes),
        "body": str(result.body) if result.body else "free",
        "video": {
            "width": footage.width,
            "height": footage.height,
            "fps": [footage.fps.numerator, footage.fps.denominator],
            "frame_count": footage.frame_count,
            "trim": list(footage.trim),
        },
        "scene_start": placing.start,
        "scene_step": placing.step,
        "unit": unit,
    }


def _build_camera(
    scene: bpy.types.Scene,
    home: bpy.types.Collection,
    result: CaptureResult,
    placing: Placing,
    unit: float,
) -> bpy.types.Object | None:
    clips = (to_space(clip, "blender") for clip in result.clips)
    solved = next((clip.camera for clip in clips if clip.camera is not None), None)
    if solved is None:
        return None
    camera = build_camera(home, f"Camera {result.name}", solved, unit)
    show_footage(camera, scene, result.footage, placing)
    return camera


def _child_collection(parent: bpy.types.Collection, name: str) -> bpy.types.Collection:
    collection = bpy.data.collections.new(name)
    parent.children.link(collection)
    return collection


def _all_ids() -> set[bpy.types.ID]:
    return set(bpy.data.user_map())


def _remove_new(before: set[bpy.types.ID]) -> None:
    bpy.data.batch_remove([thing for thing in bpy.data.user_map() if thing not in before])
