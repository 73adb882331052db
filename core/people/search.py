"""Finds people who are not followed yet, and aims a landmarker at one of them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .landmarker import ImageLandmarker, VideoLandmarker
from .painting import Background
from .poses import Box, Pose, distance, grown, overlap, size_of

WIDE = 1.25  # pictures longer than this are also searched in squares, where people are larger
FINE = 0.6  # of the shorter side, the squares searched where nobody at all was found
SURE = 0.5  # mean visibility of shoulders and hips below which a find is not believed
SMALLEST = 0.06  # of the picture's shorter side, a person's size
SAME = 0.3  # m, two poses nearer than this are one person
FILL = 0.6  # of a picture that a person takes when a landmarker is aimed at it
ZOOM_STEP = 1.3  # how much the region a landmarker follows may be off in size
SURROUNDINGS = 1.7  # of a person's square, what a landmarker is shown of the picture when aimed
COVER = 1.5  # growth of the outlines of known people, so that no limb of theirs is found again

Part = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels


class Searcher:
    """Looks for new people in single pictures, whole and in parts."""

    def __init__(self, model: str | os.PathLike[str], background: Background) -> None:
        self._landmarker = ImageLandmarker(model)
        self._background = background
        self._turn = 0

    def find(self, image: np.ndarray, known: Sequence[Pose], limit: int, thorough: bool) -> list[Pose]:
        """People in `image` (H, W, 3) other than `known`, at most `limit`.

        Args:
            thorough: look at all parts; otherwise at the whole and one part, another one each time. Where
                that gives nobody and nobody is known, small squares are searched too.
        """
        parts = squares(size_of(image))
        if not thorough and parts:
            self._turn = (self._turn + 1) % len(parts)
            parts = parts[self._turn : self._turn + 1]
        found = self._find_in((whole(size_of(image)), *parts), image, known, limit)
        if not found and not known:
            found = self._find_in(fine_squares(size_of(image)), image, known, limit)
        return found

    def _find_in(
        self, parts: Sequence[Part], image: np.ndarray, known: Sequence[Pose], limit: int
    ) -> list[Pose]:
        found: list[Pose] = []
        for part in parts:
            while len(found) < limit:
                pose = self._look(image, [*known, *found], part)
                if pose is None or not is_new(pose, [*known, *found], size_of(image)):
                    break
                found.append(pose)
        return found

    def _look(self, image: np.ndarray, known: Sequence[Pose], part: Part) -> Pose | None:
        x0, y0, x1, y1 = part
        cleared = self._background.without(image, known, grow=COVER)
        pose = self._landmarker(cleared[y0:y1, x0:x1])
        return None if pose is None else pose.moved(np.array([x0, y0]))

    def close(self) -> None:
        self._landmarker.close()


def whole(size: tuple[int, int]) -> Part:
    """The part that is everything."""
    return 0, 0, size[1], size[0]


def squares(size: tuple[int, int]) -> list[Part]:
    """Three overlapping squares along the longer side; none for pictures that are nearly square."""
    height, width = size
    short, long = min(size), max(size)
    if long < WIDE * short:
        return []
    starts = (0, (long - short) // 2, long - short)
    if width > height:
        return [(at, 0, at + short, short) for at in starts]
    return [(0, at, short, at + short) for at in starts]


def fine_squares(size: tuple[int, int]) -> list[Part]:
    """Half-overlapping squares of `FINE` of the shorter side, which cover the picture."""
    side = round(FINE * min(size))
    counts = [max(1, -(-2 * (length - side) // side) + 1) for length in size]
    tops, lefts = (
        np.linspace(0, length - side, count).astype(int).tolist()
        for length, count in zip(size, counts, strict=True)
    )
    return [(left, top, left + side, top + side) for top in tops for left in lefts]


def is_new(pose: Pose, known: Sequence[Pose], size: tuple[int, int]) -> bool:
    """Whether `pose` is believable, large enough, mostly in the picture, and nobody of `known`."""
    torso = pose.visibility[[11, 12, 23, 24]].mean()
    box = pose.box
    if torso < SURE or max(box[2] - box[0], box[3] - box[1]) < SMALLEST * min(size):
        return False
    if not (0 <= pose.centre[0] < size[1] and 0 <= pose.centre[1] < size[0]):
        return False
    return all(overlap(box, other.box) < 0.5 and distance(pose, other) > SAME for other in known)


def aim(landmarker: VideoLandmarker, image: np.ndarray, pose: Pose) -> bool:
    """Makes `landmarker` follow the person at `pose`, however small and whoever else is there.

    Its own detector sees the whole picture shrunk to 224 pixels, where a small person vanishes. So it is
    shown enlargements about the person, less and less enlarged. Each keeps the person's place relative to the
    picture, which is how the landmarker remembers where to look.

    Returns:
        Whether it found the person.
    """
    box = pose.box
    size = max(box[2] - box[0], box[3] - box[1])
    zoom = max(1.0, FILL * max(size_of(image)) / size)
    alone = only(image, grown(box, SURROUNDINGS))
    while True:
        found = landmarker.warm_up(enlarged(alone, pose.centre, zoom))
        if found is None and zoom > 1:
            return False
        if zoom <= 1:
            return found is not None
        zoom = max(1.0, zoom / ZOOM_STEP)


def only(image: np.ndarray, box: Box) -> np.ndarray:
    """`image` with everything outside `box` in its mean colour."""
    x0, y0, x1, y1 = (round(value) for value in box)
    part = np.s_[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    alone = np.empty_like(image)
    alone[:] = image[::16, ::16].reshape(-1, 3).mean(0)
    alone[part] = image[part]
    return alone


def enlarged(image: np.ndarray, centre: np.ndarray, zoom: float) -> np.ndarray:
    """The part of `image`, 1 / `zoom` of its size, in which `centre` (2,) px has the same relative place."""
    height, width = size_of(image)
    w, h = max(1, round(width / zoom)), max(1, round(height / zoom))
    x = int(np.clip(round(centre[0] * (1 - w / width)), 0, width - w))
    y = int(np.clip(round(centre[1] * (1 - h / height)), 0, height - h))
    return image[y : y + h, x : x + w]
