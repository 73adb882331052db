"""Bodies as small, calm pictures: smooth-shaded clay from any viewpoint, with clean edges and transparency
(figures 5 to 8).

OpenCV fills the triangles from back to front at three times the size; no graphics card, no Blender. For
truth footage see `core.evaluate.rendering`, which draws clothes and no smooth shading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

LARGER = 3  # drawn so much larger, then reduced: clean edges
SUBPIXEL_BITS = 4
NEAR = 0.1  # metres before the camera; what is nearer is not drawn
LIGHT = np.array([-0.45, -0.7, -0.6]) / np.linalg.norm([-0.45, -0.7, -0.6])  # towards the light
AMBIENT, DIFFUSE, RIM = 0.5, 0.55, 0.22


@dataclass(frozen=True)
class Viewpoint:
    """Where a picture is taken from.

    **Convention**: X_view = rotation @ X + translation, view axes x right, y down, z forward, metres. With
    `focal_px` a point lands on focal_px x / z from the picture's middle; `parallel` views put it at
    focal_px x, so that focal_px is pixels per metre there.
    """

    rotation: Array  # (3, 3)
    translation: Array  # (3,)
    focal_px: float
    width: int
    height: int
    parallel: bool = False

    def see(self, points: Array) -> Array:
        """Points (..., 3) -> view axes (..., 3), metres."""
        return np.asarray(points, float) @ np.asarray(self.rotation, float).T + self.translation

    def pixels(self, points: Array) -> Array:
        """Points (..., 3) -> pixels (..., 2) from the top left corner."""
        seen = self.see(points)
        depth = 1.0 if self.parallel else np.maximum(seen[..., 2:], NEAR)
        return self.focal_px * seen[..., :2] / depth + np.array([self.width, self.height]) / 2


def side_view(
    up: Array, forward: Array, middle: Array, metres: float, size: int, above: float = 0.0
) -> Viewpoint:
    """A parallel view from the right of somebody who looks along `forward`.

    Args:
        up, forward: (3,) in the bodies' space; `forward` is levelled. middle: (3,) what is in the middle.
        metres: how much the picture shows. size: of the square picture, pixels.
        above: degrees by which it looks down; a little shows the feet against the floor.
    """
    down = -np.asarray(up, float) / np.linalg.norm(up)
    level = np.asarray(forward, float) - np.dot(forward, down) * down
    level /= np.linalg.norm(level)
    aside = -np.cross(down, level)  # level too: from the right to the left of the first view
    right, angle = np.cross(down, aside), np.radians(above)
    towards = np.cos(angle) * aside + np.sin(angle) * down
    rotation = np.stack([right, np.cross(towards, right), towards])
    return Viewpoint(rotation, -rotation @ np.asarray(middle, float), size / metres, size, size, True)


def draw_meshes(bodies: Sequence[Array], faces: Array, view: Viewpoint, colours: Sequence[Colour]) -> Image:
    """Posed bodies, each (V, 3), as RGBA (height, width, 4); what nobody covers is transparent.

    Args:
        faces: (F, 3), counter-clockwise from outside. colours: RGB, one a body.
    """
    larger = (view.height * LARGER, view.width * LARGER)
    canvas = np.zeros((*larger, 4), np.uint8)
    corners, tones, depths = [], [], []
    for vertices, colour in zip(bodies, colours, strict=True):
        seen = view.see(vertices)
        shown, tone = _shade(seen, faces, np.asarray(colour, float), view.parallel)
        pixels = view.pixels(vertices) * LARGER * (1 << SUBPIXEL_BITS)
        corners.append(pixels.round().clip(-(2**28), 2**28).astype(np.int32)[faces[shown]])
        tones.append(tone)
        depths.append(seen[faces[shown], 2].mean(1))
    points, shades = np.concatenate(corners), np.concatenate(tones)
    for index in np.argsort(-np.concatenate(depths), kind="stable"):
        tone = (*shades[index].tolist(), 255)
        cv2.fillConvexPoly(canvas, points[index], tone, cv2.LINE_8, SUBPIXEL_BITS)
    return reduced(canvas)


def _shade(seen: Array, faces: Array, colour: Array, parallel: bool) -> tuple[Array, Array]:
    """Faces turned to the viewer, and their colours (n, 3), from normals averaged at the corners."""
    corners = seen[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    smooth = np.zeros_like(seen)
    for corner in range(3):
        np.add.at(smooth, faces[:, corner], normals)
    smooth = _unit(_unit(smooth)[faces].sum(1))
    ray = np.array([0.0, 0.0, 1.0]) if parallel else _unit(corners.mean(1))
    front = ((normals * ray).sum(1) < 0) & ((corners[:, :, 2].min(1) > NEAR) | parallel)
    shown = np.flatnonzero(front)
    facing = np.clip(-(smooth * ray).sum(1), 0, 1)[shown]
    light = AMBIENT + DIFFUSE * np.clip((smooth[shown] * LIGHT).sum(1), 0, 1) + RIM * (facing - 1) * 0.8
    tone = colour * light[:, None] + 255 * 0.10 * facing[:, None] ** 6
    return shown, tone.clip(0, 255)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def reduced(canvas: Image) -> Image:
    """An RGBA canvas drawn `LARGER`, at its final size; colours are averaged by coverage, so that edges do
    not turn dark.
    """
    size = (canvas.shape[1] // LARGER, canvas.shape[0] // LARGER)
    alpha = canvas[..., 3:].astype(np.float32) / 255
    colour = cv2.resize(canvas[..., :3] * alpha, size, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)[..., None]
    colour = colour / np.maximum(cover, 1e-6)
    return np.concatenate([colour, 255 * cover], -1).round().clip(0, 255).astype(np.uint8)


def laid_over(below: Image, above: Image, opacity: float = 1.0) -> Image:
    """RGBA `above` over RGB `below` of the same size."""
    alpha = above[..., 3:].astype(np.float32) / 255 * opacity
    return (below * (1 - alpha) + above[..., :3] * alpha).round().astype(np.uint8)
