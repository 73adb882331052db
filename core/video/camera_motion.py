"""Notices a camera that moves or zooms, from the background behind the people.

Points of the background are followed between pictures a moment apart; a similarity transform fitted to them
by RANSAC is the camera's own motion. Points on people are left out, so that a large person who moves before
a static camera does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

EVERY = 0.15  # s between looks
ANCHOR_SECONDS = 1.5  # the slow motion is measured against a picture this old
WIDTH = 240  # pixels of the picture that is looked at
GRID, POINTS_PER_CELL = (6, 4), 6  # points are spread evenly, so that most of the picture decides
FLAT = 3.0  # standard deviation (0..255) below which a cell shows nothing to follow
MIN_POINTS, MIN_INLIERS = 14, 0.6
BACK_AND_FORTH = 0.6  # px, a point must come back to its start when followed backwards
RANSAC_PX = 1.0
MOVING = 0.02  # of the width: farther than this from the start, the camera moves
SHAKING = 0.004  # of the width, typical displacement between looks
ZOOMING = 0.04  # change of size
BOX_MARGIN = 0.15  # people are left out with this much of their size around them


@dataclass(frozen=True)
class CameraMotion:
    """What the background says about the camera.

    Attributes:
        moving: pans, tilts, travels or shakes. zooming: changes its focal length, or travels along its axis.
        shift: largest displacement of the background since its shot began, as a share of the width.
        shake: median displacement between looks, as a share of the width.
        zoom: largest change of size since its shot began, 0.1 is 10 %.
        looks: how many pairs of pictures could be judged; 0 says that nothing is known.
    """

    moving: bool = False
    zooming: bool = False
    shift: float = 0.0
    shake: float = 0.0
    zoom: float = 0.0
    looks: int = 0

    @property
    def static(self) -> bool:
        return not self.moving and not self.zooming

    def note(self) -> str | None:
        """A sentence for the user, or None when there is nothing to say."""
        if self.looks == 0:
            return "Too little background is in view to tell whether the camera moves: it is taken as static."
        if self.static:
            return None
        what = " and ".join(
            word for word, is_so in (("moves", self.moving), ("zooms", self.zooming)) if is_so
        )
        return (
            f"The camera {what} (background shifted by up to {self.shift:.0%} of the width, size changed by "
            f"{self.zoom:.0%}); a static camera is assumed, so this motion is part of the people's paths."
        )


class CameraWatcher:
    """Takes the frames of one video in order and sums up the camera's motion."""

    def __init__(self) -> None:
        self._previous: _Look | None = None
        self._anchor: _Look | None = None
        self._steps: list[float] = []
        self._shift = self._zoom = 0.0

    def wants(self, time: float) -> bool:
        """Whether enough time has passed for another look."""
        return self._previous is None or time - self._previous.time >= EVERY

    def look(self, image: np.ndarray, time: float, boxes: Sequence[Sequence[float]] = ()) -> None:
        """Takes a frame (H, W, 3), its time in s, and the boxes (x0, y0, x1, y1) in px where people are."""
        now = _Look.of(image, time, boxes)
        if self._previous is None or self._anchor is None:
            self._previous = self._anchor = now
            return
        step = _motion(self._previous, now)
        if step is not None:
            self._steps.append(_displacement(step, now.size))
        # Small steps summed up would drift with their noise: the long way is measured against an old picture.
        far = step if self._anchor is self._previous else _motion(self._anchor, now)
        if far is None:  # the old picture is out of view: continue from the one before
            self._anchor, far = self._previous, step
        now.total = self._anchor.total if far is None else far @ self._anchor.total
        self._shift = max(self._shift, _displacement(now.total, now.size))
        self._zoom = max(self._zoom, abs(float(np.log(np.linalg.det(now.total[:2, :2]))) / 2))
        if time - self._anchor.time > ANCHOR_SECONDS:
            self._anchor = now
        self._previous = now

    def cut(self) -> None:
        """A new shot begins: nothing before it can be compared."""
        self._previous = self._anchor = None

    def summary(self) -> CameraMotion:
        shake = float(np.median(self._steps)) if self._steps else 0.0
        return CameraMotion(
            moving=self._shift > MOVING or shake > SHAKING,
            zooming=self._zoom > ZOOMING,
            shift=self._shift,
            shake=shake,
            zoom=float(np.expm1(self._zoom)),
            looks=len(self._steps),
        )


@dataclass(eq=False)
class _Look:
    """A small grey picture with points to follow; `total` (3, 3) is the motion since its shot began."""

    time: float
    grey: np.ndarray
    free: np.ndarray
    points: np.ndarray
    total: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        return self.grey.shape[0], self.grey.shape[1]

    @classmethod
    def of(cls, image: np.ndarray, time: float, boxes: Sequence[Sequence[float]]) -> _Look:
        scale = WIDTH / image.shape[1]
        size = (WIDTH, max(16, round(image.shape[0] * scale)))
        step = max(1, image.shape[1] // (3 * WIDTH))  # averaging every pixel of a large picture costs more
        green = np.ascontiguousarray(image[::step, ::step, 1])
        grey = np.asarray(cv2.resize(green, size, interpolation=cv2.INTER_AREA))
        free = np.full(grey.shape, 255, np.uint8)
        for x0, y0, x1, y1 in boxes:
            margin = BOX_MARGIN * max(x1 - x0, y1 - y0)
            corners = np.array([x0 - margin, y0 - margin, x1 + margin, y1 + margin]) * scale
            a, b, c, d = np.clip(np.round(corners), 0, 10_000).astype(int)
            free[b:d, a:c] = 0
        return cls(time, grey, free, _corners(grey, free), np.eye(3))


def _corners(grey: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Points worth following, (n, 1, 2), a few in each cell of a grid."""
    rows = np.linspace(0, grey.shape[0], GRID[1] + 1).astype(int)
    columns = np.linspace(0, grey.shape[1], GRID[0] + 1).astype(int)
    points = [np.empty((0, 1, 2), np.float32)]
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            cell, allowed = grey[top:bottom, left:right], free[top:bottom, left:right]
            if not allowed.any() or cell.std() < FLAT:
                continue
            found = cv2.goodFeaturesToTrack(cell, POINTS_PER_CELL, 0.05, 5, mask=allowed)
            if found is not None:
                points.append(np.asarray(found, np.float32) + np.array([left, top], np.float32))
    return np.concatenate(points)


def _motion(before: _Look, now: _Look) -> np.ndarray | None:
    """(3, 3) similarity in pixels that carries the background from `before` to `now`; None when unsure."""
    if len(before.points) < MIN_POINTS or before.size != now.size:
        return None
    there, ok = _followed(before.grey, now.grey, before.points)
    back, ok_back = _followed(now.grey, before.grey, there)
    good = ok & ok_back
    good &= np.linalg.norm(back - before.points, axis=2).ravel() < BACK_AND_FORTH
    good &= _is_free(there, now.free)
    if good.sum() < MIN_POINTS:
        return None
    matrix, inliers = cv2.estimateAffinePartial2D(
        before.points[good], there[good], method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX
    )
    if matrix is None or inliers.sum() < max(MIN_POINTS, MIN_INLIERS * good.sum()):
        return None
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _followed(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points (n, 1, 2) have gone, and which of them could be followed (n,)."""
    start = points.copy()  # OpenCV's type hints want a guess; without its flag it is not used
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, after, points, start, winSize=(15, 15), maxLevel=3)
    return np.asarray(there, np.float32), ok.ravel() > 0


def _is_free(points: np.ndarray, free: np.ndarray) -> np.ndarray:
    x, y = np.round(points.reshape(-1, 2)).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < free.shape[1]) & (y < free.shape[0])
    return inside & (free[np.clip(y, 0, free.shape[0] - 1), np.clip(x, 0, free.shape[1] - 1)] > 0)


def _displacement(motion: np.ndarray, size: tuple[int, int]) -> float:
    """How far the middle of the picture goes, as a share of the width."""
    middle = np.array([size[1] / 2, size[0] / 2, 1.0])
    return float(np.linalg.norm((motion @ middle - middle)[:2]) / size[1])
