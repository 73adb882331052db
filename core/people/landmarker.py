"""MediaPipe's PoseLandmarker as plain functions from a picture to `Pose`.

Two facts of mediapipe 1.2 shape this file. It reads the raw pixel pointer and ignores strides, so pictures
must be C-contiguous. Its native library writes notes to file descriptor 2 that no Python setting reaches.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .model_files import LandmarkModelCorrupt
from .poses import Pose

_stderr_lock = threading.Lock()
# Lower than MediaPipe's 0.5: its detector is shy of grey and low-contrast footage, and what it proposes is
# checked by the landmark model's own presence score all the same.
DETECTION_CONFIDENCE = 0.3
PAUSE_MS = (
    1000  # on a landmarker's own clock before a new stretch of video, so that nothing is smoothed across
)


class VideoLandmarker:
    """Follows one person through consecutive pictures (VIDEO mode: it tracks, and smooths by time)."""

    def __init__(self, model: str | os.PathLike[str]) -> None:
        self._landmarker = _create(model, video=True)
        self._clock = 0  # ms of the last call; MediaPipe demands that it rises
        self._zero: int | None = None  # what the clock shows at time 0 of the stretch being followed
        self._settled = False  # the native library talks until its first find

    def __call__(self, image: np.ndarray, time: float) -> Pose | None:
        """The person in `image` (H, W, 3) RGB at `time` s, or None. Times rise within one stretch."""
        now = round(time * 1000)
        if self._zero is None:
            self._zero = self._clock + PAUSE_MS - now
        return self._detect(image, self._zero + now)

    def warm_up(self, image: np.ndarray) -> Pose | None:
        """Looks at a picture that is not part of the video, before the first one that is."""
        return self._detect(image, self._clock + 1)

    def forget(self) -> None:
        """Ends the stretch: whoever was followed is let go, and times may start anew."""
        for _ in range(2):  # the first picture loses the person, the second one finds nobody
            self.warm_up(np.zeros((64, 64, 3), np.uint8))
        self._zero = None

    def _detect(self, image: np.ndarray, clock: int) -> Pose | None:
        self._clock = max(self._clock + 1, clock)
        with contextlib.nullcontext() if self._settled else _quiet():
            result = self._landmarker.detect_for_video(_wrap(image), self._clock)
        pose = _first_pose(result, image)
        self._settled = self._settled or pose is not None
        return pose

    def close(self) -> None:
        self._landmarker.close()


class ImageLandmarker:
    """Finds the most prominent person in a single picture (IMAGE mode: no memory)."""

    def __init__(self, model: str | os.PathLike[str]) -> None:
        self._landmarker = _create(model, video=False)
        self._settled = False  # the native library talks until its first find

    def __call__(self, image: np.ndarray) -> Pose | None:
        with contextlib.nullcontext() if self._settled else _quiet():
            result = self._landmarker.detect(_wrap(image))
        pose = _first_pose(result, image)
        self._settled = self._settled or pose is not None
        return pose

    def close(self) -> None:
        self._landmarker.close()


def _create(model: str | os.PathLike[str], video: bool):
    # Imported late: it takes seconds, and choosing a track must not need it.
    from mediapipe.tasks.python.core.base_options import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

    options = PoseLandmarkerOptions(
        # As bytes, because the native library cannot open every path that Python can (Windows, non-ASCII).
        base_options=BaseOptions(model_asset_buffer=Path(model).read_bytes()),
        running_mode=RunningMode.VIDEO if video else RunningMode.IMAGE,
        num_poses=1,
        min_pose_detection_confidence=DETECTION_CONFIDENCE,
    )
    try:
        with _quiet():
            return PoseLandmarker.create_from_options(options)
    except (ValueError, RuntimeError) as error:
        raise LandmarkModelCorrupt(
            f"MediaPipe cannot run the landmark model {model}: run `reel2rig setup` or give another one."
        ) from error


def _wrap(image: np.ndarray):
    from mediapipe import Image, ImageFormat

    return Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image))


def _first_pose(result, image: np.ndarray) -> Pose | None:
    if not result.pose_landmarks:
        return None
    height, width = image.shape[:2]
    seen = np.array([(p.x, p.y, p.z, p.visibility) for p in result.pose_landmarks[0]], dtype=np.float64)
    world = np.array([(p.x, p.y, p.z) for p in result.pose_world_landmarks[0]], dtype=np.float64)
    return Pose(seen[:, :3] * [width, height, width], seen[:, 3], world)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Sends file descriptor 2 to nowhere for a moment."""
    with _stderr_lock:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error at all, as under pythonw
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
