"""How well a captured body covers the person in the picture: reprojection and silhouette overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

from ..motion.body import BodyTemplate
from ..motion.clip import MotionClip
from .metrics import LIMB_JOINTS_SMPL, LIMB_LANDMARKS_BLAZEPOSE
from .rendering import silhouette

MASK_THRESHOLD = 0.5
CROP_MARGIN = 0.25  # of the person's box, so that the segmentation sees the whole person


def reprojection_share(
    clip: MotionClip, image: NDArray[Any], visibility: NDArray[Any], standing_height: float
) -> NDArray[np.float64]:
    """Distance of projected limb joints to landmarks, as a share of the person's height in the picture.

    Args:
        clip: in any space, with its camera.
        image: (T, 33, 2) px of the upright image, the rows being the clip's frames. visibility: (T, 33).
        standing_height: metres of the body at rest.

    Returns:
        (T,) visibility-weighted mean over the twelve limb joints.
    """
    if clip.camera is None:
        raise ValueError("the clip has no camera to look through")
    joints = clip.joints[:, LIMB_JOINTS_SMPL]
    seen = image[:, LIMB_LANDMARKS_BLAZEPOSE, :2]
    weight = np.clip(visibility[:, LIMB_LANDMARKS_BLAZEPOSE], 1e-3, 1)
    depth = clip.root @ clip.camera.rotation[2] + clip.camera.translation[2]
    height_px = clip.camera.focal_px * standing_height / depth
    distance = np.linalg.norm(clip.camera.project(joints) - seen, axis=-1)
    return (distance * weight).sum(1) / weight.sum(1) / height_px


def body_silhouette(clip: MotionClip, row: int, body: BodyTemplate) -> NDArray[np.bool_]:
    """(H, W) pixels that the clip's body covers in its own camera at one row of the clip."""
    camera = clip.camera
    if camera is None:
        raise ValueError("the clip has no camera to look through")
    posed = body.posed_vertices(
        clip.rotations[row : row + 1], clip.root[row : row + 1], clip.betas, clip.body_scale
    )[0]
    vertices = posed @ camera.rotation.T + camera.translation
    return silhouette(vertices, body.faces, camera.focal_px, camera.width, camera.height)


def person_silhouette(
    image: NDArray[np.uint8], landmarks: NDArray[Any], model: Path
) -> NDArray[np.bool_] | None:
    """(H, W) pixels that MediaPipe's segmentation gives to the person around `landmarks` (33, 2) px.

    None where it finds nobody there.
    """
    height, width = image.shape[:2]
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    margin = CROP_MARGIN * (high - low).max()
    x0, y0 = np.clip(low - margin, 0, [width - 1, height - 1]).astype(int)
    x1, y1 = np.clip(high + margin, 1, [width, height]).astype(int)
    options = mp.tasks.vision.PoseLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(model)), output_segmentation_masks=True
    )
    with mp.tasks.vision.PoseLandmarker.create_from_options(options) as landmarker:
        crop = np.ascontiguousarray(image[y0:y1, x0:x1])
        found = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=crop))
    if not found.segmentation_masks:
        return None
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = np.squeeze(found.segmentation_masks[0].numpy_view()) > MASK_THRESHOLD
    return mask


def intersection_over_union(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Overlap of two masks in [0, 1]; 0 when both are empty."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 0.0
