"""Small pictures of a built capture: through the solved camera over nothing, and from the side.

Workbench is used: it needs no lamps and no shader compilation, and draws in a second even without a GPU.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...bridge.client.system_libraries import missing_libraries
from ...core.errors import InputError, Reel2RigError
from ...core.motion.files.atomic import atomic_output
from .build import BuiltCapture
from .export.staging import output_error
from .whole import is_whole

VIEWS = ("camera", "side")
_STANDING_PELVIS = 1.0  # metres above the floor, above which a pelvis is not that of somebody standing on it
_SIDE_ABOVE = math.radians(6)  # looking down a little shows the feet against the floor


class RenderUnavailable(Reel2RigError):
    code = "render.unavailable"
    exit_code = 3


class BadRender(InputError):
    code = "render.invalid"


@dataclass(frozen=True)
class RenderJob:
    """One picture: source frame number, "camera" or "side", PNG path, width in pixels."""

    frame: int
    view: str
    output: Path
    width: int


def render_capture(scene: bpy.types.Scene, built: BuiltCapture, jobs: list[RenderJob]) -> None:
    """Render the jobs as RGBA PNG files with a transparent background; the scene is afterwards as it was.

    The camera view has the proportions of the video and covers its frame pixel by pixel; the side view is as
    high as wide and follows the first person, seen from the right of the solved camera.

    Raises RenderUnavailable without an EGL library, BadRender for a camera view without a camera.
    """
    if not jobs:
        return
    _require_egl()
    with _workbench(scene):
        for job in jobs:
            frame = float(built.placing.scene_frames(job.frame))
            scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
            if job.view == "camera":
                if built.camera is None:
                    raise BadRender(
                        "This capture has no solved camera to look through; ask for the side view."
                    )
                _render(
                    scene, built.camera, job, round(job.width * built.footage.height / built.footage.width)
                )
            else:
                with _side_camera(scene, built) as camera:
                    _render(scene, camera, job, job.width)


def _require_egl() -> None:
    # Without it Blender itself prints an error and ends the process.
    if missing_libraries({"libEGL.so.1": "libegl1"}):
        raise RenderUnavailable(
            "Pictures need the system library libEGL; on Debian or Ubuntu: apt install libegl1."
        )


@contextmanager
def _workbench(scene: bpy.types.Scene) -> Iterator[None]:
    render, shading = scene.render, scene.display.shading
    wanted = {
        render: {"engine": "BLENDER_WORKBENCH", "film_transparent": True, "resolution_percentage": 100},
        render.image_settings: {"file_format": "PNG", "color_mode": "RGBA", "color_depth": "8"},
        shading: {"light": "STUDIO", "color_type": "MATERIAL", "show_cavity": True, "show_shadows": False},
        scene.view_settings: {"view_transform": "Standard"},
    }
    kept = {thing: {name: getattr(thing, name) for name in names} for thing, names in wanted.items()}
    others = {name: getattr(render, name) for name in ("filepath", "resolution_x", "resolution_y")}
    before = scene.camera, scene.frame_current
    try:
        for thing, values in wanted.items():
            for name, value in values.items():
                setattr(thing, name, value)
        yield
    finally:
        for thing, values in [*kept.items(), (render, others)]:
            for name, value in values.items():
                setattr(thing, name, value)
        scene.camera = before[0]
        scene.frame_set(before[1])


def _render(scene: bpy.types.Scene, camera: bpy.types.Object, job: RenderJob, height: int) -> None:
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = job.width, max(1, height)
    with atomic_output(job.output) as temporary:
        scene.render.filepath = os.fspath(temporary)
        try:
            bpy.ops.render.render(write_still=True, scene=scene.name)
        except RuntimeError as error:
            raise output_error(str(error), job.output) from error
        if not temporary.is_file() or not is_whole(temporary):
            raise output_error("the picture was cut off", job.output)


@contextmanager
def _side_camera(scene: bpy.types.Scene, built: BuiltCapture) -> Iterator[bpy.types.Object]:
    """A parallel camera beside the first person, square to the solved one, and a disc for the floor."""
    person = built.people[0]
    unit = 1.0 / scene.unit_settings.scale_length
    pelvis = person.armature.pose.bones["Pelvis"].head
    feet = Vector((pelvis.x, pelvis.y, 0.0))
    away = built.camera.matrix_world.col[2].to_3d() if built.camera else Vector((0, -1, 0))
    away.z = 0.0
    away = away.normalized() if away.length > 1e-6 else Vector((0, -1, 0))
    side = Vector((-away.y, away.x, 0.0))
    towards = (side * math.cos(_SIDE_ABOVE) + Vector((0, 0, math.sin(_SIDE_ABOVE)))).normalized()
    across = Vector((0, 0, 1)).cross(towards).normalized()
    size = 2.3 * unit
    data = bpy.data.cameras.new("Reel2Rig Side")
    data.type, data.ortho_scale, data.clip_end = "ORTHO", size, 20 * unit
    camera = bpy.data.objects.new("Reel2Rig Side", data)
    axes = Matrix((across, towards.cross(across), towards)).transposed()
    # Someone on a roof or in the air is followed up; the floor then falls out of the picture, as it should.
    lift = max(0.0, pelvis.z - _STANDING_PELVIS * unit)
    place = feet + Vector((0, 0, 0.42 * size + lift)) + towards * 5 * unit
    camera.matrix_world = Matrix.Translation(place) @ axes.to_4x4()
    floor = bpy.data.objects.new("Reel2Rig Floor", _disc(unit))
    floor.location = feet
    for thing in (camera, floor):
        scene.collection.objects.link(thing)
    try:
        yield camera
    finally:
        bpy.data.batch_remove([camera, floor, data, floor.data])


def _disc(unit: float) -> bpy.types.Mesh:
    turns = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    mesh = bpy.data.meshes.new("Reel2Rig Floor")
    ring = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=-1) * unit
    mesh.from_pydata(ring.tolist(), [], [list(range(64))])
    return mesh
