"""The one way from a dataset's frames into a database: crops to the backbone, arrays to the writer (method
section 7.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...features.images.boxes import CROP_SCALE, scaled
from ..databases.writer import DatabaseWriter
from .errors import RawDataMissing
from .frames import Image, Images

Say = Callable[[str], None]


class Extractor(Protocol):
    """What turns the pictures and crops (n, 3) of the track `name` into features: see `models.Backbone`."""

    def features(
        self, images: Iterable[Image], boxes: NDArray[np.float64], name: str, /
    ) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class RawTrack:
    """One person in one stretch of video, as the reader of a dataset gives it.

    Attributes:
        source: the file it was read from.
        images: opens the frames, one for each row of `arrays`.
        boxes: (n, 3) centre and side, px, without the crop's scale.
        arrays: further arrays of a database by key (method section 7.1), n rows each.
        gender: "male", "female", or "neutral" where the dataset does not say.
        boxed: whether boxes are worth keeping; not where the dataset gives nothing but its crops.
    """

    name: str
    source: str
    images: Images
    boxes: NDArray[np.float64]
    arrays: Mapping[str, NDArray]
    gender: str = "neutral"
    boxed: bool = True


def write_tracks(
    tracks: Iterable[RawTrack],
    out: Path,
    dataset: str,
    split: str,
    *,
    features: Extractor | None,
    joint_set: str = "spin49",
    crop_scale: float = CROP_SCALE,
    fps: float | None = None,
    has_3d: bool = False,
    has_smpl: bool = False,
    say: Say = lambda line: None,
) -> Path:
    """Writes the database OUT/DATASET_SPLIT, whole or not at all, and returns its folder.

    Args:
        tracks: read one at a time; an error in any of them leaves nothing behind.
        features: the backbone; None leaves the key `features` out.
        crop_scale: the crop's side over the box's, for the features and for the 2D targets alike (section 3).
        say: told of every track.

    Raises:
        RawDataMissing: there was no track at all. DestinationTaken: the folder exists already.
        What the tracks, the backbone and the writer raise.
    """
    name = f"{dataset}_{split}"
    out.mkdir(parents=True, exist_ok=True)
    with DatabaseWriter(
        out / name,
        name=name,
        joint_set=joint_set,
        crop_scale=crop_scale,
        fps=fps,
        has_3d=has_3d,
        has_smpl=has_smpl,
    ) as writer:
        frames = 0
        for track in tracks:
            arrays = dict(track.arrays)
            if track.boxed:
                arrays["bbox"] = track.boxes[:, [0, 1, 2, 2]].astype(np.float32)
            if features is not None:
                crops = scaled(track.boxes, crop_scale)
                arrays["features"] = features.features(track.images(), crops, track.name)
            writer.add_track(track.name, track.source, arrays, gender=track.gender)
            frames += len(track.boxes)
            say(f"{name}: {track.name}, {frames} frames so far")
        if frames == 0:
            raise RawDataMissing(f"No usable video of {name} was found: check that the dataset is complete.")
        return writer.finish()


def filled_boxes(boxes: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Boxes (n, 3) whose NaN rows are drawn linearly between their neighbours; None when all are NaN.

    Unlike `smooth_boxes` it leaves the known ones as they are, for the datasets whose boxes are not smoothed.
    """
    known = np.isfinite(boxes).all(-1)
    if not known.any():
        return None
    t = np.arange(len(boxes))
    return np.stack([np.interp(t, t[known], column[known]) for column in boxes.T], 1)
