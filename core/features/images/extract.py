"""Crops in, features out: the trunk over a stream of images, and what it said kept for the next time (method
section 3.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ...errors import InputError
from ...pipeline.cache import StageCache, stage_key
from .crops import crop_image, normalise
from .resnet import CROP_SIZE, FEATURE_WIDTH

Picture = NDArray[np.uint8]
Features = NDArray[np.float32]
Boxes = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
ReadFrames = Callable[[int, int], Iterable[tuple[int, Picture]]]

BATCH = 32  # crops at once


class PicturesMissing(InputError):
    code = "features.pictures_missing"


class FeaturesNotFinite(InputError):
    code = "features.not_finite"
    exit_code = 5


class FeatureExtractor:
    """The frozen trunk on one device.

    Args:
        trunk: (B, 3, 224, 224) -> (B, 2048), a `ResNet50Trunk`; it is moved to `device` and laid out with
            channels last.
        digest: SHA-256 of the weights' file; names the trunk in cached results.
        dtype: torch.bfloat16 runs convolutions in half the width: about twice as fast, features off by 0.4 %.
    """

    def __init__(
        self,
        trunk: nn.Module,
        device: str | torch.device = "cpu",
        digest: str = "",
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.device, self.digest, self.dtype = torch.device(device), digest, dtype
        self.trunk = trunk.to(self.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def features(
        self,
        images: Iterable[Picture],
        boxes: Boxes,
        *,
        change: Callable[[Picture], Picture] | None = None,
        progress: Progress | None = None,
    ) -> Features:
        """One feature (2048,) for every box, one image at a time in memory.

        Args:
            images: RGB (H, W, 3), as many as boxes; several people of one frame repeat it.
            boxes: (n, 3) crops (cx, cy, side), px, extraction scale included.
            change: applied to every crop first, such as an `Occluder`.
            progress: called as ("features", crops done, crops in all); may raise `Cancelled`.

        Returns:
            (n, 2048).

        Raises:
            PicturesMissing: the images ended before the boxes.
            FeaturesNotFinite: the weights make nonsense of a crop.
        """
        source, found = iter(images), np.empty((len(boxes), FEATURE_WIDTH), np.float32)
        for first in range(0, len(boxes), BATCH):
            part = boxes[first : first + BATCH]
            # Cropped as they come, so that no more than one whole image is held.
            crops = [
                crop_image(image, box) for box, image in zip(part, islice(source, len(part)), strict=False)
            ]
            if len(crops) < len(part):
                raise PicturesMissing(
                    f"The video gave {first + len(crops)} of the {len(boxes)} pictures that are to be seen."
                )
            if change is not None:
                crops = [change(crop) for crop in crops]
            found[first : first + len(part)] = self.of_crops(np.stack(crops))
            if progress is not None:
                progress("features", first + len(part), len(boxes))
        return found

    @torch.inference_mode()
    def of_crops(self, crops: Picture) -> Features:
        """Crops (B, 224, 224, 3) RGB -> features (B, 2048)."""
        pixels = normalise(torch.from_numpy(crops).to(self.device))
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            features = self.trunk(pixels).float()
        if not bool(features.isfinite().all()):
            raise FeaturesNotFinite("The backbone's features are not finite: use the published weights file.")
        return features.cpu().numpy()


@dataclass(frozen=True, eq=False)
class CropTrack:
    """The crops of one person: source frame numbers (n,), increasing, and boxes (n, 3) px."""

    frames: NDArray[np.int64]
    boxes: Boxes

    def key(self, extractor: FeatureExtractor, video_digest: str) -> str:
        """The hash of everything that shapes these features."""
        return stage_key(
            "image features",
            {
                "weights": extractor.digest,
                "number": str(extractor.dtype),
                "video": video_digest,
                "frames": self.frames.tolist(),
                "boxes": hashlib.sha256(np.asarray(self.boxes, np.float64).tobytes()).hexdigest(),
                "size": CROP_SIZE,
            },
        )


def cached_features(
    extractor: FeatureExtractor,
    tracks: Sequence[CropTrack],
    cache: StageCache,
    video_digest: str,
    read: ReadFrames,
    progress: Progress | None = None,
) -> list[Features]:
    """Features (n, 2048) of every track: known ones are not computed again, the others in one reading.

    Args:
        video_digest: SHA-256 of the video's content.
        read: (first, one past the last source frame) -> (number, RGB image) in order; not called when all is
            known.

    Raises:
        PicturesMissing, FeaturesNotFinite: see `FeatureExtractor.features`.
    """
    keys = [track.key(extractor, video_digest) for track in tracks]
    known = [cache.load(key) for key in keys]
    missing = [i for i, arrays in enumerate(known) if arrays is None]
    if missing:
        # Sorted by frame, so that one reading of the video serves everybody.
        owner = np.concatenate([np.full(len(tracks[i].frames), i) for i in missing])
        frames = np.concatenate([tracks[i].frames for i in missing])
        order = np.argsort(frames, kind="stable")
        boxes = np.concatenate([tracks[i].boxes for i in missing])[order]
        images = _wanted(read(int(frames.min()), int(frames.max()) + 1), frames[order])
        features = extractor.features(images, boxes, progress=progress)
        for i in missing:
            known[i] = {"features": features[owner[order] == i]}
            cache.save(keys[i], known[i] or {})
    elif progress is not None:
        count = sum(len(track.frames) for track in tracks)
        progress("features", count, count)
    return [arrays["features"] for arrays in known if arrays is not None]


def _wanted(read: Iterable[tuple[int, Picture]], frames: NDArray[np.int64]) -> Iterator[Picture]:
    """The image of every one of `frames` (n,), not decreasing, repeated as they are."""
    position = 0
    for number, image in read:
        while position < len(frames) and frames[position] == number:
            yield image
            position += 1
        if position == len(frames) or frames[position] < number:
            return
