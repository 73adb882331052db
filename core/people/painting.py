"""Takes other people out of a picture, so that one person's landmarks do not depend on them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .poses import Pose, outline, size_of

REDUCE = 8  # the smooth filling is worked out on a small picture
MARGIN = 24  # pixels of surroundings that the filling continues, and that vouch for the plate
PLATE_COVER = 1.4  # growth of outlines that the plate does not learn from
PLATE_TRUST = 12.0  # mean difference (0..255) around a hole up to which the plate still shows the same place


class Background:
    """The scene without people, learnt as they move; it fills the holes they leave when taken out.

    Where the scene behind somebody was never seen, or has changed since (a moving camera), the hole is
    filled with a smooth continuation of its surroundings. A flat patch would be a person-shaped thing
    of its own, which detectors find.
    """

    def __init__(self) -> None:
        self._plate: np.ndarray | None = None
        self._known: np.ndarray | None = None

    def learn(self, image: np.ndarray, people: Sequence[Pose]) -> None:
        """Takes in what `image` (H, W, 3) shows outside `people`."""
        size = size_of(image)
        free = np.full(size, 255, np.uint8)
        for pose in people:
            free &= ~outline(pose, size, grow=PLATE_COVER)
        if self._plate is None or self._known is None:
            self._plate, self._known = image.copy(), free
            return
        cv2.copyTo(image, free, self._plate)
        self._known |= free

    def without(
        self,
        image: np.ndarray,
        others: Sequence[Pose],
        keep: Sequence[Pose] = (),
        grow: float = 1.0,
        keep_grow: float = 1.0,
    ) -> np.ndarray:
        """A copy of `image` in which `others` are replaced by the scene behind them.

        Args:
            image: (H, W, 3). others: who goes. keep: who stands in front and stays untouched.
            grow, keep_grow: factors on the width of their outlines.
        """
        if not others:
            return image
        size = size_of(image)
        mask = np.zeros(size, np.uint8)
        for pose in others:
            mask |= outline(pose, size, grow=grow)
        for pose in keep:
            mask &= ~outline(pose, size, grow=keep_grow)
        x, y, width, height = cv2.boundingRect(mask)
        if not width or not height:
            return image
        x0, y0 = max(0, x - MARGIN), max(0, y - MARGIN)
        part = np.s_[y0 : min(size[0], y + height + MARGIN), x0 : min(size[1], x + width + MARGIN)]
        painted = image.copy()
        hole = self._fill_from_plate(painted[part], mask[part], part)
        if cv2.countNonZero(hole):
            _fill_smoothly(painted[part], hole)
        return painted

    def _fill_from_plate(self, patch: np.ndarray, hole: np.ndarray, part: tuple[slice, slice]) -> np.ndarray:
        """Fills what the plate knows, in place; returns the hole that is left."""
        if self._plate is None or self._known is None:
            return hole
        plate, known = self._plate[part], self._known[part]
        around = np.asarray(cv2.dilate(hole, np.ones((MARGIN, MARGIN), np.uint8)))
        ring = around & ~hole & known
        if not cv2.countNonZero(ring):
            return hole
        change = cv2.mean(cv2.absdiff(patch, plate), ring)
        if sum(change) / 3 > PLATE_TRUST:
            return hole
        cv2.copyTo(plate, hole & known, patch)
        return hole & ~known


def _fill_smoothly(patch: np.ndarray, hole: np.ndarray) -> None:
    """Continues the surroundings into the hole, in place."""
    height, width = hole.shape
    size = (max(1, width // REDUCE), max(1, height // REDUCE))
    small = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    small_hole = (cv2.resize(hole, size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    filled = cv2.resize(cv2.inpaint(small, small_hole, 2, cv2.INPAINT_TELEA), (width, height))
    cv2.copyTo(filled, hole, patch)


def hidden_share(pose: Pose, others: Sequence[Pose], size: tuple[int, int]) -> float:
    """How much of a person's outline lies behind `others`, 0 to 1."""
    if not others:
        return 0.0
    own = outline(pose, size, REDUCE // 2, grow=0.8)
    whole = cv2.countNonZero(own)
    if not whole:
        return 0.0
    covered = np.zeros_like(own)
    for other in others:
        covered |= outline(other, size, REDUCE // 2, grow=0.8)
    return cv2.countNonZero(own & covered) / whole
