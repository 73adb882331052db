"""A capture beside its video, after the paper's figures 5 to 7: the frame, the body over it, the body from a
second viewpoint; several moments of one clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..evaluate.contact_sheet import compose_sheet
from ..motion.body import BodyTemplate
from ..motion.clip import MotionClip
from ..video.reader import read_frames
from .mesh_view import LARGER, Colour, Image, Viewpoint, draw_meshes, reduced, side_view

COLOURS: tuple[Colour, ...] = (
    *((122, 168, 214), (236, 158, 112), (134, 190, 140), (196, 150, 206)),
    *((222, 190, 96), (120, 190, 196)),
)
WIDEST = 1280  # of the picture that bodies are drawn over, pixels
SIDE_SIZE, SIDE_METRES, SIDE_ABOVE = 480, 2.4, 7.0
FLOOR: tuple[int, int, int, int] = (222, 224, 228, 255)
FLOOR_RADIUS = 0.75  # metres


class NothingToShow(InputError):
    code = "figures.nothing_to_show"


def capture_sheet(
    video: Path, clips: Sequence[MotionClip], body: BodyTemplate, moments: int = 5
) -> NDArray[Any]:
    """The sheet, RGB: one column a moment, spread evenly over the first clip.

    Every clip is drawn over the frame where it is there; the second viewpoint, from the right of the
    camera, follows the first person.

    Args:
        clips: people captured from `video`, each with its camera, all in one space.

    Raises:
        NothingToShow: no clip, or a clip without a camera.
    """
    if not clips or any(clip.camera is None for clip in clips):
        raise NothingToShow("Give captures with a solved camera: there is nothing to lay over the video.")
    first = clips[0]
    rows = [round((len(first.frames) - 1) * (i + 0.5) / moments) for i in range(moments)]
    wanted = [int(first.frames[row]) for row in rows]
    pictures = {
        frame.index: frame.image
        for frame in read_frames(video, min(wanted), max(wanted) + 1, allow_partial=True)
        if frame.index in wanted
    }
    rows = [row for row, frame in zip(rows, wanted, strict=True) if frame in pictures]
    if not rows:
        raise NothingToShow(f"None of the captured frames can be read from {video.name}: give its own video.")
    over, beside = zip(*(moment(clips, body, int(first.frames[row])) for row in rows), strict=True)
    frames = [int(first.frames[row]) for row in rows]
    return compose_sheet([pictures[f] for f in frames], over, beside, [f"frame {f}" for f in frames])


def moment(clips: Sequence[MotionClip], body: BodyTemplate, frame: int) -> tuple[Image, Image]:
    """RGBA pictures of one source frame: all bodies through the solved camera, and from the right of it."""
    posed, colours = [], []
    for clip, colour in zip(clips, COLOURS * (len(clips) // len(COLOURS) + 1), strict=False):
        row = int(np.searchsorted(clip.frames, frame))
        if row < len(clip.frames) and clip.frames[row] == frame:
            rotations, root = clip.rotations[row : row + 1], clip.root[row : row + 1]
            posed.append(body.posed_vertices(rotations, root, clip.betas, clip.body_scale)[0])
            colours.append(colour)
    camera = clips[0].camera
    assert camera is not None
    shrink = min(1.0, WIDEST / max(camera.width, camera.height))
    size = (round(camera.width * shrink), round(camera.height * shrink))
    through = Viewpoint(camera.rotation, camera.translation, camera.focal_px * shrink, *size)
    over = draw_meshes(posed, body.faces, through, colours)

    up = np.array([0.0, -1.0, 0.0] if clips[0].space == "camera_cv" else [0.0, 1.0, 0.0])
    middle, floor = _standing(posed[0], up)
    aside = side_view(up, camera.rotation[2], middle, SIDE_METRES, SIDE_SIZE, SIDE_ABOVE)
    ground = _disc(aside, floor, up)
    return over, _above(ground, draw_meshes(posed[:1], body.faces, aside, colours[:1]))


def _standing(vertices: NDArray[Any], up: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The middle of a body's bounding box along `up`, and the point of the floor below it."""
    height = vertices @ up
    centre = vertices.mean(0)
    level = centre - (centre @ up) * up
    return level + up * (height.min() + height.max()) / 2, level + up * height.min()


def _disc(view: Viewpoint, middle: NDArray[Any], up: NDArray[Any]) -> Image:
    """A disc of floor under the feet, RGBA."""
    turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    across = np.cross(up, view.rotation[0])
    ring = middle + FLOOR_RADIUS * (np.cos(turn)[:, None] * view.rotation[0] + np.sin(turn)[:, None] * across)
    canvas = np.zeros((view.height * LARGER, view.width * LARGER, 4), np.uint8)
    cv2.fillPoly(canvas, [(view.pixels(ring) * LARGER).round().astype(np.int32)], FLOOR)
    return reduced(canvas)


def _above(below: Image, above: Image) -> Image:
    """RGBA over RGBA."""
    b, a = below.astype(np.float32) / 255, above.astype(np.float32) / 255
    cover = a[..., 3:] + b[..., 3:] * (1 - a[..., 3:])
    colour = a[..., :3] * a[..., 3:] + b[..., :3] * b[..., 3:] * (1 - a[..., 3:])
    mixed = np.concatenate([colour / np.maximum(cover, 1e-6), cover], -1)
    return (255 * mixed).round().astype(np.uint8)
