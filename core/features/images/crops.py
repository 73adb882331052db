"""Crops of a person, the way into a crop and back, and what the crop's camera means (method sections 3, 10).

**Convention**: pixels of the upright image, x right, y down, whole numbers at pixel centres as in OpenCV. A
crop is (cx, cy, side) in those pixels, extraction scale included; its own pixels run from 0 to `size`, its
middle being size / 2.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from .resnet import CROP_SIZE

Array = NDArray[np.float64]
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, RGB in [0, 1]
LEAST_SCALE = 0.05  # less would place the person tens of metres behind what the picture shows


def crop_image(image: NDArray[np.uint8], box: ArrayLike, size: int = CROP_SIZE) -> NDArray[np.uint8]:
    """Square `box` (cx, cy, side) of an RGB image (H, W, 3) -> (size, size, 3), bilinear, black outside."""
    cx, cy, side = np.asarray(box, dtype=np.float64)
    k = size / side
    matrix = np.array([[k, 0.0, size / 2 - k * cx], [0.0, k, size / 2 - k * cy]])
    crop = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(crop, dtype=np.uint8)


def normalise(crops: NDArray[np.uint8] | Tensor) -> Tensor:
    """Crops (B, size, size, 3) RGB -> (B, 3, size, size) float32 with ImageNet's mean 0 and deviation 1.

    The result lies in memory as the crops do (channels last), which is how convolutions run fastest.
    """
    pixels = torch.as_tensor(crops)
    mean = torch.tensor(MEAN, device=pixels.device)
    std = torch.tensor(STD, device=pixels.device)
    return ((pixels.float() / 255 - mean) / std).permute(0, 3, 1, 2)


def to_crop(points: ArrayLike, boxes: ArrayLike, size: int = CROP_SIZE) -> Array:
    """Image points (..., J, 2) -> pixels of the crops `boxes` (..., 3)."""
    boxes = np.asarray(boxes, dtype=np.float64)[..., None, :]
    return (np.asarray(points, dtype=np.float64) - boxes[..., :2]) * (size / boxes[..., 2:]) + size / 2


def to_image(points: ArrayLike, boxes: ArrayLike, size: int = CROP_SIZE) -> Array:
    """Crop points (..., J, 2) -> image pixels: the inverse of `to_crop`."""
    boxes = np.asarray(boxes, dtype=np.float64)[..., None, :]
    return (np.asarray(points, dtype=np.float64) - size / 2) * (boxes[..., 2:] / size) + boxes[..., :2]


def translation(
    cam: NDArray[np.floating[Any]],
    boxes: NDArray[np.floating[Any]],
    focal_px: float,
    width: int,
    height: int,
) -> Array:
    """Crop cameras (T, 3) = (s, tx, ty) of crops (T, 3) -> pelvis (T, 3) in metres (method section 10.2).

    z = 2 f / (b s), x = tx + 2 (cx - W/2) / (b s), y = ty + 2 (cy - H/2) / (b s), with the crop's side b.

    **Convention**: camera x right, y down, z forward, the principal point in the picture's middle.
    """
    cam, boxes = np.asarray(cam, dtype=np.float64), np.asarray(boxes, dtype=np.float64)
    half = 2.0 / (boxes[:, 2] * np.maximum(cam[:, 0], LEAST_SCALE))  # metres per pixel at the person's depth
    off = (boxes[:, :2] - np.array([width, height]) / 2.0) * half[:, None]
    return np.column_stack([cam[:, 1:] + off, focal_px * half])
