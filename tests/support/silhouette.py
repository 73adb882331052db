"""Where a body is in a picture: in a screenshot by hiding it, in footage by MediaPipe's own segmentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_MARGIN = 0.4  # of the body's height, around it, that the segmentation is shown


def difference(with_body: Path, without: Path, frame: list[int]) -> np.ndarray:
    """The body's pixels inside the camera's picture, (height, width) bool.

    Args:
        with_body, without: two screenshots that differ by the body only.
        frame: left, bottom, right, top of the camera's picture, pixels counted from the screen's bottom.
    """
    left, bottom, right, top = frame
    first, second = (cv2.imread(str(path)).astype(int) for path in (with_body, without))
    height = first.shape[0]
    inside = slice(max(height - top, 0), height - bottom), slice(left, right)
    return np.abs(first[inside] - second[inside]).max(-1) > 24


def person_in_footage(video: Path, frame: int, near: np.ndarray, model: Path) -> np.ndarray:
    """The pixels of the person in a video frame, at the size of `near`, (height, width) bool.

    Args:
        near: where the person should be; only its surroundings are shown to the segmentation.
        model: a PoseLandmarker `.task` file.
    """
    import mediapipe

    capture = cv2.VideoCapture(str(video))
    capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
    _, picture = capture.read()
    tall, wide = picture.shape[:2]
    rows, columns = np.nonzero(near)
    scale = np.array([tall / near.shape[0], wide / near.shape[1]])
    margin = _MARGIN * (np.ptp(rows) + 1)
    low = np.maximum((np.array([rows.min(), columns.min()]) - margin) * scale, 0).astype(int)
    high = np.minimum((np.array([rows.max(), columns.max()]) + margin) * scale, (tall, wide)).astype(int)
    crop = np.ascontiguousarray(picture[low[0] : high[0], low[1] : high[1], ::-1])
    vision = mediapipe.tasks.vision
    options = vision.PoseLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)), output_segmentation_masks=True
    )
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=crop))
    whole = np.zeros((tall, wide), np.float32)
    whole[low[0] : high[0], low[1] : high[1]] = np.squeeze(found.segmentation_masks[0].numpy_view())
    return cv2.resize(whole, near.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((first & second).sum() / max((first | second).sum(), 1))
