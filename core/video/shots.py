"""Finds cuts while frames stream by."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

WIDTH, HEIGHT = 64, 36  # the size at which pictures are compared
BORDER = 10, 6  # how far the picture may shift between frames, in pixels of that size
ALIKE = 0.55  # correlation at the best shift, below which nothing of the old picture is left
CHANGE = 12.0  # mean difference (0..255) that a cut makes at least
JUMP = 3.0  # and how many times the recent differences
RECENT = 8


class CutDetector:
    """Says of each frame whether a new shot begins with it.

    A cut leaves nothing of the old picture. So a frame must both differ much more than its predecessors
    did, and correlate badly with the frame before at every shift: pans, zooms, shakes and people close to the
    lens keep most of the picture, only moved.
    """

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._recent: deque[float] = deque(maxlen=RECENT)

    def is_cut(self, image: np.ndarray) -> bool:
        """Takes the next frame, (H, W, 3); true where a shot begins (never for the first frame)."""
        small = _shrink(image)
        before, self._before = self._before, small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        usual = float(np.median(self._recent)) if self._recent else 0.0
        if change > max(CHANGE, JUMP * usual) and _likeness(before, small) < ALIKE:
            self._recent.clear()
            return True
        self._recent.append(change)
        return False


def _shrink(image: np.ndarray) -> np.ndarray:
    # A few pixels are enough for a picture this small; green is nearly the brightness.
    rows, columns = max(1, image.shape[0] // (4 * HEIGHT)), max(1, image.shape[1] // (4 * WIDTH))
    green = np.ascontiguousarray(image[::rows, ::columns, 1])
    return cv2.resize(green, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)


def _likeness(before: np.ndarray, after: np.ndarray) -> float:
    """Correlation of the middle of `before` with the best place in `after`, -1 to 1."""
    middle = np.ascontiguousarray(before[BORDER[1] : -BORDER[1], BORDER[0] : -BORDER[0]])
    if middle.std() < 1.0 or after.std() < 1.0:  # an empty picture correlates with nothing
        return 0.0
    return float(cv2.matchTemplate(after, middle, cv2.TM_CCOEFF_NORMED).max())
