"""What a person looks like: the colours of the clothes, and a thumbnail to choose by."""

from __future__ import annotations

import cv2
import numpy as np

from .poses import TORSO, Pose, outline, size_of

BINS = (12, 4, 4)  # hue, saturation, value
SHADES = 16  # of each primary colour in a palette
MIN_PIXELS = 40
THUMBNAIL = (128, 192)  # width, height
THIGHS = ((23, 25), (24, 26))


def clothes_colours(image: np.ndarray, pose: Pose) -> np.ndarray | None:
    """Colour histograms of shirt and trousers, (2, bins), each summing to 1; None when too little is seen."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (round(value) for value in pose.box)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x1 - x0 < 4 or y1 - y0 < 4:
        return None
    step = max(1, (y1 - y0) // 200)  # colours need no more than this many rows
    patch = np.ascontiguousarray(image[y0:y1:step, x0:x1:step])
    points = (pose.image[:, :2] - [x0, y0]) / step
    shirt, trousers = np.zeros(patch.shape[:2], np.uint8), np.zeros(patch.shape[:2], np.uint8)
    cv2.fillConvexPoly(shirt, cv2.convexHull(np.round(points[list(TORSO)]).astype(np.int32)), (255,))
    for hip, knee in THIGHS:
        start, end = np.round(points[[hip, knee]]).astype(int).tolist()
        cv2.line(trousers, start, end, (255,), max(1, round(0.08 * pose.scale / step)))
    tones = cv2.cvtColor(patch, cv2.COLOR_RGB2HSV)
    parts = []
    for mask in (shirt, trousers):
        if cv2.countNonZero(mask) < MIN_PIXELS:
            return None
        counts = cv2.calcHist([tones], [0, 1, 2], mask, list(BINS), [0, 180, 0, 256, 0, 256]).ravel()
        parts.append(counts / counts.sum())
    return np.array(parts, np.float32)


def palette(image: np.ndarray, pose: Pose) -> np.ndarray:
    """How often each colour occurs on a person, (SHADES³,), slightly blurred, summing to 1."""
    inside = outline(pose, size_of(image), grow=0.7) > 0
    counts = np.bincount(shade_of(image[inside]), minlength=SHADES**3).astype(np.float32)
    cube = counts.reshape(SHADES, SHADES, SHADES)
    for axis in range(3):  # so that a change of light by one shade is no new colour
        padded = np.pad(cube, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        low, middle, high = (np.take(padded, range(k, k + SHADES), axis) for k in range(3))
        cube = 0.25 * low + 0.5 * middle + 0.25 * high
    return (cube / max(cube.sum(), 1e-9)).ravel()


def shade_of(pixels: np.ndarray) -> np.ndarray:
    """The palette's bin of RGB pixels (..., 3)."""
    r, g, b = np.moveaxis(pixels.astype(np.int32) * SHADES // 256, -1, 0)
    return (r * SHADES + g) * SHADES + b


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Bhattacharyya coefficient of two people's colours, mean of the garments: 1 alike, 0 nothing shared."""
    return float(np.sqrt(first * second).sum(1).mean())


def cut_out(image: np.ndarray, pose: Pose) -> np.ndarray:
    """The person in a picture of `THUMBNAIL` size, edge pixels repeated where the crop leaves the frame."""
    width, height = THUMBNAIL
    x0, y0, x1, y1 = pose.box
    scale = 0.92 * min(width / max(x1 - x0, 1), height / max(y1 - y0, 1))
    matrix = np.array(
        [[scale, 0, width / 2 - scale * (x0 + x1) / 2], [0, scale, height / 2 - scale * (y0 + y1) / 2]]
    )
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 0.5:  # warping skips pixels when it shrinks: shrink by averaging first
        reduce = int(1 / scale)
        image = image[: image.shape[0] // reduce * reduce, : image.shape[1] // reduce * reduce]
        size = (image.shape[1] // reduce, image.shape[0] // reduce)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= reduce
        flags = cv2.INTER_LINEAR
    return cv2.warpAffine(image, matrix, THUMBNAIL, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def sharpness(thumbnail: np.ndarray) -> float:
    """Variance of the Laplacian: higher is sharper."""
    return float(cv2.Laplacian(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())
