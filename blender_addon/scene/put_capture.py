"""Put a whole capture elsewhere: its people and its camera move as one."""

from __future__ import annotations

import math

import bpy

from ...core.errors import Reel2RigError
from ...core.motion.cleanup.settings import Placement
from .camera import SENSOR_MM
from .packed import read_about
from .people import camera_of, people_in
from .rederive import Rederived, rederive_capture
from .stored_settings import PLACEMENT, keep_placement, placement_of

_FULL_FRAME_DIAGONAL = math.hypot(36.0, 24.0)  # mm


def put_capture(scene: bpy.types.Scene, home: bpy.types.Collection, placement: Placement) -> list[Rederived]:
    """Give a capture another placement and key its people and its camera anew.

    Whatever goes wrong, the placement before is kept. Raises as `rederive_capture`.
    """
    before = home.get(PLACEMENT)
    keep_placement(home, placement)
    try:
        return rederive_capture(scene, home)
    except BaseException:
        if before is None:
            del home[PLACEMENT]
        else:
            home[PLACEMENT] = before
        raise


def picture_size(home: bpy.types.Collection) -> tuple[int, int]:
    """Width and height of a capture's upright video in pixels. Raises as `read_about`."""
    video = read_about(people_in(home)[0])["video"]
    return video["width"], video["height"]


def focal_px(home: bpy.types.Collection) -> float:
    """The focal length that a capture has now, in pixels of the upright video. Raises as `read_about`."""
    chosen = _stored_focal(home)
    if chosen is not None:
        return chosen
    size = picture_size(home)
    camera = camera_of(home)
    if camera is not None:
        return camera.data.lens * max(size) / SENSOR_MM
    given = read_about(people_in(home)[0])["settings"].get("focal_px")
    return float(given or math.hypot(*size))


def is_focal_assumed(home: bpy.types.Collection) -> bool:
    """Whether nobody ever said what the focal length is: the capture took the picture's diagonal."""
    settings = read_about(people_in(home)[0])["settings"]
    return _stored_focal(home) is None and "focal_px" in settings and settings["focal_px"] is None


def lens_mm(px: float, size: tuple[int, int]) -> float:
    """Pixels of focal length as Blender's lens for a picture whose longer side is 36 mm."""
    return px * SENSOR_MM / max(size)


def lens_px(mm: float, size: tuple[int, int]) -> float:
    """The reverse of `lens_mm`."""
    return mm * max(size) / SENSOR_MM


def equivalent_mm(px: float, size: tuple[int, int]) -> float:
    """Pixels of focal length as the 35 mm equivalent that phones state: by the picture's diagonal."""
    return px * _FULL_FRAME_DIAGONAL / math.hypot(*size)


def _stored_focal(home: bpy.types.Collection) -> float | None:
    try:
        return placement_of(home).focal_px
    except Reel2RigError:
        return None
