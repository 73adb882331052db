"""Takes other people out of a picture, so that one person's landmarks do not depend on them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .appearance import shade_of
from .poses import Pose, grown, outline, size_of

REDUCE = 8  # the smooth filling is worked out on a small picture
MARGIN = 24  # pixels of surroundings that the filling continues, and that vouch for the plate
OUTSIDE, INSIDE, CORE = -1.0, 1.0, 4.0  # log odds for somebody in front, by where the pixel is in the outline
CORE_WIDTH = 0.5
NEIGHBOURHOOD = 1.1  # of a person's square, where limbs that the outline misses are looked for
FOREIGN = 30  # difference (0..255) from the plate that somebody makes
AROUND = 1.2  # growth of outlines that are no surroundings
RARE = 1e-4  # share of a colour below which it says nothing
SMOOTH = 5  # pixels over which evidence is averaged
PLATE_COVER = 1.4  # growth of outlines that the plate does not learn from
UNSURE_COVER = 1.3  # of the square of somebody who was not seen in this frame
PLATE_TRUST = 12.0  # median difference (0..255) around a hole up to which the plate is still true


class Background:
    """The scene without people, learnt as they move; it fills the holes they leave when taken out.

    Where the scene behind somebody was never seen, or has changed since (a moving camera), the hole is
    filled with a smooth continuation of its surroundings. A flat patch would be a person-shaped thing
    of its own, which detectors find.
    """

    def __init__(self) -> None:
        self._plate: np.ndarray | None = None
        self._known: np.ndarray | None = None

    def learn(self, image: np.ndarray, people: Sequence[Pose], unsure: Sequence[Pose] = ()) -> None:
        """Takes in what `image` (H, W, 3) shows outside `people`, and well outside where `unsure` may be."""
        size = size_of(image)
        free = np.full(size, 255, np.uint8)
        for pose in people:
            free &= ~outline(pose, size, grow=PLATE_COVER)
        for pose in unsure:
            x0, y0, x1, y1 = (max(0, round(value)) for value in grown(pose.box, UNSURE_COVER))
            free[y0:y1, x0:x1] = 0
        if self._plate is None or self._known is None:
            self._plate, self._known = image.copy(), free
            return
        cv2.copyTo(image, free, self._plate)
        self._known |= free

    def forget(self, people: Sequence[Pose]) -> None:
        """Unlearns what lies under `people`, who were there unnoticed."""
        if self._known is not None:
            self._known &= ~_union(people, size_of(self._known), PLATE_COVER)

    def without(
        self,
        image: np.ndarray,
        others: Sequence[Pose],
        keep: Sequence[Pose] = (),
        grow: float = 1.0,
        palettes: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> np.ndarray:
        """A copy of `image` in which `others` are replaced by the scene behind them.

        Args:
            image: (H, W, 3). others: who goes. keep: who stands in front and stays.
            grow: factor on the width of the outlines of `others`.
            palettes: colours of `others` and of `keep`, which then decide where the outlines overlap.
        """
        if not others:
            return image
        size = size_of(image)
        mask = _union(others, size, grow)
        if keep and palettes is not None:
            mask |= self._strangers(image, others)
            if cv2.countNonZero(mask):
                mask &= ~_colours_of_keep(image, mask, keep, *palettes)
        else:
            mask &= ~_union(keep, size, 1.0)
        x, y, width, height = cv2.boundingRect(mask)
        if not width or not height:
            return image
        x0, y0 = max(0, x - MARGIN), max(0, y - MARGIN)
        part = np.s_[y0 : min(size[0], y + height + MARGIN), x0 : min(size[1], x + width + MARGIN)]
        occupied = _union([*others, *keep], size, AROUND)[part]
        painted = image.copy()
        hole = self._fill_from_plate(painted[part], mask[part], occupied, part)
        if cv2.countNonZero(hole):
            _fill_smoothly(painted[part], hole, occupied)
        return painted

    def _strangers(self, image: np.ndarray, others: Sequence[Pose]) -> np.ndarray:
        """What hides the scene near `others`, where the scene is known: limbs that their outlines miss."""
        found = np.zeros(size_of(image), np.uint8)
        if self._plate is None or self._known is None:
            return found
        for pose in others:
            x0, y0, x1, y1 = (max(0, round(value)) for value in grown(pose.box, NEIGHBOURHOOD))
            part = np.s_[y0:y1, x0:x1]
            if found[part].size:
                change = cv2.absdiff(image[part], self._plate[part]).max(2)
                found[part] |= np.where(change > FOREIGN, self._known[part], 0)
        return found

    def _fill_from_plate(
        self, patch: np.ndarray, hole: np.ndarray, occupied: np.ndarray, part: tuple[slice, slice]
    ) -> np.ndarray:
        """Fills what the plate knows, in place; returns the hole that is left."""
        if self._plate is None or self._known is None:
            return hole
        plate, known = self._plate[part], self._known[part]
        around = np.asarray(cv2.dilate(hole, np.ones((MARGIN, MARGIN), np.uint8)))
        ring = (around & ~hole & ~occupied & known) > 0
        if not ring.any():
            return hole
        # The median, because somebody else may stand in the ring.
        if np.median(cv2.absdiff(patch[ring], plate[ring])) > PLATE_TRUST:
            return hole
        cv2.copyTo(plate, hole & known, patch)
        return hole & ~known


def _union(poses: Sequence[Pose], size: tuple[int, int], grow: float) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    for pose in poses:
        mask |= outline(pose, size, grow=grow)
    return mask


def _colours_of_keep(
    image: np.ndarray, mask: np.ndarray, keep: Sequence[Pose], going: np.ndarray, staying: np.ndarray
) -> np.ndarray:
    """The part of `mask` that shows who stands in front, by place and colour; 255 there."""
    size = size_of(image)
    x, y, width, height = cv2.boundingRect(mask)
    part = np.s_[y : y + height, x : x + width]
    shades = shade_of(image[part])
    score = np.log((staying[shades] + RARE) / (going[shades] + RARE)).astype(np.float32) + OUTSIDE
    for grow, gain in ((1.0, INSIDE - OUTSIDE), (CORE_WIDTH, CORE - INSIDE)):
        score[_union(keep, size, grow)[part] > 0] += gain
    kept = np.zeros(size, np.uint8)
    kept[part] = np.where(cv2.blur(score, (SMOOTH, SMOOTH)) > 0, 255, 0)
    return kept


def _fill_smoothly(patch: np.ndarray, hole: np.ndarray, occupied: np.ndarray) -> None:
    """Continues the surroundings into the hole, in place; who stands around is no surrounding."""
    height, width = hole.shape
    size = (max(1, width // REDUCE), max(1, height // REDUCE))
    small = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    unknown = (cv2.resize(hole | occupied, size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    filled = cv2.resize(cv2.inpaint(small, unknown, 2, cv2.INPAINT_TELEA), (width, height))
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
