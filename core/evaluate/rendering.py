"""A small rasteriser for footage whose truth is known exactly: flat-shaded bodies before a blurry background.

Not a pretty picture, a faithful test: landmark detectors find such bodies as well as real people, and err on
them as they err on real video. Triangles are drawn back to front with OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
LIGHT = np.array([0.35, -0.75, -0.55]) / np.linalg.norm(
    [0.35, -0.75, -0.55]
)  # towards the light, camera axes
NEAR = 0.1  # metres before the camera; what is nearer is not drawn
SUBPIXEL_BITS = 4
# Dominant joint of a face -> which garment it wears.
HEAD, HANDS, FEET, LEGS = {12, 15}, {20, 21, 22, 23}, {7, 8, 10, 11}, {0, 1, 2, 4, 5}
FOREARMS = {18, 19}


def background(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Blurry coloured noise with a lighter ground, (H, W, 3) RGB: texture, but nothing person-shaped."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.float32)
    for cell, strength in ((8, 0.5), (32, 0.35), (90, 0.3)):
        shape = (height // cell + 2, width // cell + 2)
        # Mostly grey: fully coloured noise is louder than any street.
        noise = 0.8 * rng.random((*shape, 1), dtype=np.float32) + 0.2 * rng.random(
            (*shape, 3), dtype=np.float32
        )
        image += strength * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    ground = np.linspace(0.0, 0.25, height, dtype=np.float32)[:, None, None]
    image = cv2.GaussianBlur(image / image.max() * 0.75 + ground, (0, 0), 2)
    return (image.clip(0, 1) * 255).astype(np.uint8)


def clothes(weights: Array, faces: NDArray[np.integer], seed: int) -> Array:
    """A colour for every face, (F, 3) RGB in [0, 1]: skin, hair-dark head top, shirt, trousers, shoes.

    Args:
        weights: (V, 24) skinning weights. faces: (F, 3).
    """
    rng = np.random.default_rng(seed)
    skin = np.array([[0.87, 0.67, 0.55], [0.55, 0.38, 0.28], [0.75, 0.55, 0.42]])[rng.integers(3)]
    shirt, trousers, shoes = rng.uniform(0.1, 0.9, 3), rng.uniform(0.05, 0.5, 3), rng.uniform(0.05, 0.3, 3)
    part = weights[faces].sum(1).argmax(1)
    colours = np.empty((len(faces), 3))
    for index, joint in enumerate(part):
        if joint in HEAD or joint in HANDS or joint in FOREARMS:
            colours[index] = skin
        elif joint in FEET:
            colours[index] = shoes
        else:
            colours[index] = trousers if joint in LEGS else shirt
    return colours


def draw_bodies(
    image: NDArray[np.uint8],
    bodies: Sequence[Array],
    faces: NDArray[np.integer],
    colours: Sequence[Array],
    focal_px: float,
) -> list[NDArray[np.bool_]]:
    """Draw posed bodies into `image` in place, the farthest first.

    **Convention**: vertices in the OpenCV camera frame (x right, y down, z forward), metres; the principal
    point is the middle of the image.

    Args:
        image: (H, W, 3) RGB. bodies: one (V, 3) a person. faces: (F, 3). colours: one (F, 3) a person.

    Returns:
        For each person the (H, W) pixels that show that person in the finished picture.
    """
    owner = np.full(image.shape[:2], 255, np.uint8)
    for person in sorted(range(len(bodies)), key=lambda index: -float(np.median(bodies[index][:, 2]))):
        _draw_body(image, owner, person, bodies[person], faces, colours[person], focal_px)
    return [owner == person for person in range(len(bodies))]


def silhouette(
    vertices: Array, faces: NDArray[np.integer], focal_px: float, width: int, height: int
) -> NDArray[np.bool_]:
    """(H, W) pixels that a posed body covers; arguments as `draw_bodies`."""
    mask = np.zeros((height, width), np.uint8)
    points = _corner_pixels(vertices, focal_px, width, height)
    _fill_all(mask, points[faces[vertices[faces][:, :, 2].min(1) > NEAR]])
    return mask > 0


def _draw_body(
    image: NDArray[np.uint8],
    owner: NDArray[np.uint8],
    person: int,
    vertices: Array,
    faces: NDArray[np.integer],
    colours: Array,
    focal_px: float,
) -> None:
    height, width = image.shape[:2]
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    middle = corners.mean(1)
    # Winding says which side is outside; the mesh is closed, so only faces turned to the camera are drawn.
    drawn = np.flatnonzero(((normals * middle).sum(1) < 0) & (corners[:, :, 2].min(1) > NEAR))
    shade = 0.45 + 0.55 * np.clip((normals[drawn] * LIGHT).sum(1), 0, 1)
    tones = (colours[drawn] * shade[:, None] * 255).clip(0, 255)
    points = _corner_pixels(vertices, focal_px, width, height)[faces[drawn]]
    for index in np.argsort(-middle[drawn, 2], kind="stable"):
        cv2.fillConvexPoly(image, points[index], tuple(tones[index].tolist()), cv2.LINE_8, SUBPIXEL_BITS)
    mask = np.zeros((height, width), np.uint8)
    _fill_all(mask, points)
    owner[mask > 0] = person


def _corner_pixels(vertices: Array, focal_px: float, width: int, height: int) -> NDArray[np.int32]:
    """(V, 2) fixed-point pixels: whole ones would tear holes between thin triangles."""
    pixels = vertices[:, :2] / np.maximum(vertices[:, 2:], NEAR) * focal_px + [width / 2, height / 2]
    return np.round(pixels * (1 << SUBPIXEL_BITS)).clip(-(2**28), 2**28).astype(np.int32)


def _fill_all(mask: NDArray[np.uint8], triangles: NDArray[np.int32]) -> None:
    """Union of all triangles; one `fillPoly` over them all would cancel where two overlap (even-odd rule)."""
    for triangle in triangles:
        cv2.fillConvexPoly(mask, triangle, (1,), cv2.LINE_8, SUBPIXEL_BITS)
