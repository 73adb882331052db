"""Things pasted over crops before their features are taken, so that training sees hidden people (method
section 3.1).

The things are the objects of a Pascal VOC folder, cut out by their segmentation masks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import InputError

Picture = NDArray[np.uint8]

FOLDERS = ("JPEGImages", "SegmentationObject", "SegmentationClass")
PERSON = 15  # VOC's number of the class; people pasted over people would be evidence, not occlusion
LEAST_PIXELS = 500
EDGE_OPACITY = 192  # of 255, along the rim of a cut-out, so that it blends in
KEPT_SIZE = 0.5  # cut-outs are stored at half size: crops are smaller than photographs
COUNT = (1, 7)  # how many things lie on one crop
SIZE = (0.2, 1.0)  # how large, for a crop of 256 px


class OccludersMissing(InputError):
    code = "features.occluders_missing"


def load_occluders(folder: str | Path) -> list[Picture]:
    """Every whole object but people of a Pascal VOC folder (`VOC2012`), as RGBA cut-outs (h, w, 4).

    Objects that touch the edge of their photograph are left out, since a part of them is missing.

    Raises:
        OccludersMissing: names the folder or the photograph that is not there.
    """
    folder = Path(folder)
    photographs, objects, classes = (folder / name for name in FOLDERS)
    masks = sorted(objects.glob("*.png"))
    if not masks:
        raise OccludersMissing(
            f"There are no masks *.png in {objects}: give the folder of Pascal VOC 2012 that holds "
            f"{', '.join(FOLDERS)}."
        )
    found: list[Picture] = []
    for mask in masks:
        files = (photographs / f"{mask.stem}.jpg", mask, classes / mask.name)
        image, things, kinds = (_read(file) for file in files)
        found += _cut_outs(image[..., ::-1], _numbers(things), _numbers(kinds))
    if not found:
        raise OccludersMissing(f"No photograph in {folder} shows a whole object of {LEAST_PIXELS} pixels.")
    return found


class Occluder:
    """Pastes things on the crops of one video; the same video and seed give the same pastes.

    Args:
        things: RGBA cut-outs, of `load_occluders`.
        video: name of the video (or of the person in it), which seeds the choice together with `seed`.
    """

    def __init__(self, things: Sequence[Picture], video: str, seed: int = 0) -> None:
        self.things = things
        digest = hashlib.sha256(f"{seed}\n{video}".encode()).digest()
        self.random = np.random.default_rng(np.frombuffer(digest, np.uint32))

    def __call__(self, crop: Picture) -> Picture:
        """A copy of `crop` (h, w, 3) with 1 to 7 things on it; each call draws anew."""
        result, (height, width) = crop.copy(), crop.shape[:2]
        for _ in range(int(self.random.integers(COUNT[0], COUNT[1] + 1))):
            thing = self.things[int(self.random.integers(len(self.things)))]
            thing = _resized(thing, self.random.uniform(*SIZE) * min(height, width) / 256)
            _paste(result, thing, np.round(self.random.uniform((0, 0), (width, height))).astype(int))
        return result


def _read(file: Path) -> Picture:
    content = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if content is None:
        raise OccludersMissing(f"{file} is missing or cannot be read: unpack Pascal VOC 2012 again.")
    return np.asarray(content, np.uint8)


def _cut_outs(image: Picture, things: NDArray[np.int64], kinds: NDArray[np.int64]) -> list[Picture]:
    found = []
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (8, 8))
    for number in np.unique(things[(things > 0) & (things < 255)]):
        inside = things == number
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        whole = rows[0] > 0 and columns[0] > 0 and rows[-1] < len(inside) - 1
        whole = whole and columns[-1] < inside.shape[1] - 1
        person = np.median(kinds[inside]) == PERSON
        if inside.sum() < LEAST_PIXELS or not whole or person:
            continue
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        opacity = np.where(inside[part], 255, 0).astype(np.uint8)
        opacity[(cv2.erode(opacity, rim) == 0) & (opacity > 0)] = EDGE_OPACITY
        found.append(_resized(np.dstack([image[part], opacity]), KEPT_SIZE))
    return found


def _numbers(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The indices (h, w) of a mask. OpenCV shows VOC's palette images in colour: colour k spreads the bits of
    k, three at a time, over blue, green and red from the highest bit down.
    """
    if mask.ndim == 2:
        return mask.astype(np.int64)
    red, green, blue = (mask[..., channel].astype(np.int64) for channel in (2, 1, 0))
    number = np.zeros(mask.shape[:2], np.int64)
    for bit in range(3):
        for place, channel in enumerate((red, green, blue)):
            number |= (channel >> (7 - bit) & 1) << (3 * bit + place)
    return number


def _resized(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = cv2.INTER_LINEAR if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _paste(onto: Picture, thing: Picture, centre: NDArray[np.int64]) -> None:
    """Blend RGBA `thing`, its middle at `centre` (x, y), into `onto`; what lies outside is cut off."""
    size = np.array(thing.shape[1::-1])
    start = centre - size // 2
    low, high = np.maximum(start, 0), np.minimum(start + size, onto.shape[1::-1])
    if (low >= high).any():
        return
    source = thing[low[1] - start[1] : high[1] - start[1], low[0] - start[0] : high[0] - start[0]]
    target = onto[low[1] : high[1], low[0] : high[0]]
    opacity = source[..., 3:].astype(np.float32) / 255
    target[:] = np.round(opacity * source[..., :3] + (1 - opacity) * target)
