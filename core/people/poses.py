"""One person's landmarks in one frame, and the plain geometry that tracking needs of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels

LEFT_EAR, RIGHT_EAR = 7, 8
SHOULDERS, HIPS = (11, 12), (23, 24)
TORSO = (11, 12, 24, 23)
# (from, to, radius in metres) of the capsules that cover a clothed person
LIMBS = (
    (11, 13, 0.08), (13, 15, 0.07), (15, 19, 0.07), (12, 14, 0.08), (14, 16, 0.07), (16, 20, 0.07),
    (23, 25, 0.13), (25, 27, 0.10), (27, 31, 0.08), (27, 29, 0.08),
    (24, 26, 0.13), (26, 28, 0.10), (28, 32, 0.08), (28, 30, 0.08),
)  # fmt: skip
TORSO_RADIUS, HEAD_RADIUS = 0.10, 0.17
HAND_REACH = 1.8  # fingers end this many wrist-to-knuckle lengths beyond the wrist


@dataclass(frozen=True, eq=False)
class Pose:
    """33 BlazePose landmarks.

    **Convention**: `image` is x right, y down in pixels of the upright picture, z in the same unit, smaller
    is nearer; `world` is metres, x right, y down, z forward, the middle of the hips at the origin.

    Attributes:
        image (33, 3), visibility (33,), world (33, 3).
    """

    image: np.ndarray
    visibility: np.ndarray
    world: np.ndarray

    @cached_property
    def confidence(self) -> float:
        """Mean visibility of the body landmarks (the face is always sure, so it says little)."""
        return float(self.visibility[11:].mean())

    @cached_property
    def centre(self) -> np.ndarray:
        """(2,) px, the middle of the torso."""
        return self.image[list(TORSO), :2].mean(0)

    @cached_property
    def scale(self) -> float:
        """Pixels per metre at the person's distance: the nearer of two people has the larger one."""
        world, image = (
            self.world[:, :2] - self.world[:, :2].mean(0),
            self.image[:, :2] - self.image[:, :2].mean(0),
        )
        return float(np.sqrt((image**2).sum() / max((world**2).sum(), 1e-9)))

    @cached_property
    def box(self) -> Box:
        """The landmarks' bounding box, grown by the head's and the limbs' thickness."""
        margin = 0.1 * self.scale
        low, high = self.image[:, :2].min(0) - margin, self.image[:, :2].max(0) + margin
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def moved(self, shift: np.ndarray) -> Pose:
        """The same pose `shift` (2,) px further."""
        image = self.image.copy()
        image[:, :2] += shift
        return replace(self, image=image)


def outline(pose: Pose, size: tuple[int, int], reduce: int = 1, grow: float = 1.0) -> np.ndarray:
    """A mask that covers the person: capsules about the limbs, a hull about the torso, a disc for the head.

    Args:
        size: (height, width) of the picture. reduce: makes the mask that many times smaller.
        grow: factor on all thicknesses.

    Returns:
        (ceil(height / reduce), ceil(width / reduce)) uint8, 255 inside.
    """
    mask = np.zeros((-(-size[0] // reduce), -(-size[1] // reduce)), np.uint8)
    unit = pose.scale * grow / reduce  # mask pixels of a metre
    points = (np.clip(pose.image[:, :2], -1e4, 1e4) / reduce).astype(np.float64)

    def thickness(radius: float) -> int:
        return max(1, round(2 * radius * unit))

    def at(point: np.ndarray) -> tuple[int, int]:
        return round(float(point[0])), round(float(point[1]))

    torso = cv2.convexHull(np.round(points[list(TORSO)]).astype(np.int32))
    cv2.fillConvexPoly(mask, torso, (255,))
    cv2.polylines(mask, [torso], True, (255,), thickness(TORSO_RADIUS))
    for start, end, radius in LIMBS:
        tip = points[end]
        if end in (19, 20):
            tip = points[start] + HAND_REACH * (tip - points[start])
        cv2.line(mask, at(points[start]), at(tip), (255,), thickness(radius))
    head = points[[LEFT_EAR, RIGHT_EAR]].mean(0)
    cv2.circle(mask, at(head), max(1, round(HEAD_RADIUS * unit)), (255,), -1)
    cv2.line(mask, at(head), at(points[list(SHOULDERS)].mean(0)), (255,), thickness(0.09))
    return mask


def size_of(image: np.ndarray) -> tuple[int, int]:
    """(height, width) of a picture."""
    return image.shape[0], image.shape[1]


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(first) + _area(second) - shared)


def touch(first: Box, second: Box) -> bool:
    """Whether two boxes share a point."""
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def grown(box: Box, factor: float) -> Box:
    """A square about the box, as wide as its longer side times `factor`."""
    half = factor * max(box[2] - box[0], box[3] - box[1]) / 2
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return x - half, y - half, x + half, y + half


def distance(first: Pose, second: Pose) -> float:
    """Mean distance of the landmarks in metres at the first person's distance from the camera."""
    gap = np.linalg.norm(first.image[11:, :2] - second.image[11:, :2], axis=1).mean()
    return float(gap / max(first.scale, 1e-6))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
