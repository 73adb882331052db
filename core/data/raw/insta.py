"""InstaVariety: short clips cropped to one person, published as TFRecord files with their pictures inside.

    RAW/train/*.tfrecord      each record a clip:
        meta/N                frames
        image/encoded         N pictures (JPEG), square
        image/xys             N x 2 x 14, image/visibilities N x 14
        image/face_pts        N x 3 x 5 (x, y, visible), image/toe_pts N x 3 x 6, may be empty

Points run from -1 to 1 across the picture and become pixels of a 224 px crop (method section 7.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...features.images.resnet import CROP_SIZE
from .errors import RawDataInvalid, RawDataMissing
from .files import entry, numbers
from .frames import packed_pictures
from .records import read_example, read_records
from .tracks import Extractor, RawTrack, Say, write_tracks

FARTHEST = 4.0  # half pictures from the middle; coordinates in pixels would lie far beyond


def prepare_insta(
    raw: Path, out: Path, split: str, *, features: Extractor | None, say: Say = lambda line: None
) -> Path:
    """Writes OUT/insta_train and returns its folder.

    Raises RawDataMissing, RawDataInvalid, PackageMissing, and what `write_tracks` raises.
    """
    files = sorted((raw / split).glob("*.tfrecord"))
    if not files:
        raise RawDataMissing(f"{raw / split} must hold the .tfrecord files of InstaVariety; it holds none.")
    tracks = (
        _clip(raw, path, number, data) for path in files for number, data in enumerate(read_records(path))
    )
    return write_tracks(
        tracks, out, "insta", split, features=features, joint_set="insta25", crop_scale=1.0, say=say
    )


def _clip(raw: Path, path: Path, number: int, data: bytes) -> RawTrack:
    where = f"{path}, record {number}"
    content = read_example(data, where)
    pictures = entry(content, "image/encoded", path)
    frames = int(numbers(entry(content, "meta/N", path), (1,), f"{where}: meta/N")[0])
    if not isinstance(pictures, list) or len(pictures) != frames or not frames:
        raise RawDataInvalid(f"{where}: image/encoded has {len(pictures)} pictures; meta/N says {frames}.")
    points = _points(content, frames, path, where)
    far = np.abs(points[..., :2][points[..., 2] > 0])
    if far.size and np.median(far) > FARTHEST:
        raise RawDataInvalid(
            f"{where}: image/xys is in pixels; expected records whose points run from -1 to 1."
        )
    points[..., :2] = (points[..., :2] + 1) * (CROP_SIZE / 2)
    images = packed_pictures(pictures, where)
    height, width = next(images()).shape[:2]
    if height != width:
        raise RawDataInvalid(f"{where}: the pictures are {width} x {height} px; expected square ones.")
    return RawTrack(
        name=f"{path.stem}_{number}",
        source=path.relative_to(raw).as_posix(),
        images=images,
        boxes=np.tile([width / 2, height / 2, width], (frames, 1)).astype(np.float64),
        arrays={"joints2D": points, "frame_id": np.arange(frames)},
        boxed=False,
    )


def _points(
    content: Mapping[str, list[bytes] | NDArray], frames: int, path: Path, where: str
) -> NDArray[np.float32]:
    """(frames, 25, 3) in the dataset's own order: 14 points of the body, 5 of the face, 6 of the feet."""

    def read(key: str, axes: int, joints: int) -> NDArray[np.float64]:
        flat = numbers(entry(content, key, path), (frames * axes * joints,), f"{where}: {key}")
        return flat.reshape(frames, axes, joints)

    body = np.concatenate([read("image/xys", 2, 14), read("image/visibilities", 1, 14)], 1)
    has_feet = len(content.get("image/toe_pts", ())) > 0
    feet = read("image/toe_pts", 3, 6) if has_feet else np.zeros((frames, 3, 6))
    points = np.concatenate([body, read("image/face_pts", 3, 5), feet], 2)
    return points.swapaxes(1, 2).astype(np.float32)
